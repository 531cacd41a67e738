// What otel/collector.yaml keeps and what it does not, by the real Collector: every (code, reason) and every rejection that
// the real gateway can produce, slow requests, probes, what goes well. With a share of nothing, so that whatever comes out
// was kept for a reason.

import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeWithTools } from '../support/describe-with-tools.ts'
import type { EveryOutcome, Produced } from '../support/every-outcome/every-outcome.ts'
import { startEveryOutcome } from '../support/every-outcome/start.ts'
import { newTraceId, type Sender, sendSpans, type SentSpan } from '../support/otlp-sender.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import type { ReceivedSpan } from '../support/received-span.ts'
import { type ShippedCollector, startShippedCollector } from '../support/shipped-collector.ts'
import { waitUntil } from '../support/wait-until.ts'

const SLOW_MS = 700
const SLOW_NS = BigInt(SLOW_MS) * 1_000_000n

/** A trace that is sent, and how many of its spans are to come out. */
interface Case {
  readonly title: string
  readonly spans: readonly SentSpan[]
  readonly kept: number
  readonly sender?: Sender
}

type Attributes = Readonly<Record<string, string | number>>

const WELL: Attributes = { 'kanali.outcome': 'ok', 'http.response.status_code': 200, 'url.path': '/cart' }

const trace = (...spans: readonly Omit<SentSpan, 'traceId'>[]): SentSpan[] => {
  const traceId = newTraceId()
  return spans.map((span) => Object.assign({ traceId }, span))
}

/** A slow request with an attempt, so that it would be kept if it were no probe. */
const probe = (attributes: Attributes): SentSpan[] => {
  const durationNs = 2n * SLOW_NS
  return trace({ durationNs, attributes: { ...WELL, ...attributes } }, { kind: 'client', durationNs })
}

const CASES: readonly Case[] = [
  {
    title: 'a request that took exactly the threshold',
    spans: trace({ durationNs: SLOW_NS, attributes: WELL }),
    kept: 1,
  },
  {
    title: 'one that took a nanosecond less',
    spans: trace({ durationNs: SLOW_NS - 1n, attributes: WELL }),
    kept: 0,
  },
  {
    title: 'what only an upstream did for long',
    spans: trace({ durationNs: 2n * SLOW_NS }),
    sender: { service: 'reports' },
    kept: 0,
  },
  {
    title: "an upstream's 404, an error on the attempt by convention",
    spans: trace(
      { attributes: { ...WELL, 'http.response.status_code': 404 } },
      { kind: 'client', isError: true, attributes: { 'http.response.status_code': 404 } },
    ),
    kept: 0,
  },
  {
    title: 'an attempt that failed without a status',
    spans: trace({ kind: 'client', isError: true }),
    kept: 1,
  },
  {
    title: 'a failure inside of an upstream',
    spans: trace({ kind: 'internal', isError: true }),
    sender: { service: 'reports' },
    kept: 1,
  },
  { title: 'a probe of a path', spans: probe({ 'url.path': '/healthz' }), kept: 0 },
  { title: 'a probe of the other path', spans: probe({ 'url.path': '/internal/up.do' }), kept: 0 },
  { title: 'a probe of a kubelet', spans: probe({ 'user_agent.original': 'kube-probe/1.36' }), kept: 0 },
  {
    title: 'a probe of a load balancer',
    spans: probe({ 'user_agent.original': 'ELB-HealthChecker/2.0' }),
    kept: 0,
  },
  { title: 'a path that only begins like a probe', spans: probe({ 'url.path': '/healthz/all' }), kept: 2 },
  { title: 'a path that only ends like a probe', spans: probe({ 'url.path': '/my/healthz' }), kept: 2 },
  { title: 'a letter where a point is meant', spans: probe({ 'url.path': '/internal/upXdo' }), kept: 2 },
  {
    title: 'an agent that only mentions a probe',
    spans: probe({ 'user_agent.original': 'curl (no kube-probe/1)' }),
    kept: 2,
  },
  {
    title: 'a probe with an error code',
    spans: probe({ 'url.path': '/healthz', 'kanali.outcome': 'error', 'kanali.error.code': '00' }),
    kept: 2,
  },
  {
    title: 'a probe that HTTP refuses',
    spans: probe({
      'url.path': '/healthz',
      'kanali.outcome': 'rejected',
      'kanali.rejected.reason': 'host_missing',
    }),
    kept: 2,
  },
  {
    title: "a probe with an upstream's 503",
    spans: probe({ 'url.path': '/healthz', 'http.response.status_code': 503 }),
    kept: 2,
  },
]

