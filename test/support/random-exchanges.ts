// Exchanges with anything in every field: odd texts, lone surrogates, texts whose lengths need another byte, times out of
// order, failures with whatever a plugin may throw.

import { createTraceState } from '@opentelemetry/api'
import fc from 'fast-check'
import { CATALOGUE, type Reason } from '../../src/errors/catalogue.ts'
import { type Failure, failure } from '../../src/errors/failure.ts'
import { REJECTIONS } from '../../src/errors/rejections.ts'
import type { Attempt, ExchangeRecord } from '../../src/telemetry/exchange-record.ts'
import { METHODS } from '../../src/telemetry/method.ts'
import { bareRoute, bareSnapshot } from './bare-snapshot.ts'
import type { Told } from './both-spans.ts'
import { attemptOf, exchangeRecord } from './exchange-records.ts'

const REASONS: readonly Reason[] = CATALOGUE.flatMap(({ reasons }) => reasons.map(({ reason }) => reason))

/** Any code units, lone surrogates among them; now and then so many that a length takes another byte. */
const odd = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.array(fc.nat(0xffff), { maxLength: 40 }).map((units) => String.fromCharCode(...units)),
  fc.string({ maxLength: 40 }),
)
const text = fc.oneof(
  { weight: 6, arbitrary: odd },
  {
    weight: 1,
    arbitrary: fc
      .tuple(odd, fc.constantFrom(1, 47, 48, 49, 126, 127, 128, 2047, 2048, 2049, 5000))
      .map(([unit, length]) => (unit === '' ? 'x' : unit).repeat(length).slice(0, length)),
  },
)
const ms = fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.double({ min: 0, max: 1e7, noNaN: true }))
const hex = (digits: number): fc.Arbitrary<string> =>
  fc
    .array(
      fc.nat(15).map((digit) => digit.toString(16)),
      { minLength: digits, maxLength: digits },
    )
    .map((all) => (all.every((digit) => digit === '0') ? `1${all.slice(1).join('')}` : all.join('')))
const thrown = fc.oneof(
  fc.record({ message: text, name: text, stack: text }),
  fc.record({ message: text, code: fc.oneof(text, fc.integer()), stack: fc.constant(undefined) }),
  fc.record({ message: fc.oneof(fc.constant({ an: 'object' }), fc.double()), name: fc.integer() }),
  fc.record({ message: fc.constant(''), name: fc.constant('') }),
)
const why = fc.option(
  fc
    .record({
      reason: fc.constantFrom(...REASONS),
      detail: text,
      cause: fc.option(thrown, { nil: undefined }),
      at: fc.option(fc.record({ kind: text, namespace: text, name: text, field: text }), { nil: undefined }),
    })
    .map(({ reason, detail, cause, at }): Failure => {
      const thrownError = cause && Object.assign<Error, object>(new Error('x'), cause)
      return Object.assign({}, failure(reason, detail), thrownError && { cause: thrownError }, at && { at })
    }),
  { nil: undefined },
)
const ROUTES = [bareRoute(), bareRoute({ path: '/ä\ud800', apiproxy: '', namespace: 'n'.repeat(300) })]
const SNAPSHOTS = [
  bareSnapshot({ revision: 7 }),
  bareSnapshot({ revision: 2 ** 40, hash: 'h'.repeat(200), staleSince: 1 }),
]

const fields = fc.record({
  startedAt: ms,
  respondedAt: ms,
  endedAt: ms,
  pluginMs: fc.oneof(fc.constant(0), ms),
  method: fc.oneof(fc.constantFrom(...METHODS, ''), text),
  path: text,
  query: fc.oneof(fc.constant(''), fc.constantFrom('a=1&shown=2&bare', 'shown=ü'), text),
  host: text,
  hostPort: fc.nat(65_535),
  scheme: fc.constantFrom('http', 'https'),
  httpVersion: fc.oneof(fc.constantFrom('1.1', '1.0', '2'), text),
  clientAddress: text,
  peerAddress: text,
  peerPort: fc.nat(65_535),
  userAgent: fc.option(text, { nil: undefined }),
  rawHeaders: fc.array(fc.oneof(fc.constantFrom('Accept', 'accept', 'authorization', 'X-Hidden'), text), {
    maxLength: 20,
  }),
  snapshot: fc.constantFrom(undefined, ...SNAPSHOTS),
  route: fc.constantFrom(undefined, ...ROUTES),
  outcome: fc.constantFrom('ok', 'error', 'rejected', 'client_closed'),
  failure: why,
  rejection: fc.constantFrom(undefined, ...REJECTIONS),
  status: fc.oneof(fc.constantFrom(0, 200, 404, 499, 500, 503, 999), fc.nat(1200)),
  truncated: fc.boolean(),
  requestTrailersDropped: fc.boolean(),
  apiKey: fc.option(text, { nil: undefined }),
  apiKeyRule: fc.option(text, { nil: undefined }),
  limitFallback: fc.constantFrom(undefined, { by: 'local_share', cause: 'timeout' } as const),
  tokenIssuer: fc.option(text, { nil: undefined }),
  plugin: fc.option(text, { nil: undefined }),
})
const attemptFields = fc.option(
  fc.record({
    endpoint: text,
    host: text,
    port: fc.nat(65_535),
    scheme: fc.constantFrom('http', 'https'),
    path: fc.oneof(text, fc.constant('/a?b=c&shown=d')),
    startedAt: ms,
    headAt: ms,
    endedAt: ms,
    resends: fc.constantFrom(undefined, undefined, 1),
    status: fc.oneof(fc.constantFrom(0, 200, 399, 400, 500), fc.nat(1200)),
    failure: why,
  }),
  { nil: undefined },
)
/** Fields of a record and of its attempt, what the client sent as trace context, and the batch to link to. */
export const randomExchange = fc.record({
  fields,
  attempt: attemptFields,
  traceparent: fc.option(
    fc.oneof(
      fc
        .tuple(hex(32), hex(16), fc.constantFrom('00', '01', '02', '03', 'ff'))
        .map(([traceId, spanId, flags]) => `00-${traceId}-${spanId}-${flags}`),
      text,
    ),
    { nil: undefined },
  ),
  tracestate: fc.option(
    fc.oneof(fc.constantFrom('a=1', 'a=1,b=2', '1digit=level-2,b=1', 'a@b=c , d=e', 'x='), text),
    { nil: undefined },
  ),
  batch: fc.option(
    fc.record(
      {
        traceId: hex(32),
        spanId: hex(16),
        traceFlags: fc.constantFrom(0, 1),
        traceState: fc.constant(createTraceState('z=9')),
      },
      { requiredKeys: ['traceId', 'spanId', 'traceFlags'] },
    ),
    { nil: undefined },
  ),
})

/** Makes the same exchange each time that it is called. */
export function making(set: Partial<ExchangeRecord>, attempt: Partial<Attempt> | undefined): () => Told {
  return () => {
    const record = exchangeRecord(set)
    return { record, attempt: attempt && attemptOf(record, attempt) }
  }
}
