// Spans as bytes are what the SDK would have sent: for any exchange both encoders give the same fields, byte by byte, in
// whatever order, under the same resource and scope.

import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { failure } from '../../src/errors/failure.ts'
import { Mask } from '../../src/telemetry/masking.ts'
import { BothSpans, headSampler } from '../support/both-spans.ts'
import { decodeTraces } from '../support/otlp-protobuf.ts'
import { making, randomExchange } from '../support/random-exchanges.ts'
import { takenApart } from '../support/span-fields.ts'

const MASK = new Mask({
  maskValue: 'omitted',
  headerKeys: ['x-hidden'],
  apiKeyHeader: 'apikey',
  queryAllowList: ['shown'],
})
/** The clock stands still: an end that is not set is now. */
function freeze(): void {
  vi.spyOn(performance, 'now').mockReturnValue(6000.25)
  vi.spyOn(Date, 'now').mockReturnValue(Math.round(performance.timeOrigin + 6000.25))
}
afterEach(() => vi.restoreAllMocks())

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
      fc.property(randomExchange, ({ fields: set, attempt, ...context }) => {
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