describeWithTools(['otelcol'], 'a Collector with otel/collector.yaml', (otelcol = '') => {
  let backend: OtlpSink
  let collector: ShippedCollector

  beforeAll(async () => {
    backend = await startOtlpSink()
    collector = await startShippedCollector(otelcol, {
      backendUrl: backend.httpUrl,
      env: {
        COLLECTOR_SHARE_PERCENT: '0',
        COLLECTOR_SLOW_MS: String(SLOW_MS),
        COLLECTOR_DECISION_WAIT: '1s',
        COLLECTOR_PROBE_PATHS: '/healthz|/internal/up[.]do',
      },
    })
  })
  afterAll(async () => {
    await collector?.stop()
    await backend?.stop()
  })

  /** Sends spans and waits until everything that was ever sent is judged and delivered; gives what came out of the trace. */
  async function judged(spans: readonly SentSpan[], sender?: Sender): Promise<ReceivedSpan[]> {
    expect(await sendSpans(collector.httpUrl, spans, sender)).toBe(200)
    await collector.untilDelivered()
    return backend.received.filter(({ traceId }) => traceId === spans[0]?.traceId)
  }

  describe('behind real gateways', () => {
    let world: EveryOutcome
    let produced: Produced[]

    beforeAll(async () => {
      world = await startEveryOutcome({ otlpUrl: collector.httpUrl })
      await world.good(80)
      produced = await world.produceAll(world.outcomes)
      // Gateways send what they have when they end.
      await world.stop()
      await collector.untilDelivered()
    }, 120_000)

    const spansOf = (traceId: string): ReceivedSpan[] =>
      backend.received.filter((span) => span.traceId === traceId)
    const serverOf = (traceId: string): ReceivedSpan | undefined =>
      spansOf(traceId).find(({ kind }) => kind === 'server')

    test('keeps every error code with every reason, also those whose status is unset', () => {
      const errors = produced.filter(({ report }) => report.code !== null)
      expect(errors.length).toBe(world.reasons.length)
      for (const { traceId, report } of errors) {
        expect(serverOf(traceId)?.attributes, report.reason ?? '').toMatchObject({
          'kanali.error.code': report.code,
          'kanali.error.reason': report.reason,
          'kanali.error.blame': report.blame,
        })
      }
      const unset = errors.filter(({ traceId }) => serverOf(traceId)?.status.code === 'unset')
      expect(new Set(unset.map(({ report }) => report.code))).toEqual(new Set(['00', '02', '12', '13', '14']))
    })

    test('keeps every rejection', () => {
      for (const reason of world.rejections) {
        const { traceId = '' } = produced.find(({ outcome }) => outcome === reason) ?? {}
        expect(serverOf(traceId)?.attributes['kanali.rejected.reason']).toBe(reason)
      }
    })

    test('keeps the whole of such a trace: the attempts are there beside the requests', () => {
      for (const { traceId, report } of produced.filter(({ report }) =>
        /error|rejected/.test(report.outcome),
      )) {
        const attempts = spansOf(traceId).filter(({ kind }) => kind === 'client')
        expect(attempts.length, report.reason ?? '').toBe(report.attempts.length)
      }
    })

    test("keeps an upstream's own 503, which has no code", () => {
      const { traceId = '' } = produced.find(({ outcome }) => outcome === 'upstream_answers_503') ?? {}
      expect(spansOf(traceId).map(({ kind }) => kind)).toHaveLength(2)
      expect(serverOf(traceId)?.attributes).not.toHaveProperty('kanali.error.code')
    })

    test('drops what went well, and keeps no span twice', () => {
      const well = backend.received.filter(
        ({ attributes, status }) => attributes['kanali.outcome'] === 'ok' && status.code === 'unset',
      )
      // A request of the list of outcomes may have been slow.
      expect(well.filter((span) => durationMs(span) < SLOW_MS)).toEqual([])
      const ids = backend.received.map(({ spanId }) => spanId)
      expect(ids.length).toBe(new Set(ids).size)
    })

    test('keeps every change of configuration', async () => {
      const batches = backend.received.filter(({ name }) => name === 'kanali.events.batch')
      const linked = produced.flatMap(({ traceId }) => serverOf(traceId)?.links ?? [])
      expect(linked.length).toBeGreaterThan(0)
      expect(batches.map(({ spanId }) => spanId)).toEqual(
        expect.arrayContaining([...new Set(linked.map(({ spanId }) => spanId))]),
      )
    })

    test('no policy failed, and every trace was judged for a reason that has a name', async () => {
      const metrics = await collector.metrics()
      expect(metrics.value('otelcol_processor_tail_sampling_sampling_policy_evaluation_error_total')).toBe(0)
      for (const policy of [
        'every error code',
        'every rejection',
        'failures of others',
        'changes of configuration',
      ]) {
        const labels = { policy, decision: 'sampled' }
        expect(
          metrics.value('otelcol_processor_tail_sampling_count_traces_sampled_total', labels),
          policy,
        ).toBeGreaterThan(0)
      }
    })
  })

  describe('of crafted traces', () => {
    beforeAll(async () => {
      for (const { spans, sender } of CASES)
        expect(await sendSpans(collector.httpUrl, spans, sender)).toBe(200)
      await collector.untilDelivered()
    })

    test.each(CASES)('$title: $kept spans', ({ spans, kept }) => {
      const traceId = spans[0]?.traceId
      expect(backend.received.filter((span) => span.traceId === traceId)).toHaveLength(kept)
    })
  })

  test('an error that comes in a trace that was judged and dropped before is kept, with what belongs to it', async () => {
    const traceId = newTraceId()
    expect(await judged([{ traceId, attributes: WELL }])).toEqual([])
    const failed = { 'kanali.outcome': 'error', 'kanali.error.code': '08' }
    const late = await judged([{ traceId, attributes: failed }])
    expect(late).toHaveLength(1)
    // Another trace is judged, and the first one is forgotten.
    await judged([{ traceId: newTraceId(), attributes: WELL }])
    const spans = [
      { traceId, attributes: failed },
      { traceId, kind: 'internal' as const },
    ]
    expect(await judged(spans)).toHaveLength(3)
  })

  test('what comes late of a trace that was kept is kept', async () => {
    const traceId = newTraceId()
    const rejected = { 'kanali.rejected.reason': 'host_missing' }
    expect(await judged([{ traceId, attributes: rejected }])).toHaveLength(1)
    expect(await judged([{ traceId, kind: 'internal' }], { service: 'reports' })).toHaveLength(2)
  })
})

