// Follows one exchange through every signal that it leaves: what the client read, the spans, the access log line and
// what moved in the metrics. The promise that they all tell the same is `expectFailure` and `expectRejection`.

import { expect } from 'vitest'
import { errorBodies } from '../../src/errors/bodies.ts'
import { errorOf, type Reason } from '../../src/errors/catalogue.ts'
import { rejectionOf, type RejectionReason } from '../../src/errors/rejections.ts'
import { Exposition } from './exposition.ts'
import type { LogLine } from './gateway-process.ts'
import type { RawResponse } from './http-client.ts'
import type { OtlpSink } from './otlp-sink.ts'
import type { ReceivedSpan } from './received-span.ts'

/** A gateway in a process of its own, or one inside the test. */
export interface ObservedGateway {
  accessLines(predicate: (line: LogLine) => boolean, count?: number): Promise<LogLine[]>
  metrics(): Promise<string>
}

export interface Observed<Seen> {
  /** What the sender gave back; for most a response. */
  readonly seen: Seen
  readonly server: ReceivedSpan
  /** The spans of the attempts at upstreams. */
  readonly clients: readonly ReceivedSpan[]
  readonly line: LogLine
  readonly before: Exposition
  readonly after: Exposition
}

const DETAILS_BASE = 'https://kanali.io/docs/v2/errorcodes/'

/**
 * Sends one request, which no other may overlap, and gathers what it left. `isLine` picks its access log line where
 * `send` gives no response with a correlation id to find it by.
 */
export async function observe<Seen>(
  gateway: ObservedGateway,
  sink: OtlpSink,
  send: () => Promise<Seen>,
  isLine?: (line: LogLine) => boolean,
): Promise<Observed<Seen>> {
  const before = await scrape(gateway)
  const seen = await send()
  const id = isResponse(seen) ? seen.header('x-kanali-correlation-id') : undefined
  const picks = isLine ?? ((line: LogLine) => id !== undefined && line['trace_id'] === id)
  const line = (await gateway.accessLines(picks)).at(-1) ?? {}
  const spans = await sink.spans(
    (span) => span.traceId === line['trace_id'] && span.spanId === line['span_id'],
  )
  const [server] = spans
  if (server === undefined) throw new Error('no server span')
  const clients = sink.received.filter((span) => span.parentSpanId === server.spanId)
  return { seen, server, clients, line, before, after: await scrape(gateway) }
}

/** What a counter rose by between the two scrapes. */
export function rise(
  { before, after }: Observed<unknown>,
  name: string,
  labels: Readonly<Record<string, string>>,
): number {
  const sum = (exposition: Exposition) =>
    exposition.samples(name, labels).reduce((total, sample) => total + sample.value, 0)
  return sum(after) - sum(before)
}

/** Body, span, metrics and log line of the exchange tell the same code, reason and blame, and no other error rose. */
export function expectFailure(observed: Observed<RawResponse>, reason: Reason): void {
  const { seen } = observed
  const { code, status, codeText } = errorOf(reason)
  expect({ status: seen.status, type: seen.header('content-type') }).toEqual({
    status,
    type: 'application/json',
  })
  if (observed.line['method'] !== 'HEAD') {
    expect(seen.text).toBe(errorBodies(DETAILS_BASE)(code).toString())
    expect(JSON.parse(seen.text)).toMatchObject({
      status,
      code,
      details: expect.stringContaining(`#${codeText}`),
    })
  }
  expect(seen.header('x-kanali-correlation-id')).toBe(observed.server.traceId)
  expect(observed.line['status']).toBe(status)
  expectFailureSignals(observed, reason)
}

/** The same for what happens behind the client's back or after the head: all signals but the answer. */
export function expectFailureSignals(observed: Observed<unknown>, reason: Reason): void {
  const { codeText: code, blame } = errorOf(reason)
  const { server, line } = observed
  expect(server.attributes).toMatchObject({
    'kanali.error.code': code,
    'kanali.error.reason': reason,
    'kanali.error.blame': blame,
    'error.type': reason,
    'kanali.outcome': line['outcome'],
    'kanali.snapshot.revision': line['revision'],
  })
  expect(line).toMatchObject({ code, reason, blame, trace_id: server.traceId, span_id: server.spanId })
  expect(rise(observed, 'kanali_errors_total', { code, reason, blame })).toBe(1)
  expect(rise(observed, 'kanali_errors_total', {})).toBe(1)
  expect(rise(observed, 'kanali_requests_total', { code, status: String(line['status']) })).toBe(1)
  expect(rise(observed, 'kanali_rejected_total', {})).toBe(0)
}

/** HTTP's own refusal: its status and reason on every signal, and no code of ours anywhere. */
export function expectRejection(observed: Observed<RawResponse>, reason: RejectionReason): void {
  const { seen, server, line } = observed
  const { status, closes } = rejectionOf(reason)
  expect(seen.status).toBe(status)
  if (closes) expect(seen.header('connection')).toBe('close')
  expect(seen.header('x-kanali-correlation-id')).toBe(server.traceId)
  expect(server.attributes).toMatchObject({
    'kanali.outcome': 'rejected',
    'kanali.rejected.reason': reason,
    'error.type': reason,
    'http.response.status_code': status,
  })
  expect(server.attributes).not.toHaveProperty('kanali.error.code')
  expect(line).toMatchObject({ status, reason, outcome: 'rejected', trace_id: server.traceId })
  expect(rise(observed, 'kanali_rejected_total', { reason })).toBe(1)
  expect(rise(observed, 'kanali_rejected_total', {})).toBe(1)
  expect(rise(observed, 'kanali_errors_total', {})).toBe(0)
  expect(rise(observed, 'kanali_requests_total', { code: 'none', outcome: 'rejected' })).toBe(1)
}

async function scrape(gateway: ObservedGateway): Promise<Exposition> {
  return new Exposition(await gateway.metrics(), 'text/plain')
}

function isResponse(seen: unknown): seen is RawResponse {
  return typeof seen === 'object' && seen !== null && 'header' in seen
}
