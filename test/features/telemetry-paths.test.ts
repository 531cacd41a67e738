// Spans of requests are the same, whichever way they are written and leave: as bytes over HTTP and gRPC, as the SDK's over
// JSON, with limits that limit nothing, by a configuration file, and by a provider that was there before.

import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { Exposition } from '../support/exposition.ts'
import { freePort } from '../support/free-ports.ts'
import { startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { type InProcessGateway, startInProcessGateway } from '../support/in-process-gateway.ts'
import { apiProxy, mockTarget } from '../support/manifests.ts'
import { startOtlpSink } from '../support/otlp-sink.ts'
import type { ReceivedSpan } from '../support/received-span.ts'
import { tempFolder } from '../support/temp-folder.ts'

const INBOUND = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' }
const FOREIGN = pathToFileURL(path.join(import.meta.dirname, '../support/foreign-provider.ts')).href
/** Of one process, connection or moment. */
const OWN = new Set([
  'server.port',
  'network.peer.port',
  'kanali.snapshot.revision',
  'kanali.duration.gateway_ms',
  'kanali.duration.upstream_ms',
  'http.request.header.host',
])

interface Way {
  readonly name: string
  readonly protocol?: 'http/protobuf' | 'grpc'
  readonly env?: Readonly<Record<string, string>>
  readonly usesFile?: boolean
  /** The resource is somebody else's. */
  readonly isForeign?: boolean
}

const WAYS: readonly Way[] = [
  { name: 'grpc', protocol: 'grpc' },
  { name: 'gzip', env: { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' } },
  { name: 'http/json', env: { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' } },
  { name: 'the whole SDK', env: { OTEL_PROPAGATORS: 'tracecontext,baggage' } },
  { name: 'a limit on links', env: { OTEL_SPAN_LINK_COUNT_LIMIT: '100' } },
  { name: 'a limit on attributes of events', env: { OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: '100' } },
  { name: 'a configuration file', usesFile: true, isForeign: true },
  { name: 'a provider brought by --import', env: { NODE_OPTIONS: `--import ${FOREIGN}` }, isForeign: true },
]

describe('spans of the same requests', () => {
  let deadPort = 0
  let expected: ReceivedSpan[] = []
  beforeAll(async () => {
    deadPort = await freePort()
    expected = await spansBy({ name: 'http/protobuf' }, deadPort)
  })

  test('over http/protobuf are a server span each, and a client span where an upstream was asked', () => {
    expect(expected.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'server GET /canned',
      'server GET',
      'server GET /dead',
      'client GET',
    ])
    expect(expected[0]).toMatchObject({ traceState: 'a=1', scope: 'kanali' })
    expect(expected[0]?.resource).toMatchObject({
      'service.name': 'kanali',
      'host.name': expect.any(String) as string,
      'telemetry.sdk.name': 'opentelemetry',
    })
  })

  test.each(WAYS)('are no others by $name', async (way) => {
    const spans = await spansBy(way, deadPort)
    expect(spans.map(comparable)).toEqual(expected.map(comparable))
    if (way.isForeign !== true) {
      const { 'service.instance.id': instance, ...rest } = expected[0]?.resource ?? {}
      expect(instance).toEqual(expect.any(String))
      for (const { resource } of spans) expect(resource).toMatchObject(rest)
    }
  })
})

test('gateways that start and end at the same time in one process share what is there once, and lose no span', async () => {
  await using sink = await startOtlpSink()
  await using folder = await tempFolder('shared')
  const manifests = [
    mockTarget('ok').route('/', 200, 'ok').build(),
    apiProxy('ok').at('/ok').mock('ok').build(),
  ]
  await folder.write('ok.yaml', manifests.map((each) => JSON.stringify(each)).join('\n---\n'))
  const start = () =>
    startInProcessGateway(sink, { 'source.directory': folder.path, 'source.namespace': 'default' })
  let running: InProcessGateway[] = await Promise.all([start(), start(), start()])
  for (let round = 0; round < 2; round++) {
    for (const gateway of running) {
      const response = await httpRequest(gateway.port, 'GET', '/ok')
      await sink.trace(response.header('x-kanali-correlation-id') ?? '')
      const metrics = new Exposition(await gateway.metrics(), 'text/plain')
      expect(metrics.value('kanali_telemetry_dropped_total', { signal: 'traces' })).toBe(0)
    }
    const [next] = await Promise.all([start(), ...running.map((gateway) => gateway.stop())])
    running = [next]
  }
  await running[0]?.stop()
})

async function spansBy({ protocol, env, usesFile = false }: Way, deadPort: number): Promise<ReceivedSpan[]> {
  await using sink = await startOtlpSink()
  await using folder = await tempFolder('otel')
  const file = await folder.write('otel.yaml', JSON.stringify(configuration(sink.httpUrl)))
  await using gateway = await startGatewayProcess({
    manifests: {
      'routes.yaml': [
        mockTarget('ok').route('/', 200, 'ok').build(),
        apiProxy('canned').at('/canned').mock('ok').build(),
        apiProxy('dead').at('/dead').toEndpoint(`http://127.0.0.1:${deadPort}`).build(),
      ],
    },
    otlpUrl: protocol === 'grpc' ? sink.grpcUrl : sink.httpUrl,
    ...(protocol === undefined ? {} : { otlpProtocol: protocol }),
    ...(usesFile ? { flags: { 'tracing.config_file': file } } : {}),
    env: { ...env },
  })
  const headers = {
    traceparent: `00-${INBOUND.traceId}-${INBOUND.spanId}-00`,
    tracestate: 'a=1',
    'user-agent': 'ägent',
  }
  const all: ReceivedSpan[] = []
  for (const target of ['/canned/ä?a=1', '/nothing?b', '/dead/x?c=2']) {
    const response = await httpRequest(gateway.port, 'GET', encodeURI(target), {
      headers: target.startsWith('/canned') ? headers : { 'X-Twice': 'one', Accept: '*/*' },
    })
    const traceId = response.header('x-kanali-correlation-id') ?? ''
    const spans = await sink.trace(traceId, target.startsWith('/dead') ? 2 : 1)
    all.push(...spans.sort((a, b) => b.kind.localeCompare(a.kind)))
  }
  return all
}

/** What must be the same of a span however it came. */
function comparable({
  name,
  kind,
  parentSpanId,
  traceState,
  attributes,
  status,
  events,
  links,
  scope,
}: ReceivedSpan) {
  return {
    name,
    kind,
    hasParent: parentSpanId !== '',
    traceState,
    attributes: Object.fromEntries(
      Object.entries(attributes)
        .map(([key, value]) => [key, OWN.has(key) ? typeof value : value] as const)
        .sort(([a], [b]) => a.localeCompare(b)),
    ),
    status,
    events,
    links: links.map((link) => link.attributes),
    scope,
  }
}

function configuration(url: string): object {
  return {
    file_format: '1.0',
    tracer_provider: {
      processors: [
        {
          batch: {
            schedule_delay: 50,
            exporter: { otlp_http: { endpoint: `${url}/v1/traces`, encoding: 'protobuf' } },
          },
        },
      ],
    },
  }
}