describeWithTools(['otelcol'], 'a Collector that is full', (otelcol = '') => {
  const failures = (count: number): SentSpan[] =>
    Array.from({ length: count }, () => ({
      traceId: newTraceId(),
      attributes: { 'kanali.error.code': '08' },
    }))

  test.each([
    ['as many traces as it may hold', 20, 0],
    ['one more', 21, 1],
  ])('of %s judges all it holds, counts the others, and loses no failure', async (_, count, lost) => {
    await using backend = await startOtlpSink()
    await using collector = await startShippedCollector(otelcol, {
      backendUrl: backend.httpUrl,
      env: {
        COLLECTOR_TRACES_MAX: '20',
        COLLECTOR_DECISION_WAIT: '3s',
        COLLECTOR_SHARE_PERCENT: '100',
      },
    })
    const spans = failures(count).flatMap((span) => [span, { traceId: span.traceId }])
    expect(await sendSpans(collector.httpUrl, spans)).toBe(200)
    await backend.spans(() => true, { count: spans.length - lost })
    const tooEarly = 'otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total'
    await waitUntil(async () => (await collector.metric(tooEarly)) >= lost, 'the loss to be counted')
    expect(await collector.metric(tooEarly)).toBe(lost)
    const codes = backend.received.filter(({ attributes }) => 'kanali.error.code' in attributes)
    expect(codes).toHaveLength(count)
  })

  test('of memory tells whoever sends, and takes nothing by halves', async () => {
    await using backend = await startOtlpSink()
    await using collector = await startShippedCollector(otelcol, {
      backendUrl: backend.httpUrl,
      files: ['collector.yaml', 'yaml:processors::memory_limiter::limit_mib: 1'],
      env: { COLLECTOR_SPAN_METRICS_INTERVAL: '1s' },
    })
    await waitUntil(async () => (await sendSpans(collector.httpUrl, failures(1))) === 503, 'a refusal')
    const accepted = await collector.metric('otelcol_receiver_accepted_spans_total')
    for (let sent = 0; sent < 5; sent++) expect(await sendSpans(collector.httpUrl, failures(1))).toBe(503)
    expect(await collector.metric('otelcol_receiver_refused_spans_total')).toBe(6)
    const passed = { otel_signal: 'traces', processor: 'memory_limiter' }
    // Three pipelines: each had what was accepted before the first look at the memory, and nothing else.
    expect(await collector.metric('otelcol_processor_outgoing_items_total', passed)).toBe(3 * accepted)
  })
})

describeWithTools(['otelcol'], 'the share of the rest', (otelcol = '') => {
  test.each([
    ['100', 1000, 1000],
    ['10', 70, 130],
  ])('of %s %% is kept of a thousand traces that went well', async (percent, atLeast, atMost) => {
    await using backend = await startOtlpSink()
    await using collector = await startShippedCollector(otelcol, {
      backendUrl: backend.httpUrl,
      // Without probes, so that what would be one is not dropped as such.
      env: { COLLECTOR_SHARE_PERCENT: percent, COLLECTOR_DECISION_WAIT: '1s', COLLECTOR_PROBE_PATHS: '' },
    })
    // Ids that are the same in each run: the share is a function of the id.
    const spans = Array.from({ length: 1000 }, (_, index) => ({
      traceId: createHash('md5').update(String(index)).digest('hex'),
      attributes: { ...WELL, 'url.path': '/healthz' },
    }))
    expect(await sendSpans(collector.httpUrl, spans)).toBe(200)
    await collector.untilDelivered()
    const kept = new Set(backend.received.map(({ traceId }) => traceId)).size
    expect(kept).toBeGreaterThanOrEqual(atLeast)
    expect(kept).toBeLessThanOrEqual(atMost)
  })
})

function durationMs({ startTimeUnixNano, endTimeUnixNano }: ReceivedSpan): number {
  return Number(endTimeUnixNano - startTimeUnixNano) / 1e6
}
