// Code 08 where no connection to the upstream comes about: name, address, port, limits, and what the configuration rules
// out before anybody is asked. The real gateway with real faults, every signal of the same request compared.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DeafUpstream, startDeafUpstream } from '../support/deaf-upstream.ts'
import { freePorts } from '../support/free-ports.ts'
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.ts'
import { connectHttp, httpRequest } from '../support/http-client.ts'
import { apiProxy, endpointSlice, secret, service } from '../support/manifests.ts'
import { observe, rise } from '../support/observed.ts'
import { startOtlpSink, type OtlpSink } from '../support/otlp-sink.ts'
import { expectFailedAttempt, expectNoAttempt } from '../support/upstream-failure.ts'
import { neverAnswers } from '../support/upstream-scripts.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { waitUntil } from '../support/wait-until.ts'

let sink: OtlpSink
let gateway: GatewayProcess
let deaf: DeafUpstream
let busy: Upstream
let closedPort: number

const get = (path: string) => () => httpRequest(gateway.port, 'GET', path)

const proxyTo = (name: string, endpoint: string) => apiProxy(name).at(`/${name}`).toEndpoint(endpoint).build()

beforeAll(async () => {
  sink = await startOtlpSink()
  deaf = await startDeafUpstream()
  busy = await startUpstream(neverAnswers())
  ;[closedPort = 0] = await freePorts(1)
  gateway = await startGatewayProcess({
    otlpUrl: sink.httpUrl,
    // The resolver gives up before it sends a query: a real failure of a look-up, and nothing leaves the machine.
    env: { RES_OPTIONS: 'attempts:0' },
    flags: {
      'proxy.connect_timeout': '1s',
      'proxy.upstream_timeout': '20s',
      'proxy.max_connections_per_endpoint': 1,
      'proxy.max_pending_per_endpoint': 0,
    },
    manifests: {
      'endpoints.yaml': [
        proxyTo('nowhere', 'http://nowhere.invalid:8080'),
        proxyTo('refused', `http://127.0.0.1:${closedPort}`),
        proxyTo('refused-by-name', `http://localhost:${closedPort}`),
        // The broadcast address of loopback: connect() fails at once, without a packet.
        proxyTo('unroutable', 'http://127.255.255.255:8080'),
        proxyTo('deaf', `http://127.0.0.1:${deaf.port}`),
        proxyTo('busy', busy.url),
        proxyTo('metadata', 'http://169.254.169.254:80'),
      ],
      'services.yaml': [
        service('idle').port(8080, 'http').build(),
        endpointSlice('idle-1').of('idle').port(8080, 'http').endpoint('127.0.0.1', false).build(),
        apiProxy('unready').at('/unready').service('idle', 8080).build(),
        secret('broken').enabled().ca('no certificate at all').build(),
        apiProxy('broken-ca').at('/broken-ca').toEndpoint('https://127.0.0.1:8443').ssl('broken').build(),
      ],
    },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await busy?.stop()
  await deaf?.[Symbol.asyncDispose]()
  await sink?.stop()
})

describe('an upstream that cannot be connected to explains itself', () => {
  it('says dns_error where its name does not resolve', async () => {
    const observed = await observe(gateway, sink, get('/nowhere'))
    expectFailedAttempt(observed, 'dns_error', { host: 'nowhere.invalid', port: 8080 })
  })

  it.each([
    ['an address', '/refused', '127.0.0.1'],
    ['a name', '/refused-by-name', 'localhost'],
  ])('says connection_refused where nothing listens on the port of %s', async (_, path, host) => {
    const observed = await observe(gateway, sink, get(path))
    expectFailedAttempt(observed, 'connection_refused', { host, port: closedPort })
  })

  it('says destination_unroutable where the system has no way to the address', async () => {
    const observed = await observe(gateway, sink, get('/unroutable'))
    expectFailedAttempt(observed, 'destination_unroutable', { host: '127.255.255.255', port: 8080 })
  })

  it('says connection_timeout where the connection is not accepted in time', async () => {
    const observed = await observe(gateway, sink, get('/deaf'))
    expectFailedAttempt(observed, 'connection_timeout', { host: '127.0.0.1', port: deaf.port })
  })

  it('says connection_limit where every connection is in use and no request may wait', async () => {
    await using first = await connectHttp(gateway.port)
    await first.send('GET /busy HTTP/1.1\r\nhost: a\r\n\r\n')
    await busy.connection(0)
    const observed = await observe(gateway, sink, get('/busy'))
    expectFailedAttempt(observed, 'connection_limit', { host: '127.0.0.1', port: busy.port })
    expect(busy.connections).toHaveLength(1)
  })

  it('says address_not_allowed for a link-local address, without connecting to it', async () => {
    const observed = await observe(gateway, sink, get('/metadata'))
    expectFailedAttempt(observed, 'address_not_allowed', { host: '169.254.169.254', port: 80 })
  })

  it('says address_not_allowed for a name that leads to an admin port of the gateway', async () => {
    const { profilingPort } = gateway
    await gateway.write('admin.yaml', proxyTo('admin', `http://localhost:${profilingPort}`))
    await waitUntil(async () => (await get('/admin/healthz')()).status !== 404, 'the route /admin')
    const observed = await observe(gateway, sink, get('/admin/healthz'))
    expectFailedAttempt(observed, 'address_not_allowed', { host: 'localhost', port: profilingPort })
  })
})

describe('what rules an upstream out before anybody is asked', () => {
  it('is no_ready_endpoint where the Service has endpoints and none is ready', async () => {
    expectNoAttempt(await observe(gateway, sink, get('/unready')), 'no_ready_endpoint')
  })

  it('is ca_unparsable where the CA in the Secret is no certificate', async () => {
    expectNoAttempt(await observe(gateway, sink, get('/broken-ca')), 'ca_unparsable')
  })

  it('shows on the metrics of its own ApiProxy alone', async () => {
    const observed = await observe(gateway, sink, get('/unready'))
    const labels = { namespace: 'default', apiproxy: 'unready', status: '502', code: '08', outcome: 'error' }
    expect(rise(observed, 'kanali_requests_total', labels)).toBe(1)
    expect(rise(observed, 'kanali_requests_total', {})).toBe(1)
  })
})
