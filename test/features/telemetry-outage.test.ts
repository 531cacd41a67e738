// A Collector that refuses, hangs or resets, and a reader of the log that does not read: requests are answered as ever,
// queues stay bounded, what is lost is counted, and it all comes back.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { Exposition } from '../support/exposition.ts'
import { freePorts } from '../support/free-ports.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { connectHttp, httpRequest } from '../support/http-client.ts'
import { apiProxy, mockTarget } from '../support/manifests.ts'
import { startOtlpSink } from '../support/otlp-sink.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

const MANIFESTS = {
  'mock.yaml': [mockTarget('ok').route('/', 200, 'ok').build(), apiProxy('ok').at('/ok').mock('ok').build()],
}
const QUEUE_MAX = 50

async function dropped(metrics: Promise<string>, signal: string): Promise<number> {
  return new Exposition(await metrics, 'text/plain').value('kanali_telemetry_dropped_total', { signal }) ?? 0
}

/** So many requests on one connection, all of which must be answered. */
async function ask(gateway: Pick<GatewayProcess, 'port'>, count: number): Promise<string> {
  await using connection = await connectHttp(gateway.port)
  let last = ''
  for (let sent = 0; sent < count; sent++) {
    const response = await connection.request('GET', '/ok')
    expect(response.status).toBe(200)
    last = response.header('x-kanali-correlation-id') ?? ''
  }
  return last
}

describe.each(['http/protobuf', 'grpc'] as const)('a Collector over %s', (protocol) => {
  test.each(['refuse', 'hang', 'reset'] as const)(
    'that does %s costs no request anything',
    async (behaviour) => {
      await using sink = await startOtlpSink()
      sink.behaviour = behaviour
      await using gateway = await startGatewayProcess({
        manifests: MANIFESTS,
        otlpUrl: protocol === 'grpc' ? sink.grpcUrl : sink.httpUrl,
        otlpProtocol: protocol,
        env: {
          OTEL_BSP_MAX_QUEUE_SIZE: String(QUEUE_MAX),
          OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10',
          OTEL_BSP_EXPORT_TIMEOUT: '1000',
          OTEL_EXPORTER_OTLP_TIMEOUT: '500',
        },
      })
      await ask(gateway, 200)
      // No more than the queue and the batch under way are still to be told; all others are counted at once.
      await waitUntil(
        async () => (await dropped(gateway.metrics(), 'traces')) >= 200 - QUEUE_MAX - 20,
        'the losses are counted',
      )
      sink.behaviour = 'accept'
      await waitUntil(
        async () => {
          const traceId = await ask(gateway, 1)
          return sink.received.some((span) => span.traceId === traceId) || sink.received.length > 0
        },
        'spans flow again',
        { timeoutMs: 25_000, everyMs: 100 },
      )
      const received = sink.received.filter(({ kind }) => kind === 'server').length
      expect(received).toBeGreaterThan(0)
    },
  )
})

test('tracing.inbound=restart begins a new trace with a link to the client’s', async () => {
  await using sink = await startOtlpSink()
  await using gateway = await startGatewayProcess({
    manifests: MANIFESTS,
    flags: { 'tracing.inbound': 'restart' },
    otlpUrl: sink.httpUrl,
  })
  const theirs = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }
  const headers = { traceparent: `00-${theirs.traceId}-${theirs.spanId}-00` }
  const response = await httpRequest(gateway.port, 'GET', '/ok', { headers })
  const [span] = await sink.trace(response.header('x-kanali-correlation-id') ?? '')
  expect(span?.traceId).not.toBe(theirs.traceId)
  expect(span?.parentSpanId).toBe('')
  expect(span?.links).toContainEqual(expect.objectContaining(theirs))
})

test('tracing.inbound=trust lets a client decide on sampling; the default does not', async () => {
  await using sink = await startOtlpSink()
  const unsampled = { traceparent: `00-${'c'.repeat(32)}-${'d'.repeat(16)}-00` }
  await using trusting = await startGatewayProcess({
    manifests: MANIFESTS,
    flags: { 'tracing.inbound': 'trust' },
    otlpUrl: sink.httpUrl,
  })
  await httpRequest(trusting.port, 'GET', '/ok', { headers: unsampled })
  const marker = await httpRequest(trusting.port, 'GET', '/ok')
  await sink.trace(marker.header('x-kanali-correlation-id') ?? '')
  expect(sink.received.filter(({ traceId }) => traceId === 'c'.repeat(32))).toEqual([])
  await using careful = await startGatewayProcess({ manifests: MANIFESTS, otlpUrl: sink.httpUrl })
  await httpRequest(careful.port, 'GET', '/ok', { headers: unsampled })
  await sink.trace('c'.repeat(32))
})

test('OTEL_TRACES_SAMPLER and its argument decide where nobody else did', async () => {
  await using sink = await startOtlpSink()
  await using gateway = await startGatewayProcess({
    manifests: MANIFESTS,
    otlpUrl: sink.httpUrl,
    env: { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' },
  })
  await ask(gateway, 300)
  await waitUntil(() => sink.received.length > 50, 'half of the spans')
  const lines = await gateway.accessLines(() => true, 300)
  expect(lines).toHaveLength(300)
  expect(sink.received.filter(({ kind }) => kind === 'server').length).toBeLessThan(250)
})

test('a reader of the access log that does not read costs lines, which are counted, and no request', async () => {
  await using folder = await tempFolder('unread')
  await folder.write('mock.yaml', MANIFESTS['mock.yaml'].map((each) => JSON.stringify(each)).join('\n---\n'))
  const [port = 0, metricsPort = 0, profilingPort = 0] = await freePorts(3)
  const cli = path.join(import.meta.dirname, '../../src/cli/kanali.ts')
  const child = spawn(
    process.execPath,
    [
      cli,
      'start',
      `--source.directory=${folder.path}`,
      `--server.insecure_port=${port}`,
      `--prometheus.insecure_port=${metricsPort}`,
      `--profiling.insecure_port=${profilingPort}`,
      '--server.insecure_bind_address=127.0.0.1',
      '--server.max_header_bytes=64KiB',
    ],
    { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, OTEL_SDK_DISABLED: 'true' } },
  )
  try {
    // Nobody reads child.stdout: the pipe fills, then the gateway's own buffer.
    const metrics = async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
    await waitUntil(
      async () =>
        httpRequest(port, 'GET', '/ok').then(
          () => true,
          () => false,
        ),
      'the gateway answers',
    )
    await using connection = await connectHttp(port)
    const long = `/ok/${'x'.repeat(30_000)}`
    await waitUntil(
      async () => {
        for (let sent = 0; sent < 50; sent++) expect((await connection.request('GET', long)).status).toBe(200)
        return (await dropped(metrics(), 'access_log')) > 0
      },
      'lines are dropped and counted',
      { timeoutMs: 25_000 },
    )
  } finally {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
})
