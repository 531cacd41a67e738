// The span metrics of otel/collector.yaml as Prometheus scrapes them: true counts, whatever sampling drops, by error code,
// reason, blame, outcome and ApiProxy, with exemplars that lead to traces; few series, whatever comes.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeWithTools } from '../support/describe-with-tools.ts'
import type { EveryOutcome, Produced } from '../support/every-outcome/every-outcome.ts'
import { startEveryOutcome } from '../support/every-outcome/start.ts'
import { type ExposedSample, Exposition } from '../support/exposition.ts'
import { newTraceId, sendSpans, type SentSpan } from '../support/otlp-sender.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import { type ShippedCollector, startShippedCollector } from '../support/shipped-collector.ts'
import { waitUntil } from '../support/wait-until.ts'

const CALLS = 'traces_span_metrics_calls_total'
const COUNT = 'traces_span_metrics_duration_seconds_count'
const SUM = 'traces_span_metrics_duration_seconds_sum'
const BUCKET = 'traces_span_metrics_duration_seconds_bucket'
const LABELS = [
  'kanali_apiproxy_name',
  'kanali_apiproxy_namespace',
  'kanali_error_blame',
  'kanali_error_code',
  'kanali_error_reason',
  'kanali_outcome',
  'service_name',
  'span_kind',
  'span_name',
  'status_code',
]
const SERVER = { span_kind: 'SPAN_KIND_SERVER' }

/** Sum of the samples of that name whose labels include these. */
function total(metrics: Exposition, name: string, labels: Readonly<Record<string, string>> = {}): number {
  return metrics.samples(name, labels).reduce((sum, { value }) => sum + value, 0)
}

/** Scrapes until the calls reach that number, and gives that scrape. A new series shows 0 at first. */
async function untilCalls(
  collector: ShippedCollector,
  count: number,
  labels: Readonly<Record<string, string>> = {},
): Promise<Exposition> {
  let seen = 0
  return waitUntil(
    async () => {
      const metrics = await collector.spanMetrics()
      seen = total(metrics, CALLS, labels)
      return seen >= count && metrics
    },
    () => `${count} calls; there are ${seen}`,
    { timeoutMs: 20_000, everyMs: 50 },
  )
}

