// One remembered exchange: copies of what its record says, and references to what is shared and never changes. It is made
// once and filled again and again, so that remembering costs no allocation.
// It must never hold the record, a span, a socket, raw header fields, or a text that a client chose.

import type { ErrorFact } from '../errors/catalogue.ts'
import type { FailureSite } from '../errors/failure.ts'
import type { Rejection } from '../errors/rejections.ts'
import type { Route } from '../snapshot/snapshot.ts'
import type { ExchangeRecord, Outcome } from '../telemetry/exchange-record.ts'
import type { Mask } from '../telemetry/masking.ts'
import { shownHeaders, shownQuery } from '../telemetry/shown-request.ts'
import { clipped } from '../telemetry/visible-text.ts'
import type { Pin } from './pinned-snapshots.ts'
import type { RouteFacts } from './route-facts.ts'
import type { TextRegion } from './text-region.ts'

/** Characters of all header fields of one exchange, and of its detail. */
export const HEADERS_CHARS_MAX = 4096
export const DETAIL_CHARS_MAX = 1024

type Fields = readonly (readonly [name: string, value: string])[]
const NO_FIELDS: Fields = []

/** Times are `performance.now()` milliseconds; 0 is "has not happened". */
export class KeptExchange {
  /** In the order in which exchanges finished. */
  sequence = 0
  traceId = ''
  spanId = ''
  parentSpanId = ''
  startedAt = 0
  respondedAt = 0
  endedAt = 0
  pluginMs = 0
  method = ''
  scheme: 'http' | 'https' = 'http'
  hostPort = 0
  httpVersion = ''
  readonly texts: TextRegion
  /** Of failed ones: masked, cut, and no more than HEADERS_CHARS_MAX characters. */
  headers: Fields = NO_FIELDS
  headersCut = false
  /** Undefined: the exchange ended before a snapshot was pinned. */
  pin: Pin | undefined = undefined
  /** Only while the pin holds its snapshot; afterwards `facts` says what was worth keeping. */
  route: Route | undefined = undefined
  facts: RouteFacts | undefined = undefined
  attempted = false
  attemptScheme: 'http' | 'https' = 'http'
  attemptSpanId = ''
  attemptStartedAt = 0
  attemptHeadAt = 0
  attemptEndedAt = 0
  attemptStatus = 0
  attemptFact: ErrorFact | undefined = undefined
  outcome: Outcome = 'ok'
  fact: ErrorFact | undefined = undefined
  detail = ''
  at: FailureSite | undefined = undefined
  rejection: Rejection | undefined = undefined
  status = 0
  truncated = false
  bytesIn = 0
  bytesOut = 0
  plugin: string | undefined = undefined
  pluginMethod: 'onRequest' | 'onResponse' | undefined = undefined

  constructor(texts: TextRegion) {
    this.texts = texts
  }

  /** Takes over a finished exchange in the place of the one before. */
  fill(record: ExchangeRecord, mask: Mask, pin: Pin | undefined, sequence: number): void {
    this.sequence = sequence
    this.traceId = record.traceId
    this.spanId = record.spanId
    this.parentSpanId = record.parentSpanId
    this.startedAt = record.startedAt
    this.respondedAt = record.respondedAt
    this.endedAt = record.endedAt
    this.pluginMs = record.pluginMs
    this.method = record.method
    this.scheme = record.scheme
    this.hostPort = record.hostPort
    this.httpVersion = record.httpVersion
    this.texts.write('host', record.host)
    this.texts.write('path', record.path)
    this.texts.write('query', shownQuery(record, mask))
    this.texts.write('client', record.clientAddress)
    this.headers = NO_FIELDS
    this.headersCut = false
    this.pin = pin
    this.route = record.route
    this.facts = undefined
    this.outcome = record.outcome
    this.rejection = record.rejection
    this.status = record.status
    this.truncated = record.truncated
    this.bytesIn = record.bytesIn
    this.bytesOut = record.bytesOut
    this.plugin = record.plugin
    this.pluginMethod = record.pluginMethod
    this.#takeAttempt(record)
    this.#takeFailure(record, mask)
  }

  /** Writes down what is worth keeping of a snapshot that is let go. */
  release(facts: RouteFacts): void {
    this.facts = facts
    this.route = undefined
    this.plugin = this.plugin === undefined ? undefined : structuredClone(this.plugin)
    this.at = this.at === undefined ? undefined : structuredClone(this.at)
  }

  #takeAttempt({ attempt }: ExchangeRecord): void {
    this.attempted = attempt !== undefined
    if (attempt === undefined) return
    const mark = attempt.path.indexOf('?')
    this.texts.write('targetPath', mark < 0 ? attempt.path : attempt.path.slice(0, mark))
    this.texts.write('endpoint', attempt.endpoint)
    this.attemptScheme = attempt.scheme
    this.attemptSpanId = attempt.spanId
    this.attemptStartedAt = attempt.startedAt
    this.attemptHeadAt = attempt.headAt
    this.attemptEndedAt = attempt.endedAt
    this.attemptStatus = attempt.status
    this.attemptFact = attempt.failure?.fact
  }

  #takeFailure(record: ExchangeRecord, mask: Mask): void {
    const { outcome, failure } = record
    this.fact = outcome === 'error' ? failure?.fact : undefined
    this.at = outcome === 'error' ? failure?.at : undefined
    this.detail = this.fact === undefined ? '' : own(failure?.detail ?? '')
    if (outcome !== 'error' && outcome !== 'rejected') return
    const shown = shownHeaders(record, mask)
    let room = HEADERS_CHARS_MAX
    const end = shown.findIndex(([name, value]) => {
      room -= name.length + value.length
      return room < 0
    })
    this.headersCut = end >= 0 || record.rawHeaders.length > 2 * shown.length
    this.headers = end >= 0 ? shown.slice(0, end) : shown
  }
}

/** A detail is put together from other texts, such as what a plugin threw: the copy is free of them. */
function own(detail: string): string {
  return detail === '' ? '' : Buffer.from(clipped(detail, DETAIL_CHARS_MAX)).toString()
}
