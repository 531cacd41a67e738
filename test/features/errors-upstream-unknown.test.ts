// The generic reason of code 08: an error of the transport that nobody foresaw. No upstream can be made to cause it, so
// it is injected between the exchange and the transport; the gateway runs inside the test, on real sockets.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Phase, Transport } from '../../src/proxy/upstream/transport.ts'
import { connectHttp, httpRequest } from '../support/http-client.ts'
import { type InProcessGateway, startInProcessGateway } from '../support/in-process-gateway.ts'
import { apiProxy } from '../support/manifests.ts'
import { observe } from '../support/observed.ts'
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
    isEndToEnd: made.isEndToEnd,
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
    load: () => 0,
    sweep: (now) => made.sweep(now),
    close: () => made.close(),
  }
}

let sink: OtlpSink
let folder: TempFolder
let gateway: InProcessGateway

beforeAll(async () => {
  sink = await startOtlpSink()
  folder = await tempFolder('unknown-error')
  const proxy = apiProxy('odd').at('/odd').toEndpoint(`http://${ENDPOINT.host}:${ENDPOINT.port}`)
  await folder.write('odd.yaml', JSON.stringify(proxy.build()))
  gateway = await startInProcessGateway(sink, { 'source.directory': folder.path }, { transport: faulty })
})

afterAll(async () => {
  await gateway?.stop()
  await folder?.remove()
  await sink?.stop()
})

afterEach(async () => {
  await waitUntil(
    async () => /^kanali_requests_in_flight 0$/m.test(await gateway.metrics()),
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
    const observed = await observe(gateway, sink, () => httpRequest(gateway.port, 'GET', '/odd'))
    expectFailedAttempt(observed, 'upstream_error', ENDPOINT)
    expect(observed.server.attributes['kanali.error.detail']).toContain(WORDS)
    expectException(observed.server.events)
  })

  it('tells the client nothing of what it says', async () => {
    fault = { phase: 'waiting', error: new TypeError(WORDS) }
    const response = await httpRequest(gateway.port, 'GET', '/odd')
    expect(response.head + response.text).not.toContain(WORDS)
  })

  it('resets the connection and is on every other signal where the answer had begun', async () => {
    fault = { phase: 'body', error: new TypeError(WORDS) }
    const observed = await observe(
      gateway,
      sink,
      async () => {
        await using client = await connectHttp(gateway.port)
        const response = await client.request('GET', '/odd/begun')
        return { response, end: (await client.ended()).end }
      },
      (line) => line['path'] === '/odd/begun',
    )
    expectCutAnswer(observed, 'upstream_error', { ...ENDPOINT, status: 200 })
    expectException(observed.server.events)
  })
})
