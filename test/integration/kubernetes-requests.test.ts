// The original's cases, end to end: objects written to a real API server as kubectl writes them, requests through the
// gateway, and an upstream that says what reached it. Services are reached by their cluster IPs, which are addresses of
// this machine here: the API server refuses EndpointSlices with such addresses (endpoints.test.ts has those).

import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApiServer, type ApiServer } from '../support/api-server.ts'
import { createAuthority } from '../support/certificates.ts'
import { shop, startClusterGateway, untilAnswered } from '../support/cluster-gateway.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { waitUntil } from '../support/wait-until.ts'

const IPS = { old: '127.64.0.11', young: '127.64.0.12', canary: '127.64.0.13', nobody: '127.64.0.14' }

describeWithTools(['kube-apiserver', 'etcd'], 'requests by what a real API server has', (apiserver, etcd) => {
  let server: ApiServer
  let gateway: GatewayProcess
  const upstreams: Server[] = []
  let port = 0

  /** Says which address was called, and with what path. */
  async function startEcho(address: string): Promise<void> {
    const upstream = createServer((request, response) => response.end(`${address} ${request.url}`))
    await new Promise<void>((resolve, reject) => {
      upstream.once('error', reject).listen(port, address, resolve)
    })
    port = (upstream.address() as AddressInfo).port
    upstreams.push(upstream)
  }

  beforeAll(async () => {
    server = await startApiServer(apiserver ?? '', etcd ?? '')
    await server.createNamespace('shop')
    gateway = await startClusterGateway(server, {
      flags: { 'proxy.default_header_values': 'x-track=stable' },
    })
    for (const address of [IPS.old, IPS.young, IPS.canary]) await startEcho(address)
    await server.apply(shop.service('old', IPS.old, port, { app: 'web', track: 'stable' }))
    // Creation times are whole seconds: the second is to be younger.
    const { creationTimestamp } = (await server.get('Service', 'shop', 'old')).metadata
    await waitUntil(
      async () => {
        const made = await server.apply(
          shop.service('young', IPS.young, port, { app: 'web', track: 'stable' }),
        )
        if (made.metadata['creationTimestamp'] !== creationTimestamp) return true
        await server.delete('Service', 'shop', 'young')
        return false
      },
      'the next second by the API server',
      { everyMs: 50 },
    )
    await server.apply(shop.service('canary', IPS.canary, port, { app: 'web', track: 'canary' }))
    await server.apply(shop.service('nobody', IPS.nobody, port))
  })
  afterAll(async () => {
    await gateway?.stop()
    for (const upstream of upstreams) {
      upstream.closeAllConnections()
      upstream.close()
    }
    await server?.stop()
  })

  const ask = (path: string, headers: [string, string][] = []) =>
    httpRequest(gateway.port, 'GET', path, { headers })
  const byName = (name: string) => ({ service: { name, port } })

  test.each([
    ['/foo', '/car', '/foo/bar', '/car/bar'],
    ['/p-root', '/', '/p-root', '/'],
    ['/foo2/bar', '/', '/foo2/bar', '/'],
    ['/foo3/bar', '/foo', '/foo3/bar', '/foo'],
    ['/foo4', '/', '/foo4/bar', '/bar'],
    ['/endpoint', '/', '/endpoint/%47%6f%2f?a=%20', '/%47%6f%2f?a=%20'],
    ['/slashes', '/', '//slashes////x//', '/x/'],
  ])('source %s, target %s: %s reaches the upstream as %s', async (source, target, asked, reached) => {
    const name = `path${source.replaceAll('/', '-')}`
    await server.apply(shop.apiProxy(name, byName('old'), { path: source, target: { path: target } }))
    await untilAnswered(gateway, asked, { status: 200, text: `${IPS.old} ${reached}` })
  })

  test('a virtual host beats none at its path, and a path that does not fit the host is skipped', async () => {
    await server.apply(shop.mockTarget('any', 'any'))
    await server.apply(shop.mockTarget('vip', 'vip'))
    await server.apply(shop.apiProxy('any', shop.mocked('any'), { path: '/hosts' }))
    await server.apply(shop.apiProxy('vip', shop.mocked('vip'), { path: '/hosts', host: 'vip.example' }))
    await server.apply(
      shop.apiProxy('deep', shop.mocked('vip'), { path: '/hosts/deep', host: 'vip.example' }),
    )
    await untilAnswered(gateway, '/hosts/deep', { status: 200, text: 'vip', host: 'VIP.example:8080' })
    await untilAnswered(gateway, '/hosts', { status: 200, text: 'vip', host: 'vip.example' })
    await untilAnswered(gateway, '/hosts/deep', { status: 200, text: 'any', host: 'other.example' })
  })

  test('a Service is found by labels: the oldest of several, with their number', async () => {
    const labels = [
      { name: 'app', value: 'web' },
      { name: 'track', header: 'x-track' },
    ]
    await server.apply(shop.apiProxy('dynamic', { service: { labels, port } }))
    await untilAnswered(gateway, '/dynamic', { status: 200, text: IPS.old })
    const several = await ask('/dynamic', [['x-track', 'stable']])
    expect([several.text.split(' ')[0], several.header('x-kanali-service-cardinality')]).toEqual([
      IPS.old,
      '2',
    ])
    const canary = await ask('/dynamic', [['x-track', 'canary']])
    expect([canary.text.split(' ')[0], canary.header('x-kanali-service-cardinality')]).toEqual([
      IPS.canary,
      undefined,
    ])
    expect((await ask('/dynamic', [['x-track', 'none']])).text).toContain('"code":10')
    // What is discovered follows the labels of now.
    await server.apply(shop.service('old', IPS.old, port, { app: 'web', track: 'retired' }))
    await untilAnswered(gateway, '/dynamic', { status: 200, text: IPS.young })
    await server.apply(shop.service('old', IPS.old, port, { app: 'web', track: 'stable' }))
    await untilAnswered(gateway, '/dynamic', { status: 200, text: IPS.old })
  })

  test('an upstream is trusted by the CA of a Secret, and the Secret of now', async () => {
    const authority = createAuthority()
    const { certificate, key } = authority.server()
    const secure = createSecureServer({ cert: certificate, key }, (_, response) => response.end('secure'))
    upstreams.push(secure)
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve))
    const endpoint = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`
    const released = { 'kanali.io/enabled': 'true' }
    await server.apply(shop.secret('trust', { 'tls.ca': createAuthority().certificate }, released))
    await server.apply(shop.apiProxy('tls', { endpoint }, { target: { ssl: { secretName: 'trust' } } }))
    await untilAnswered(gateway, '/tls', { status: 502, text: '"code":8' })
    await server.apply(shop.secret('trust', { 'tls.ca': authority.certificate }, released))
    await untilAnswered(gateway, '/tls', { status: 200, text: 'secure' })
    await server.apply(shop.secret('trust', { 'tls.ca': authority.certificate }))
    await untilAnswered(gateway, '/tls', { status: 500, text: '"code":6' })
  })

  test.each([
    ['02', shop.mocked('missing'), {}, 404],
    ['03', { endpoint: 'http://127.0.0.1:1' }, { plugins: [{ name: 'nowhere' }] }, 500],
    ['08', { service: { name: 'nobody', port: 1 } }, {}, 500],
    ['10', { service: { name: 'missing', port: 80 } }, {}, 500],
  ])('code %s', async (code, backend, spec, status) => {
    const proxy = shop.apiProxy(`code-${code}`, code === '08' ? byName('nobody') : backend)
    await server.apply({ ...proxy, spec: { ...proxy.spec, ...spec } })
    await untilAnswered(gateway, `/code-${code}`, {
      status: code === '08' ? 502 : status,
      text: `"code":${Number(code)},`,
    })
  })

  test('a mock answers with its headers, by path and method', async () => {
    const target = shop.mockTarget('rich', 'rich')
    await server.apply({
      ...target,
      spec: {
        routes: [{ path: '/a', status: 201, methods: ['GET'], headers: { 'X-Said': 'yes' }, body: 'rich' }],
      },
    })
    await server.apply(shop.apiProxy('rich', shop.mocked('rich')))
    await untilAnswered(gateway, '/rich/a', { status: 201, text: 'rich' })
    expect((await ask('/rich/a')).header('x-said')).toBe('yes')
    expect((await httpRequest(gateway.port, 'POST', '/rich/a')).text).toContain('"code":2')
  })

  test('of two for one place the older is served, and the younger takes over when it goes', async () => {
    await server.apply(shop.apiProxy('b-first', shop.mocked('any'), { path: '/contested' }))
    await untilAnswered(gateway, '/contested', { status: 200, text: 'any' })
    await server.apply(shop.apiProxy('z-second', shop.mocked('vip'), { path: '/contested' }))
    await server.apply(shop.apiProxy('marker', shop.mocked('vip')))
    await untilAnswered(gateway, '/marker', { status: 200 })
    await untilAnswered(gateway, '/contested', { status: 200, text: 'any' })
    await server.delete('ApiProxy', 'shop', 'b-first')
    await untilAnswered(gateway, '/contested', { status: 200, text: 'vip' })
  })
})
