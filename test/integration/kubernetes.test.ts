// The gateway against a real API server: what is written there is served, what happens to the server costs no route, and
// what the gateway makes of an object stands in its status.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { startApiServer, type ApiServer } from '../support/api-server.ts'
import { createAuthority } from '../support/certificates.ts'
import { shop, startClusterGateway, untilAnswered, untilStatus } from '../support/cluster-gateway.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { waitUntil } from '../support/wait-until.ts'

describeWithTools(['kube-apiserver', 'etcd'], 'a gateway and a real API server', (apiserver, etcd) => {
  let server: ApiServer
  let gateway: GatewayProcess
  const others: GatewayProcess[] = []

  beforeAll(async () => {
    server = await startApiServer(apiserver ?? '', etcd ?? '')
    await server.createNamespace('shop')
  })
  beforeEach(async () => {
    gateway = await startClusterGateway(server)
  })
  afterEach(async () => {
    for (const one of [gateway, ...others.splice(0)]) await one?.stop()
  })
  afterAll(() => server?.stop())

  test('an empty cluster gets the definitions, and what is applied then is served, changed and gone', async () => {
    await server.apply(shop.mockTarget('canned', 'first'))
    await server.apply(shop.apiProxy('canned', shop.mocked('canned')))
    await untilAnswered(gateway, '/canned', { status: 200, text: 'first' })
    await server.apply(shop.mockTarget('canned', 'second'))
    await untilAnswered(gateway, '/canned', { status: 200, text: 'second' })
    await server.delete('ApiProxy', 'shop', 'canned')
    await untilAnswered(gateway, '/canned', { status: 404, text: '"code":0' })
  })

  test('a server that is away costs no route, and what changed meanwhile is caught up with', async () => {
    await server.apply(shop.mockTarget('kept', 'kept'))
    await server.apply(shop.apiProxy('kept', shop.mocked('kept')))
    await untilAnswered(gateway, '/kept', { status: 200, text: 'kept' })
    await server.stopServer()
    await waitUntil(
      async () => (await gateway.readiness()).text.includes('source_stale'),
      'the silence to be said',
      { timeoutMs: 30_000, everyMs: 100 },
    )
    expect((await gateway.readiness()).status).toBe(200)
    expect(await gateway.metrics()).toMatch(/^kanali_source_stale_seconds [1-9]/m)
    await untilAnswered(gateway, '/kept', { status: 200, text: 'kept' })
    await server.start()
    await server.apply(shop.mockTarget('kept', 'changed'))
    await untilAnswered(gateway, '/kept', { status: 200, text: 'changed' }, 40_000)
    await waitUntil(
      async () => !(await gateway.readiness()).text.includes('source_stale'),
      'the end of the silence',
      { timeoutMs: 40_000, everyMs: 100 },
    )
  }, 120_000)

  test('a deletion that fell out of the history is found by a new list', async () => {
    await server.apply(shop.mockTarget('stays', 'stays'))
    for (const name of ['gone', 'stays']) await server.apply(shop.apiProxy(name, shop.mocked('stays')))
    await untilAnswered(gateway, '/gone', { status: 200 })
    gateway.process.kill('SIGSTOP')
    // Its connections end first, or the deletion would wait for it in the buffers of the system.
    await server.stopServer()
    await server.start()
    await server.delete('ApiProxy', 'shop', 'gone')
    await server.compact()
    await server.stopServer()
    await server.start()
    gateway.process.kill('SIGCONT')
    await untilAnswered(gateway, '/gone', { status: 404 }, 40_000)
    await untilAnswered(gateway, '/stays', { status: 200 })
    const relists = gateway.log.filter(({ msg }) => msg === 'the API server is asked for a new list')
    expect(JSON.stringify(relists)).toMatch(/410|too old/)
  }, 90_000)

  test('an etcd that stands still costs no route either', async () => {
    await server.apply(shop.mockTarget('calm', 'calm'))
    await server.apply(shop.apiProxy('calm', shop.mocked('calm')))
    await untilAnswered(gateway, '/calm', { status: 200 })
    server.pauseEtcd()
    const change = () =>
      server.apply(shop.mockTarget('calm', 'later')).then(
        () => true,
        () => false,
      )
    const changed = change()
    await untilAnswered(gateway, '/calm', { status: 200, text: 'calm' })
    server.resumeEtcd()
    // Where the machine was slow, the API server has given up waiting for its etcd, and refused.
    if (!(await changed)) await waitUntil(change, 'the API server to take the change')
    await untilAnswered(gateway, '/calm', { status: 200, text: 'later' })
  })

  test('a status names the failing reference and the code, then that all is well, with an Event each', async () => {
    const { certificate } = createAuthority()
    await server.apply(shop.secret('tls', { 'tls.ca': certificate }))
    const proxy = shop.apiProxy(
      'secure',
      { endpoint: 'https://127.0.0.1:1' },
      { target: { ssl: { secretName: 'tls' } } },
    )
    const { metadata } = await server.apply(proxy)
    const bad = await untilStatus(server, 'secure', ({ code }) => code === '06')
    expect(bad.conditions['Ready']).toMatchObject({
      status: 'False',
      reason: 'SecretNotReleased',
      message:
        "requests are answered with code 06: Secret shop/tls is not annotated kanali.io/enabled: 'true'",
      observedGeneration: metadata['generation'],
    })
    expect(bad.conditions['Accepted']).toMatchObject({ status: 'True', reason: 'Accepted' })
    expect(bad.conditions['ResolvedRefs']).toMatchObject({ status: 'False', reason: 'SecretNotReleased' })
    await server.apply(shop.secret('tls', { 'tls.ca': certificate }, { 'kanali.io/enabled': 'true' }))
    const good = await untilStatus(
      server,
      'secure',
      ({ conditions }) => conditions['Ready']?.status === 'True',
    )
    expect(good.code).toBeUndefined()
    expect(good.conditions['Accepted']?.lastTransitionTime).toBe(
      bad.conditions['Accepted']?.lastTransitionTime,
    )
    const events = await waitUntil(async () => {
      const { body } = await server.request('GET', '/api/v1/namespaces/shop/events')
      const { items } = body as unknown as {
        items: { reason: string; type: string; involvedObject: { name: string; uid: string } }[]
      }
      const ours = items.filter(({ involvedObject }) => involvedObject.name === 'secure')
      return ours.length >= 2 && ours
    }, 'two Events')
    expect(events.map(({ reason, type }) => `${type} ${reason}`).sort()).toEqual([
      'Normal Ready',
      'Warning SecretNotReleased',
    ])
    expect(events[0]?.involvedObject.uid).toBe(metadata.uid)
  })

  test('of Secrets only those that the selector names are seen, and no value of any is shown', async () => {
    const { certificate } = createAuthority()
    const data = { 'tls.ca': certificate, password: 'known-secret-value' }
    const released = { 'kanali.io/enabled': 'true' }
    const labelled = shop.secret('chosen', data, released)
    await server.apply({ ...labelled, metadata: { ...labelled.metadata, labels: { 'for-kanali': 'yes' } } })
    await server.apply(shop.secret('other', data, released))
    for (const name of ['chosen', 'other']) {
      const target = { ssl: { secretName: name } }
      await server.apply(shop.apiProxy(`by-${name}`, { endpoint: 'https://127.0.0.1:1' }, { target }))
    }
    const picky = await startClusterGateway(server, {
      flags: { 'kubernetes.secret_selector': 'for-kanali=yes' },
    })
    others.push(picky)
    await untilAnswered(picky, '/by-chosen', { status: 502, text: '"code":8' })
    await untilAnswered(picky, '/by-other', { status: 500, text: '"code":6' })
    await untilAnswered(gateway, '/by-other', { status: 502, text: '"code":8' })
    const dumps = await Promise.all(
      ['snapshot', 'events'].map(async (page) =>
        (await fetch(`http://127.0.0.1:${gateway.profilingPort}/debug/${page}`)).text(),
      ),
    )
    expect(dumps[0]).toContain('by-chosen')
    for (const text of [...dumps, gateway.process.stderr, gateway.process.stdout]) {
      expect(text).not.toContain('known-secret-value')
      expect(text).not.toContain(Buffer.from('known-secret-value').toString('base64'))
    }
  })

  test('a status is written once: what is written leads to no further write', async () => {
    await server.apply(shop.mockTarget('quiet', 'quiet'))
    await server.apply(shop.apiProxy('quiet', shop.mocked('quiet')))
    const first = await untilStatus(server, 'quiet', ({ conditions }) => conditions['Ready'] !== undefined)
    // Others are written meanwhile, so that the writer has had its turns.
    for (const name of ['one', 'two', 'three']) {
      await server.apply(shop.apiProxy(`quiet-${name}`, shop.mocked('quiet')))
      await untilStatus(server, `quiet-${name}`, ({ conditions }) => conditions['Ready'] !== undefined)
    }
    const later = await untilStatus(server, 'quiet', () => true)
    expect(later.resourceVersion).toBe(first.resourceVersion)
    const { managedFields } = (await server.get('ApiProxy', 'shop', 'quiet')).metadata as unknown as {
      managedFields: { manager: string; subresource?: string }[]
    }
    expect(managedFields.map(({ manager, subresource }) => `${manager} ${subresource ?? ''}`).sort()).toEqual(
      ['kanali status', 'test '],
    )
  })

  test('of two replicas one writes; when it is killed the other takes over, and rewrites nothing', async () => {
    const holder = async () =>
      ((await server.get('Lease', 'default', 'kanali-status'))['spec'] as { holderIdentity: string })
        .holderIdentity
    await server.apply(shop.mockTarget('replicated', 'replicated'))
    await server.apply(shop.apiProxy('replicated', shop.mocked('replicated')))
    const first = await untilStatus(
      server,
      'replicated',
      ({ conditions }) => conditions['Ready'] !== undefined,
    )
    const before = await waitUntil(holder, 'a holder')
    const other = await startClusterGateway(server)
    others.push(other)
    await gateway.process.stop('SIGKILL')
    await waitUntil(async () => ![before, ''].includes(await holder()), 'another holder', {
      timeoutMs: 40_000,
      everyMs: 200,
    })
    await server.apply(shop.apiProxy('after', shop.mocked('missing')))
    await untilStatus(server, 'after', ({ code }) => code === '02', 30_000)
    expect((await untilStatus(server, 'replicated', () => true)).resourceVersion).toBe(first.resourceVersion)
    // One that ends in order gives the lease back.
    await other.process.stop('SIGTERM')
    expect(await holder()).toBe('')
  }, 120_000)
})
