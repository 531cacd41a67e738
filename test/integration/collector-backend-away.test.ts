// What becomes of spans while the back end of otel/collector.yaml is away: they wait on disk, also while the Collector
// itself is stopped or killed, and come out once. And where the queue is full: what is lost is bounded, told and counted.

import { once } from 'node:events'
import { readdir, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { Exposition } from '../support/exposition.ts'
import { freePort } from '../support/free-ports.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { connectHttp } from '../support/http-client.ts'
import { apiProxy, mockTarget } from '../support/manifests.ts'
import { newTraceId, sendSpans, type SentSpan } from '../support/otlp-sender.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import { type ShippedCollector, startShippedCollector } from '../support/shipped-collector.ts'
import { type TempFolder, tempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

const MANIFESTS = {
  'mock.yaml': [mockTarget('ok').route('/', 200, 'ok').build(), apiProxy('ok').at('/ok').mock('ok').build()],
}
const FAILED = { 'kanali.outcome': 'error', 'kanali.error.code': '08' }
const ENV = {
  COLLECTOR_SHARE_PERCENT: '100',
  COLLECTOR_DECISION_WAIT: '1s',
  COLLECTOR_RETRY_INTERVAL_MAX: '1s',
}

describeWithTools(['otelcol'], 'a Collector whose back end is away', (otelcol = '') => {
  let storage: TempFolder
  let backendPort = 0
  let backend: OtlpSink | undefined
  let collector: ShippedCollector | undefined

  beforeEach(async () => {
    storage = await tempFolder('queue')
    backendPort = await freePort()
  })
  afterEach(async () => {
    await collector?.stop()
    await backend?.stop()
    collector = backend = undefined
    await storage.remove()
  })

  const start = async (
    env: Readonly<Record<string, string>> = {},
    before?: ShippedCollector,
  ): Promise<ShippedCollector> => {
    collector = await startShippedCollector(otelcol, {
      backendUrl: `http://127.0.0.1:${backendPort}`,
      storage: storage.path,
      env: { ...ENV, ...env },
      ...(before !== undefined && { ports: before.ports }),
    })
    return collector
  }

  const comeBack = async (): Promise<OtlpSink> => {
    backend = await startOtlpSink(backendPort)
    return backend
  }

  /** Waits until that many spans have come out, and finds each of these traces in them. */
  async function expectTraces(sink: OtlpSink, traceIds: readonly string[]): Promise<void> {
    await waitUntil(
      () => {
        const seen = new Set(sink.received.map(({ traceId }) => traceId))
        return traceIds.every((traceId) => seen.has(traceId))
      },
      () => `${traceIds.length} traces; ${sink.received.length} spans came`,
      { timeoutMs: 20_000 },
    )
    const spanIds = sink.received.map(({ spanId }) => spanId)
    expect(spanIds.length).toBe(new Set(spanIds).size)
  }

  test('loses nothing, and no request notices', async () => {
    const running = await start()
    await using gateway = await startGatewayProcess({ manifests: MANIFESTS, otlpUrl: running.httpUrl })
    const traceIds = await ask(gateway, 300)
    await waitUntil(async () => (await queued(running)) > 0, 'something waits on disk')
    expect(await running.metric('otelcol_exporter_sent_spans_total')).toBe(0)
    await expectTraces(await comeBack(), traceIds)
    expect(await dropped(gateway)).toBe(0)
    await running.untilDelivered()
    expect(await queued(running)).toBe(0)
  })

  test.each(['refuse', 'reset'] as const)(
    'loses nothing to one that is there and does %s',
    async (behaviour) => {
      const sink = await comeBack()
      sink.behaviour = behaviour
      const running = await start()
      await using gateway = await startGatewayProcess({ manifests: MANIFESTS, otlpUrl: running.httpUrl })
      const traceIds = await ask(gateway, 50)
      await waitUntil(() => sink.exports > 2, 'some attempts')
      sink.behaviour = 'accept'
      await expectTraces(sink, traceIds)
    },
  )

  test('gives up what the back end refuses for good, counts it, and goes on with the rest', async () => {
    const refusing = createServer((request, response) => {
      request.resume().once('end', () => response.writeHead(400).end())
    })
    refusing.listen(backendPort, '127.0.0.1')
    await once(refusing, 'listening')
    const running = await start()
    expect(await sendSpans(running.httpUrl, [{ traceId: newTraceId(), attributes: FAILED }])).toBe(200)
    const labels = { exporter: 'otlp_http/failures' }
    await waitUntil(
      async () => (await running.metric('otelcol_exporter_send_failed_spans_total', labels)) === 1,
      'the loss is counted',
    )
    refusing.closeAllConnections()
    await new Promise((resolve) => refusing.close(resolve))
    const traceId = newTraceId()
    expect(await sendSpans(running.httpUrl, [{ traceId, attributes: FAILED }])).toBe(200)
    await expectTraces(await comeBack(), [traceId])
  })

  test('is stopped meanwhile: what it had, also what it had not judged yet, comes out of the next one', async () => {
    const first = await start({ COLLECTOR_DECISION_WAIT: '60s' })
    await using gateway = await startGatewayProcess({ manifests: MANIFESTS, otlpUrl: first.httpUrl })
    const traceIds = await ask(gateway, 100)
    await untilReceived(first, gateway)
    await first.stop()
    await start({}, first)
    await expectTraces(await comeBack(), traceIds)
  })

  test('is killed meanwhile: every failure that it had received comes out of the next one', async () => {
    const first = await start({ COLLECTOR_DECISION_WAIT: '60s' })
    await using gateway = await startGatewayProcess({ manifests: MANIFESTS, otlpUrl: first.httpUrl })
    const traceIds = await ask(gateway, 50, '/nowhere')
    await untilReceived(first, gateway)
    await first.process.stop('SIGKILL')
    await first.stop()
    await start({}, first)
    await expectTraces(await comeBack(), traceIds)
  })

  describe('until its queues are full', () => {
    const QUEUE_BYTES = 50_000
    const failure = (): SentSpan => ({
      traceId: newTraceId(),
      attributes: { ...FAILED, note: 'n'.repeat(1000) },
    })

    test('takes failures up to the limit, refuses those beyond, and delivers exactly what it took', async () => {
      const running = await start({ COLLECTOR_QUEUE_BYTES: String(QUEUE_BYTES) })
      const taken: string[] = []
      let refused = 0
      while (refused < 5) {
        const span = failure()
        const status = await sendSpans(running.httpUrl, [span])
        if (status === 200) taken.push(span.traceId)
        else {
          expect(status).toBe(503)
          refused++
        }
      }
      // A span of a thousand characters and a few names takes 1100 to 1300 bytes.
      expect(taken.length).toBeGreaterThan(QUEUE_BYTES / 1300 - 1)
      expect(taken.length).toBeLessThan(QUEUE_BYTES / 1100 + 1)
      expect(await running.metric('otelcol_receiver_refused_spans_total')).toBe(5)
      const labels = { exporter: 'otlp_http/failures' }
      expect(await running.metric('otelcol_exporter_enqueue_failed_spans_total', labels)).toBe(5)
      expect(await running.metric('otelcol_exporter_queue_size', labels)).toBeLessThanOrEqual(QUEUE_BYTES)
      expect(await bytesOf(storage.path)).toBeLessThan(2_000_000)
      const sink = await comeBack()
      await expectTraces(sink, taken)
      const failures = sink.received.filter(({ attributes }) => attributes['kanali.error.code'] === '08')
      expect(failures).toHaveLength(taken.length)
    })

    test('counts what it loses of good traffic, which takes no place from failures', async () => {
      const running = await start({ COLLECTOR_QUEUE_BYTES: String(QUEUE_BYTES) })
      const good = Array.from({ length: 1000 }, () => ({ traceId: newTraceId() }))
      expect(await sendSpans(running.httpUrl, good)).toBe(200)
      const labels = { exporter: 'otlp_http/sampled' }
      const lost = (): Promise<number> =>
        running.metric('otelcol_exporter_enqueue_failed_spans_total', labels)
      await waitUntil(async () => {
        const judged = await running.metric(
          'otelcol_processor_tail_sampling_global_count_traces_sampled_total',
        )
        return judged === good.length && (await lost()) > 0
      }, 'the loss to be counted')
      const failures = Array.from({ length: 10 }, failure)
      expect(await sendSpans(running.httpUrl, failures)).toBe(200)
      const sink = await comeBack()
      await expectTraces(
        sink,
        failures.map(({ traceId }) => traceId),
      )
      const left = good.length - (await lost())
      await sink.spans(({ attributes }) => !('kanali.error.code' in attributes), { count: left })
      expect(left).toBeGreaterThan(100)
    })

    test('tells the gateway, which goes on to answer and counts what it cannot get rid of', async () => {
      const running = await start({ COLLECTOR_QUEUE_BYTES: '2000' })
      await using gateway = await startGatewayProcess({
        manifests: MANIFESTS,
        otlpUrl: running.httpUrl,
        env: { OTEL_BSP_EXPORT_TIMEOUT: '1000', OTEL_EXPORTER_OTLP_TIMEOUT: '800' },
      })
      await ask(gateway, 100, '/nowhere')
      await waitUntil(async () => (await dropped(gateway)) > 0, 'the gateway counts its loss')
      expect(await running.metric('otelcol_receiver_refused_spans_total')).toBeGreaterThan(0)
    })
  })
})

/** So many requests on one connection; the trace ids of their answers. */
async function ask(gateway: GatewayProcess, count: number, target = '/ok'): Promise<string[]> {
  await using connection = await connectHttp(gateway.port)
  const traceIds: string[] = []
  for (let sent = 0; sent < count; sent++) {
    const response = await connection.request('GET', target)
    expect(response.status).toBe(target === '/ok' ? 200 : 404)
    traceIds.push(response.header('x-kanali-correlation-id') ?? '')
  }
  return traceIds
}

/** Until the Collector has as many server spans as the gateway has had requests, and the span of its first snapshot. */
async function untilReceived(collector: ShippedCollector, gateway: GatewayProcess): Promise<void> {
  const metrics = new Exposition(await gateway.metrics(), 'text/plain')
  const requests = metrics.samples('kanali_requests_total').reduce((sum, { value }) => sum + value, 0)
  await waitUntil(
    async () => (await collector.metric('otelcol_receiver_accepted_spans_total')) > requests,
    `${requests} spans at the Collector`,
  )
}

async function queued(collector: ShippedCollector): Promise<number> {
  return collector.metric('otelcol_exporter_queue_size')
}

async function dropped(gateway: GatewayProcess): Promise<number> {
  const metrics = new Exposition(await gateway.metrics(), 'text/plain')
  return metrics.value('kanali_telemetry_dropped_total', { signal: 'traces' }) ?? 0
}

async function bytesOf(folder: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(folder)) bytes += (await stat(path.join(folder, name))).size
  return bytes
}
