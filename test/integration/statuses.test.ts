// Statuses in a real API server, by its own count of writes: as many as there are changes, of the object that is there
// now, and for the generation that it has now; and an end in time, whatever the server does.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApiServer, type ApiServer } from '../support/api-server.ts'
import { shop, startClusterGateway, untilAnswered, untilStatus } from '../support/cluster-gateway.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'

describeWithTools(['kube-apiserver', 'etcd'], 'statuses in a real API server', (apiserver, etcd) => {
  let server: ApiServer
  let gateway: GatewayProcess

  beforeAll(async () => {
    server = await startApiServer(apiserver ?? '', etcd ?? '')
    await server.createNamespace('shop')
    gateway = await startClusterGateway(server)
    await server.apply(shop.mockTarget('canned', 'canned'))
  })
  afterAll(async () => {
    server?.resumeServer()
    await gateway?.stop()
    await server?.stop()
  })

  const isReady = ({ conditions }: { conditions: Readonly<Record<string, { status: string }>> }) =>
    conditions['Ready']?.status === 'True'

  test('are written once for each change of conditions, and for nothing else', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `counted-${index}`)
    const before = await server.statusWrites('apiproxies')
    for (const name of names) await server.apply(shop.apiProxy(name, shop.mocked('canned')))
    for (const name of names) await untilStatus(server, name, isReady)
    expect(await server.statusWrites('apiproxies')).toBe(before + names.length)
    // What has nothing to do with any condition, then one thing that has.
    for (const name of names) {
      await server.request('PATCH', `/apis/kanali.io/v2/namespaces/shop/apiproxies/${name}`, {
        body: { metadata: { annotations: { 'example.com/note': name } } },
      })
    }
    await server.apply(shop.service('unrelated', '127.64.0.20', 80))
    await server.apply(shop.mockTarget('canned', 'changed'))
    await server.apply(shop.apiProxy('counted-0', shop.mocked('missing')))
    await untilStatus(server, 'counted-0', ({ code }) => code === '02')
    expect(await server.statusWrites('apiproxies')).toBe(before + names.length + 1)
  })

  test('are those of the object that is there, however soon it took the place of another', async () => {
    const proxy = shop.apiProxy('again', shop.mocked('canned'))
    await server.apply(proxy)
    await untilStatus(server, 'again', isReady)
    for (let times = 0; times < 5; times++) {
      await server.delete('ApiProxy', 'shop', 'again')
      await server.apply(proxy)
      await untilStatus(server, 'again', isReady)
    }
  })

  test('speak of the generation that is there, even where a change of it changes nothing', async () => {
    await server.apply(shop.apiProxy('folded', shop.mocked('canned'), { path: '/folded' }))
    await untilStatus(server, 'folded', isReady)
    const { metadata } = await server.apply(
      shop.apiProxy('folded', shop.mocked('canned'), { path: '/folded/' }),
    )
    expect(metadata['generation']).toBe(2)
    const { conditions } = await untilStatus(
      server,
      'folded',
      ({ observedGeneration }) => observedGeneration === 2,
      10_000,
    )
    expect(conditions['Ready']?.observedGeneration).toBe(2)
    await untilAnswered(gateway, '/folded', { status: 200 })
  })

  test('keep nobody from ending while the server says nothing', async () => {
    server.pauseServer()
    const exit = await gateway.process.stop('SIGTERM', 60_000)
    server.resumeServer()
    expect(exit).toMatchObject({ code: 0 })
  }, 90_000)
})
