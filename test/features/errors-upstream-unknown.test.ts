// The generic reason of code 08: an error of the transport that nobody foresaw. No upstream can be made to cause it, so
// it is injected between the exchange and the transport; the gateway runs inside the test, on real sockets.

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { loadOptions } from '../../src/config/load.ts'
import { createGateway, type Gateway } from '../../src/gateway.ts'
import type { Phase, Transport } from '../../src/proxy/upstream/transport.ts'
import type { LogLine } from '../support/gateway-process.ts'
import { connectHttp, httpRequest } from '../support/http-client.ts'
import { apiProxy } from '../support/manifests.ts'
import { observe, type ObservedGateway } from '../support/observed.ts'
import { startOtlpSink, type OtlpSink } from '../support/otlp-sink.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { expectCutAnswer, expectFailedAttempt } from '../support/upstream-failure.ts'
import { waitUntil } from '../support/wait-until.ts'

const ENDPOINT = { host: '127.0.0.1', port: 9 }
const WORDS = 'nobody foresaw this'

/** What the next request meets; the transport behind is never reached. */
let fault: { readonly phase: Phase; readonly error: Error } = {
  phase: 'waiting',
  error: new Error('not set'),
}

function faulty(made: Transport): Transport {
  return {
    dispatch(_upstream, _endpoint, _request, events) {
      const { phase, error } = fault
      events.started()
      // Each in a turn of its own, as from a socket.
      setImmediate(() => {
        if (phase === 'body') {
          events.head(200, 'Said', ['content-length', '10'])
          events.data(Buffer.from('half '))
        }
        setImmediate(() => events.failed({ phase, error }))
      })
      return { phase, pause: () => undefined, resume: () => undefined, abort: () => undefined }
    },
    sweep: (now) => made.sweep(now),
    close: () => made.close(),
  }
}

let sink: OtlpSink
let folder: TempFolder
let gateway: Gateway
let port = 0
let observedGateway: ObservedGateway

beforeAll(async () => {
  sink = await startOtlpSink()
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', sink.httpUrl)
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '100')
  folder = await tempFolder('unknown-error')
  const proxy = apiProxy('odd').at('/odd').toEndpoint(`http://${ENDPOINT.host}:${ENDPOINT.port}`)
  await folder.write('odd.yaml', JSON.stringify(proxy.build()))
  const loaded = loadOptions({
    argv: [
      `--source.directory=${folder.path}`,
      '--server.insecure_bind_address=127.0.0.1',
      '--prometheus.insecure_bind_address=127.0.0.1',
    ],
    env: {},
  })
  if ('problem' in loaded) throw new Error(loaded.problem)
  let accessLog = ''
  gateway = createGateway(loaded.options, {
    freePorts: true,
    transport: faulty,
    stdout: {
      write(chunk, done) {
        accessLog += chunk.toString()
        done()
      },
      on: () => undefined,
    },
    stderr: { write: () => true },
  })
  const started = await gateway.start()
  if ('problem' in started) throw new Error(started.problem)
  port = started.ports.get('server.insecure_port') ?? 0
  const metricsPort = started.ports.get('prometheus.insecure_port') ?? 0
  observedGateway = {
    accessLines: (predicate, count = 1) =>
      waitUntil(() => {
        const lines = accessLog.split('\n').slice(0, -1)
        const found = lines.map((line) => JSON.parse(line) as LogLine).filter(predicate)
        return found.length >= count && found
      }, 'the access log line'),
    metrics: async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(),
  }
})

afterAll(async () => {
  await gateway?.stop()
  await folder?.remove()
  await sink?.stop()
  vi.unstubAllEnvs()
})

afterEach(async () => {
  await waitUntil(
    async () => /^kanali_requests_in_flight 0$/m.test(await observedGateway.metrics()),
    'no request in flight',
  )
})

/** The exception is on the server span: nobody could find the cause without it. */
function expectException(events: readonly { name: string; attributes: Readonly<Record<string, unknown>> }[]) {
  expect(events).toContainEqual({
    name: 'exception',
    attributes: expect.objectContaining({
      'exception.type': 'TypeError',
      'exception.message': WORDS,
      'exception.stacktrace': expect.stringContaining('errors-upstream-unknown'),
    }),
  })
}

describe('an error of the transport that nobody foresaw', () => {
  it('is upstream_error on every signal, with the exception on the server span', async () => {
    fault = { phase: 'waiting', error: new TypeError(WORDS) }
    const observed = await observe(observedGateway, sink, () => httpRequest(port, 'GET', '/odd'))
    expectFailedAttempt(observed, 'upstream_error', ENDPOINT)
    expect(observed.server.attributes['kanali.error.detail']).toContain(WORDS)
    expectException(observed.server.events)
  })

  it('tells the client nothing of what it says', async () => {
    fault = { phase: 'waiting', error: new TypeError(WORDS) }
    const response = await httpRequest(port, 'GET', '/odd')
    expect(response.head + response.text).not.toContain(WORDS)
  })

  it('resets the connection and is on every other signal where the answer had begun', async () => {
    fault = { phase: 'body', error: new TypeError(WORDS) }
    const observed = await observe(
      observedGateway,
      sink,
      async () => {
        await using client = await connectHttp(port)
        const response = await client.request('GET', '/odd/begun')
        return { response, end: (await client.ended()).end }
      },
      (line) => line['path'] === '/odd/begun',
    )
    expectCutAnswer(observed, 'upstream_error', { ...ENDPOINT, status: 200 })
    expectException(observed.server.events)
  })
})
