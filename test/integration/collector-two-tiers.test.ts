// Two tiers of real Collectors with the files of otel/two-tiers/: spans of one trace that come in at different Collectors
// of the first tier meet at one of the second, which judges them together; and one of the second is away for a while.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { connectHttp } from '../support/http-client.ts'
import { apiProxy } from '../support/manifests.ts'
import { newSpanId, newTraceId, sendSpans, type SentSpan } from '../support/otlp-sender.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import {
  type ShippedCollector,
  type ShippedOptions,
  startShippedCollector,
} from '../support/shipped-collector.ts'
import { answerBytes, answers } from '../support/upstream-scripts.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { waitUntil } from '../support/wait-until.ts'

const FIRST = ['two-tiers/first.yaml']
const SECOND = ['two-tiers/second.yaml']
const ENV = { COLLECTOR_RETRY_INTERVAL_MAX: '1s' }

describeWithTools(['otelcol'], 'two tiers of Collectors', (otelcol = '') => {
  /** Each instance of the second tier has a back end of its own, so that is seen what went through which. */
  let backends: OtlpSink[]
  let second: ShippedCollector[]
  let first: ShippedCollector[]

  const startSecond = (backend: OtlpSink, more: ShippedOptions = {}): Promise<ShippedCollector> =>
    startShippedCollector(otelcol, {
      files: SECOND,
      backendUrl: backend.httpUrl,
      env: { ...ENV, COLLECTOR_SHARE_PERCENT: '0', COLLECTOR_DECISION_WAIT: '2s' },
      ...more,
    })
  const startFirst = (env: Readonly<Record<string, string>> = {}): Promise<ShippedCollector> =>
    startShippedCollector(otelcol, {
      files: FIRST,
      env: { ...ENV, COLLECTOR_SECOND_TIER: second.map(({ grpcAddress }) => grpcAddress).join(','), ...env },
    })

  beforeEach(async () => {
    backends = [await startOtlpSink(), await startOtlpSink()]
    second = await Promise.all(backends.map((backend) => startSecond(backend)))
    first = await Promise.all([startFirst(), startFirst()])
  })
  afterEach(async () => {
    for (const one of [...first, ...second]) await one.stop()
    for (const backend of backends) await backend.stop()
  })

  /** Which of the back ends has spans of that trace. */
  const placesOf = (traceId: string): number[] =>
    backends.flatMap(({ received }, index) =>
      received.some((span) => span.traceId === traceId) ? [index] : [],
    )
  const received = (): OtlpSink['received'] => backends.flatMap((backend) => backend.received)

  test("the gateway's spans and the upstream's meet, wherever they came in, and are judged together", async () => {
    const [one, other] = first as [ShippedCollector, ShippedCollector]
    await using upstream = await startTracedUpstream(other)
    await using gateway = await startGatewayProcess({
      manifests: {
        'shop.yaml': apiProxy('shop').at('/shop').target('/').toEndpoint(upstream.url).build(),
      },
      otlpUrl: one.httpUrl,
    })
    const good = await ask(gateway, 60, '/shop/200')
    const failed = await ask(gateway, 60, '/shop/503')
    await gateway.stop()
    // Three of a trace: of the request, of the attempt, of the upstream, which itself has nothing to complain about.
    await waitUntil(
      () => failed.every((traceId) => received().filter((span) => span.traceId === traceId).length === 3),
      () => `whole traces; ${received().length} spans came`,
      { timeoutMs: 20_000 },
    )
    for (const traceId of failed) expect(placesOf(traceId)).toHaveLength(1)
    const told = received().flatMap(({ attributes }) => attributes['db.password'] ?? [])
    expect(new Set(told)).toEqual(new Set(['****']))
    expect(new Set(failed.flatMap(placesOf))).toEqual(new Set([0, 1]))
    for (const instance of second) await instance.untilDelivered()
    expect(good.flatMap(placesOf)).toEqual([])
    // A hundred and twenty traces and the change of configuration, and no trace twice.
    const traces = await sum(second, 'otelcol_processor_tail_sampling_new_trace_id_received_total')
    expect(traces).toBe(121)
  })

  describe('of which one of the second is away', () => {
    const failure = (): SentSpan => ({ traceId: newTraceId(), attributes: { 'kanali.error.code': '08' } })
    const sendAll = async (to: ShippedCollector, spans: readonly SentSpan[]): Promise<void> => {
      for (const span of spans) expect(await sendSpans(to.httpUrl, [span, span2(span)])).toBe(200)
    }
    const span2 = (span: SentSpan): SentSpan => ({ ...span, spanId: newSpanId(), kind: 'client' })

    test('the others go on, its traces wait for it, and nothing comes twice', async () => {
      const [away, here] = second as [ShippedCollector, ShippedCollector]
      await away.stop()
      const spans = Array.from({ length: 100 }, failure)
      await sendAll(first[0] as ShippedCollector, spans)
      // What belongs to the one that is there comes at once, though every request had traces of both.
      await waitUntil(() => (backends[1]?.received.length ?? 0) > 4, 'the half that has somewhere to go')
      second[0] = await startSecond(backends[0] as OtlpSink, { ports: away.ports })
      await waitUntil(
        () => received().length === 200,
        () => `all spans; ${received().length} came`,
        {
          timeoutMs: 20_000,
        },
      )
      for (const { traceId } of spans) expect(placesOf(traceId)).toHaveLength(1)
      const accepted = await sum([second[0], here], 'otelcol_receiver_accepted_spans_total')
      expect(accepted).toBe(200)
    })

    test('for so long that its queue is full: what is for the others still comes, once; the loss is counted', async () => {
      const tight = await startFirst({ COLLECTOR_QUEUE_BYTES: '20000' })
      first.push(tight)
      // Where a trace goes is decided by its id, so that what comes later of these is known to go the same way.
      const known = Array.from({ length: 60 }, failure)
      await sendAll(tight, known)
      await waitUntil(() => received().length === 120, 'all spans')
      const [forAway = '', forHere = ''] = [0, 1].map(
        (place) => known.find(({ traceId }) => placesOf(traceId)[0] === place)?.traceId,
      )
      const [away] = second as [ShippedCollector]
      await away.stop()

      const note = 'n'.repeat(1000)
      const here: string[] = []
      for (let round = 0; round < 4; round++) {
        for (let request = 0; request < 10; request++) {
          const spanId = newSpanId()
          here.push(spanId)
          const spans = [
            { traceId: forAway, attributes: { 'kanali.error.code': '08', note } },
            { traceId: forHere, spanId, attributes: { 'kanali.error.code': '08' } },
          ]
          expect(await sendSpans(tight.httpUrl, spans)).toBe(200)
        }
        const arrived = (): string[] => (backends[1]?.received ?? []).map(({ spanId }) => spanId)
        await waitUntil(() => here.every((spanId) => arrived().includes(spanId)), 'what is for the other one')
      }

      second[0] = await startSecond(backends[0] as OtlpSink, { ports: away.ports })
      const waited = (): number =>
        backends[0]?.received.filter(({ attributes }) => 'note' in attributes).length ?? 0
      // Counted by the request: both spans of one that was delivered in half.
      const lost = (await tight.metric('otelcol_exporter_send_failed_spans_total')) / 2
      await waitUntil(
        () => waited() === 40 - lost,
        () => `${40 - lost} spans that waited; ${waited()} came`,
      )
      expect(waited()).toBeGreaterThan(10)
      expect(waited()).toBeLessThan(20)
      const spanIds = received().map(({ spanId }) => spanId)
      expect(spanIds.length).toBe(new Set(spanIds).size)
    }, 60_000)
  })

  test('a second tier that nobody named is told at the start', async () => {
    const started = startShippedCollector(otelcol, { files: FIRST })
    await expect(started).rejects.toThrow(/unset environment variable.*COLLECTOR_SECOND_TIER/)
  })
})

/** Answers with the status that the path names, and reports a span of its own, without an error, to that Collector. */
function startTracedUpstream(collector: ShippedCollector): Promise<Upstream> {
  return startUpstream(
    answers((request) => {
      const [, traceId = '', parentSpanId = ''] = (request.header('traceparent') ?? '').split('-')
      const span = { traceId, parentSpanId, name: 'GET /', attributes: { 'db.password': 'hunter2' } }
      void sendSpans(collector.httpUrl, [span], { service: 'shop' })
      return answerBytes({ status: Number(request.target.slice(1)) })
    }),
  )
}

async function ask(gateway: GatewayProcess, count: number, target: string): Promise<string[]> {
  await using connection = await connectHttp(gateway.port)
  const traceIds: string[] = []
  for (let sent = 0; sent < count; sent++) {
    const response = await connection.request('GET', target)
    traceIds.push(response.header('x-kanali-correlation-id') ?? '')
  }
  return traceIds
}

async function sum(collectors: readonly ShippedCollector[], name: string): Promise<number> {
  let total = 0
  for (const collector of collectors) total += await collector.metric(name)
  return total
}
