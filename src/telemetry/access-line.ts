// One line of the access log from one finished exchange: JSON by hand, an eighth of what a logger takes, or a short line
// for a terminal. Pure but for the clock; every text in it came from a client and is escaped for its place.

import { epochMs } from './clock.ts'
import type { ExchangeRecord } from './exchange-record.ts'
import { roundMs, type TimeSplit } from './time-split.ts'
import { jsonString, lineText } from './visible-text.ts'

/** One JSON object with the fields of ACCESS_FIELDS, absent values null, and a line end. */
export function jsonLine(record: ExchangeRecord, times: TimeSplit): string {
  const { route, snapshot, attempt } = record
  const fault = faultOf(record)
  return (
    `{"time":"${isoTime(record)}","trace_id":"${record.traceId}","span_id":"${record.spanId}",` +
    `"method":${jsonString(record.method)},"path":${jsonString(record.path)},"host":${jsonString(record.host)},` +
    `"status":${record.status},"code":${quoted(fault.code)},"reason":${quoted(fault.reason)},` +
    `"blame":${quoted(fault.blame)},"outcome":"${record.outcome}",` +
    `"apiproxy":${quoted(route?.apiproxy)},"namespace":${quoted(route?.namespace)},` +
    `"apikey":${quoted(record.apiKey)},` +
    `"revision":${snapshot?.revision ?? 'null'},"duration_ms":${roundMs(times.totalMs)},` +
    `"upstream_ms":${attempt === undefined || attempt.headAt === 0 ? 'null' : roundMs(times.upstreamMs)},` +
    `"upstream":${quoted(attempt?.endpoint)},"bytes_in":${record.bytesIn},"bytes_out":${record.bytesOut},` +
    `"client":${quoted(record.clientAddress)}}\n`
  )
}

/** The same for a person: time, status, code and reason, method and path, where it went, how long it took. */
export function prettyLine(record: ExchangeRecord, times: TimeSplit): string {
  const { route, attempt } = record
  const { code, reason } = faultOf(record)
  const parts = [
    isoTime(record).slice(11, 23),
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

function quoted(text: string | undefined): string {
  return text === undefined ? 'null' : jsonString(text)
}

let second = -1
let secondText = ''

/** When the exchange ended. The text of a second is made once: a Date per line costs more than the rest of it. */
function isoTime(record: ExchangeRecord): string {
  const epoch = epochMs(record.endedAt === 0 ? performance.now() : record.endedAt)
  const seconds = Math.floor(epoch / 1000)
  if (seconds !== second) {
    second = seconds
    secondText = new Date(seconds * 1000).toISOString().slice(0, 20)
  }
  return `${secondText}${String(Math.floor(epoch - seconds * 1000)).padStart(3, '0')}Z`
}
