// Spans as bytes are what the SDK would have sent: for any exchange both encoders give the same fields, byte by byte, in
// whatever order, under the same resource and scope.

import { createTraceState } from '@opentelemetry/api'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { CATALOGUE, type Reason } from '../../src/errors/catalogue.ts'
import { failure } from '../../src/errors/failure.ts'
import { REJECTIONS } from '../../src/errors/rejections.ts'
import type { Attempt, ExchangeRecord } from '../../src/telemetry/exchange-record.ts'
import { Mask } from '../../src/telemetry/masking.ts'
import { METHODS } from '../../src/telemetry/method.ts'
import { bareRoute, bareSnapshot } from '../support/bare-snapshot.ts'
import { BothSpans, headSampler, type Told } from '../support/both-spans.ts'
import { attemptOf, exchangeRecord } from '../support/exchange-records.ts'
import { decodeTraces } from '../support/otlp-protobuf.ts'
import { takenApart } from '../support/span-fields.ts'

const MASK = new Mask({
  maskValue: 'omitted',
  headerKeys: ['x-hidden'],
  apiKeyHeader: 'apikey',
  queryAllowList: ['shown'],
})
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
    .map(({ reason, detail, cause, at }) => ({
      ...failure(reason, detail),
      ...(cause === undefined ? {} : { cause: Object.assign<Error, object>(new Error('x'), cause) }),
      ...(at === undefined ? {} : { at }),
    })),
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
    status: fc.oneof(fc.constantFrom(0, 200, 399, 400, 500), fc.nat(1200)),
    failure: why,
  }),
  { nil: undefined },
)
const exchange = fc.record({
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

/** The clock stands still: an end that is not set is now. */
function freeze(): void {
  vi.spyOn(performance, 'now').mockReturnValue(6000.25)
  vi.spyOn(Date, 'now').mockReturnValue(Math.round(performance.timeOrigin + 6000.25))
}
afterEach(() => vi.restoreAllMocks())

function making(set: Partial<ExchangeRecord>, attempt: Partial<Attempt> | undefined): () => Told {
  return () => {
    const record = exchangeRecord(set)
    return { record, attempt: attempt && attemptOf(record, attempt) }
  }
}

describe.each(['continue', 'trust', 'restart'] as const)('with tracing.inbound=%s', (inbound) => {
  test.each([
    {},
    { OTEL_TRACES_SAMPLER: 'always_on' },
    { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' },
    { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' },
  ])('and the sampler %j, both ways tell the same of any exchange', async (environment) => {
    freeze()
    const both = new BothSpans(inbound, await headSampler(inbound, environment), MASK)
    fc.assert(
      fc.property(exchange, ({ fields: set, attempt, ...context }) => {
        const { bytes, sdk } = both.tell({ make: making(set, attempt), ...context })
        expect(bytes.forwarded).toBe(sdk.forwarded)
        for (const key of [
          'traceId',
          'spanId',
          'parentSpanId',
          'traceFlags',
          'tracestate',
          'sampled',
        ] as const)
          expect(bytes.record[key]).toBe(sdk.record[key])
        expect(readable(bytes.request)).toEqual(readable(sdk.request))
        expect(takenApart(bytes.request)).toEqual(takenApart(sdk.request))
      }),
      { numRuns: 400 },
    )
  })
})

test.each([0, 100, 127, 128, 16_000, 16_383, 16_384, 70_000, 2_097_151, 2_097_152, 5_000_000])(
  'a span with a stack trace of %d characters has lengths of the bytes that they need',
  async (length) => {
    freeze()
    const both = new BothSpans('continue', await headSampler('continue'), MASK)
    for (const around of [-700, -400, -100, -20, -3, -2, -1, 0, 1]) {
      const cause = Object.assign(new Error('late'), { stack: 's'.repeat(Math.max(0, length + around)) })
      const set = { outcome: 'error', failure: failure('internal_error', 'x', cause), status: 500 } as const
      const { bytes, sdk } = both.tell({
        make: making({ startedAt: 1, respondedAt: 2, endedAt: 3, ...set }, undefined),
      })
      expect(bytes.request.length).toBe(sdk.request.length)
      const ours = takenApart(bytes.request)
      const theirs = takenApart(sdk.request)
      expect(ours.spans.length).toBe(1)
      expect(ours.spans[0]?.every((field, index) => field === theirs.spans[0]?.[index])).toBe(true)
    }
  },
)

/** Decoded, attributes by name: what a person reads first where the two differ. */
function readable(request: Buffer): unknown {
  return decodeTraces(request).resourceSpans?.map(({ resource, scopeSpans }) => ({
    resource,
    scopeSpans: scopeSpans?.map(({ scope, spans }) => ({
      scope,
      spans: spans?.map((span) => ({
        ...span,
        attributes: [...(span.attributes ?? [])].sort((a, b) => (a.key < b.key ? -1 : 1)),
      })),
    })),
  }))
}
