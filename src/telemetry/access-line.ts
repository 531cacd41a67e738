// One line of the access log from one finished exchange: JSON by hand, an eighth of what a logger takes, or a short line
// for a terminal. Pure but for the clock; every text in it came from a client and is escaped for its place.

import { epochMs } from './clock.ts'
import type { Route } from '../snapshot/snapshot.ts'
import type { Attempt, ExchangeRecord } from './exchange-record.ts'
import { roundMs, type TimeSplit } from './time-split.ts'
import { jsonEscaped, jsonString, lineText } from './visible-text.ts'

/** The part of a line that is the same for all of a route; made once. */
const routeTexts = new WeakMap<Route, string>()
const NO_ROUTE_TEXT = '"apiproxy":null,"namespace":null,"apikey":'
const NO_FAULT_TEXT = '"code":null,"reason":null,"blame":null,'
const NO_ATTEMPT_TEXT = ',"upstream_ms":null,"upstream":null'
/** Three digits, of milliseconds and of microseconds: quicker than padding each time. */
const THOUSANDTHS = Array.from({ length: 1000 }, (_, index) => String(index).padStart(3, '0'))
const FRACTIONS = THOUSANDTHS.map((digits) => `.${digits}`)

/**
 * One JSON object with the fields of ACCESS_FIELDS, absent values null, and a line end. Made of as few pieces as can be:
 * joining each costs as much as escaping it. So quotes stand in the constants, and what needs no escape is taken as it is.
 */
export function jsonLine(record: ExchangeRecord, times: TimeSplit): string {
  const { route, snapshot, attempt, apiKey } = record
  return (
    `${timeField(record)}Z","trace_id":"${record.traceId}","span_id":"${record.spanId}","method":"${jsonEscaped(record.method)}` +
    `","path":"${jsonEscaped(record.path)}","host":"${jsonEscaped(record.host)}","status":${record.status},` +
    `${faultText(record)}"outcome":"${record.outcome}",` +
    (route === undefined ? NO_ROUTE_TEXT : (routeTexts.get(route) ?? routeText(route))) +
    (apiKey === undefined ? 'null,"revision":' : `${jsonString(apiKey)},"revision":`) +
    `${snapshot === undefined ? 'null' : snapshot.revision},"duration_ms":${wholeMs(times.totalMs)}${fraction(times.totalMs)}` +
    (attempt === undefined ? NO_ATTEMPT_TEXT : attemptText(attempt, times)) +
    `,"bytes_in":${record.bytesIn},"bytes_out":${record.bytesOut},"client":"${jsonEscaped(record.clientAddress)}"}\n`
  )
}

/** The same for a person: time, status, code and reason, method and path, where it went, how long it took. */
export function prettyLine(record: ExchangeRecord, times: TimeSplit): string {
  const { route, attempt } = record
  const { code, reason } = faultOf(record)
  const parts = [
    timeField(record).slice(-12),
    record.status === 0 ? '---' : String(record.status),
    code ?? '  ',
    lineText(record.method === '' ? '-' : record.method),
    lineText(`${record.host}${record.path}`),
    `${roundMs(times.totalMs)} ms`,
  ]
  if (route !== undefined) parts.push(lineText(`${route.namespace}/${route.apiproxy}`))
  if (attempt !== undefined) parts.push(`-> ${lineText(attempt.endpoint)}`)
  if (reason !== undefined) parts.push(reason)
  else if (record.outcome !== 'ok') parts.push(record.outcome)
  return `${parts.join(' ')} trace ${record.traceId}\n`
}

interface Fault {
  readonly code?: string
  readonly reason?: string
  readonly blame?: string
}

const NO_FAULT: Fault = {}

function faultOf({ outcome, failure, rejection }: ExchangeRecord): Fault {
  if (outcome === 'error' && failure !== undefined) {
    return { code: failure.fact.codeText, reason: failure.fact.reason, blame: failure.fact.blame }
  }
  return outcome === 'rejected' && rejection !== undefined ? { reason: rejection.reason } : NO_FAULT
}

function faultText(record: ExchangeRecord): string {
  const fault = faultOf(record)
  if (fault === NO_FAULT) return NO_FAULT_TEXT
  return `"code":${quoted(fault.code)},"reason":${quoted(fault.reason)},"blame":${quoted(fault.blame)},`
}

function attemptText({ headAt, endpoint }: Attempt, { upstreamMs }: TimeSplit): string {
  if (headAt === 0) return `,"upstream_ms":null,"upstream":${jsonString(endpoint)}`
  return `,"upstream_ms":${wholeMs(upstreamMs)}${fraction(upstreamMs)},"upstream":"${jsonEscaped(endpoint)}"`
}

function routeText(route: Route): string {
  const { apiproxy, namespace } = route
  const text = inOnePiece(`"apiproxy":${jsonString(apiproxy)},"namespace":${jsonString(namespace)},"apikey":`)
  routeTexts.set(route, text)
  return text
}

/** V8 keeps what was joined as its parts, which every line with that text in it would be put together from. */
function inOnePiece(text: string): string {
  return Buffer.from(text).toString()
}

/** Milliseconds before the point; printing a number with a fraction costs several times as much. */
function wholeMs(ms: number): number {
  return Math.floor(Math.round(ms * 1000) / 1000)
}

/** Their microseconds, behind it. */
function fraction(ms: number): string {
  return FRACTIONS[Math.round(ms * 1000) % 1000] ?? ''
}

function quoted(text: string | undefined): string {
  return text === undefined ? 'null' : jsonString(text)
}

let second = -1
let secondText = ''

/** The beginning of a line, up to the milliseconds at which the exchange ended. */
function timeField(record: ExchangeRecord): string {
  const epoch = secondOf(record)
  return `${secondText}${THOUSANDTHS[Math.floor(epoch - second * 1000)]}`
}

/** The text of a second is made once: a Date per line costs more than the rest of it. @returns milliseconds */
function secondOf(record: ExchangeRecord): number {
  const epoch = epochMs(record.endedAt === 0 ? performance.now() : record.endedAt)
  const seconds = Math.floor(epoch / 1000)
  if (seconds !== second) {
    second = seconds
    secondText = inOnePiece(`{"time":"${new Date(seconds * 1000).toISOString().slice(0, 20)}`)
  }
  return epoch
}