describeWithTools(['otelcol'], 'the span metrics of otel/collector.yaml', (otelcol = '') => {
  describe('of real gateways', () => {
    let backend: OtlpSink
    let collector: ShippedCollector
    let world: EveryOutcome
    let produced: Produced[]
    let requests: Requests
    const exemplars: ExposedSample[] = []

    beforeAll(async () => {
      backend = await startOtlpSink()
      collector = await startShippedCollector(otelcol, {
        backendUrl: backend.httpUrl,
        env: {
          COLLECTOR_SHARE_PERCENT: '0',
          COLLECTOR_DECISION_WAIT: '1s',
          COLLECTOR_SPAN_METRICS_INTERVAL: '2s',
        },
      })
      world = await startEveryOutcome({ otlpUrl: collector.httpUrl })
      // As a Prometheus does: what stands there between two flushes is seen.
      const scraping = new AbortController()
      const scraped = scrapeExemplars(collector, scraping.signal, exemplars)
      await world.good(80)
      produced = await world.produceAll(world.outcomes)
      requests = await requestsOf(world)
      await world.stop()
      await untilCalls(collector, requests.all, SERVER)
      await collector.untilDelivered()
      scraping.abort()
      await scraped
    }, 120_000)
    afterAll(async () => {
      await collector?.stop()
      await backend?.stop()
    })

    test('count every request as the gateways do, also those that sampling dropped', async () => {
      const metrics = await collector.spanMetrics()
      expect(total(metrics, CALLS, SERVER)).toBe(requests.all)
      expect(total(metrics, COUNT, SERVER)).toBe(requests.all)
      expect(total(metrics, CALLS, { ...SERVER, kanali_outcome: 'ok' })).toBe(requests.ok)
      expect(requests.ok).toBeGreaterThan(80)
      const kept = backend.received.filter(({ attributes }) => attributes['kanali.outcome'] === 'ok')
      expect(kept.length).toBeLessThan(10)
    })

    test('have a series for each code and reason, with its blame, of one request each', async () => {
      const metrics = await collector.spanMetrics()
      const errors = produced.filter(({ report }) => report.code !== null)
      expect(errors.length).toBeGreaterThan(80)
      for (const { report } of errors) {
        const labels = {
          ...SERVER,
          kanali_error_code: report.code ?? '',
          kanali_error_reason: report.reason ?? '',
        }
        const found = metrics.samples(CALLS, labels)
        expect(
          found.map(({ value }) => value),
          report.reason ?? '',
        ).toEqual([1])
        expect(found[0]?.labels).toMatchObject({ kanali_error_blame: report.blame, kanali_outcome: 'error' })
      }
    })

    test('say which ApiProxy it was, and nothing of paths that none has', async () => {
      const metrics = await collector.spanMetrics()
      const cart = { kanali_apiproxy_name: 'cart', kanali_apiproxy_namespace: 'shop', kanali_outcome: 'ok' }
      expect(total(metrics, CALLS, { ...SERVER, ...cart })).toBeGreaterThan(0)
      const unmatched = metrics.samples(CALLS, { ...SERVER, kanali_error_reason: 'no_path_matched' })
      expect(unmatched.map(({ labels: { span_name } }) => span_name)).toEqual(['GET'])
    })

    test('have the agreed labels, and those alone: no replica, no resource, no scope', async () => {
      const metrics = await collector.spanMetrics()
      for (const sample of metrics.samples(CALLS)) expect(Object.keys(sample.labels).sort()).toEqual(LABELS)
      expect([...metrics.families.keys()].sort()).toEqual([
        'traces_span_metrics_calls',
        'traces_span_metrics_duration_seconds',
      ])
    })

    test('give every error code an exemplar whose trace is with the back end', () => {
      const kept = new Set(backend.received.map(({ traceId }) => traceId))
      for (const code of new Set(produced.flatMap(({ report }) => report.code ?? []))) {
        const found = exemplars.filter(
          ({ name, labels }) => name === BUCKET && labels['kanali_error_code'] === code,
        )
        expect(found.length, code).toBeGreaterThan(0)
        for (const { exemplar } of found) expect(kept).toContain(exemplar?.labels['trace_id'])
      }
    })

    test('and the exemplar of a reason is the request that failed so', () => {
      const refused = produced.find(({ outcome }) => outcome === 'connection_refused')
      const found = exemplars.filter(
        ({ labels }) =>
          labels['kanali_error_reason'] === 'connection_refused' && labels['kanali_outcome'] === 'error',
      )
      expect(new Set(found.map(({ exemplar }) => exemplar?.labels['trace_id']))).toEqual(
        new Set([refused?.traceId]),
      )
      expect(found[0]?.exemplar?.labels['span_id']).toMatch(/^[0-9a-f]{16}$/)
    })
  })

  describe('of crafted spans', () => {
    let collector: ShippedCollector
    const start = (env: Readonly<Record<string, string>> = {}): Promise<ShippedCollector> =>
      startShippedCollector(otelcol, {
        backendUrl: 'http://127.0.0.1:9',
        env: { COLLECTOR_SPAN_METRICS_INTERVAL: '1s', ...env },
      })
    const span = (more: Partial<SentSpan> = {}): SentSpan => ({ traceId: newTraceId(), ...more })

    beforeAll(async () => {
      collector = await start({
        COLLECTOR_SPAN_METRICS_SERIES_MAX: '10',
        COLLECTOR_SPAN_METRICS_EXPIRATION: '4s',
      })
    })
    afterAll(() => collector?.stop())

    test('are in seconds', async () => {
      const spans = [100_000_000n, 2_000_000_000n].map((durationNs) =>
        span({ name: 'GET /seconds', durationNs }),
      )
      await sendSpans(collector.httpUrl, spans)
      const labels = { span_name: 'GET /seconds' }
      const metrics = await untilCalls(collector, 2, labels)
      expect(total(metrics, SUM, labels)).toBeCloseTo(2.1, 6)
      expect(metrics.value(BUCKET, { ...labels, le: '0.1' })).toBe(1)
      expect(metrics.value(BUCKET, { ...labels, le: '2.5' })).toBe(2)
    })

    test('are of the gateway alone: what others send has names without number', async () => {
      await sendSpans(collector.httpUrl, [span({ name: 'GET /user/17' })], { service: 'reports' })
      await sendSpans(collector.httpUrl, [span({ name: 'GET /mine' })])
      const metrics = await untilCalls(collector, 1, { span_name: 'GET /mine' })
      expect(metrics.samples(CALLS, { service_name: 'reports' })).toEqual([])
    })

    test('of two replicas are one series that never goes back', async () => {
      const labels = { span_name: 'GET /replicas' }
      for (const id of ['a', 'b', 'c']) {
        const resource = { 'service.instance.id': id, 'host.name': id }
        await sendSpans(collector.httpUrl, [span({ name: 'GET /replicas' })], { resource })
      }
      const metrics = await untilCalls(collector, 3, labels)
      expect(metrics.samples(CALLS, labels)).toHaveLength(1)
    })

    test('are ten series where ten are allowed; the others are counted together', async () => {
      const names = Array.from({ length: 30 }, (_, index) => `GET /many/${index}`)
      await sendSpans(
        collector.httpUrl,
        names.map((name) => span({ name })),
      )
      const metrics = await untilCalls(collector, 1, { otel_metric_overflow: 'true' })
      // The series of what is beyond the limit stands beside the ten.
      expect(metrics.samples(CALLS)).toHaveLength(11)
      expect(metrics.samples(COUNT)).toHaveLength(11)
      const all = await untilCalls(collector, total(metrics, COUNT))
      expect(total(all, CALLS)).toBe(total(all, COUNT))
      expect(total(all, CALLS)).toBeGreaterThanOrEqual(30)
    })

    test('end when nothing has come for as long as was said', async () => {
      await waitUntil(
        async () => {
          const response = await fetch(`http://127.0.0.1:${collector.ports.spanMetrics}/metrics`)
          return !(await response.text()).includes('traces_span_metrics')
        },
        'the series to be gone',
        { timeoutMs: 20_000, everyMs: 200 },
      )
    })
  })
})

interface Requests {
  readonly all: number
  readonly ok: number
}

/** How many there were, by the gateways' own counters. */
async function requestsOf(world: EveryOutcome): Promise<Requests> {
  let [all, ok] = [0, 0]
  for (const target of world.targets) {
    const metrics = new Exposition(await (await fetch(`http://${target}/metrics`)).text(), 'text/plain')
    all += total(metrics, 'kanali_requests_total')
    ok += total(metrics, 'kanali_requests_total', { outcome: 'ok' })
  }
  return { all, ok }
}

/** Keeps every sample with an exemplar that a scrape shows, until it is told to stop. */
async function scrapeExemplars(
  collector: ShippedCollector,
  signal: AbortSignal,
  into: ExposedSample[],
): Promise<void> {
  while (!signal.aborted) {
    const metrics = await collector.spanMetrics()
    into.push(...[CALLS, BUCKET].flatMap((name) => metrics.samples(name)).filter((one) => one.exemplar))
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}
