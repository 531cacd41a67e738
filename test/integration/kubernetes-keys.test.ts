// Api keys end to end with a real API server: objects as kubectl writes them, decrypted by the gateway, judged by their
// binding, and told on their statuses where something is wrong with them.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type KeyPair, keyPair } from '../support/api-keys.ts'
import { startApiServer, type ApiServer } from '../support/api-server.ts'
import { shop, startClusterGateway, untilAnswered } from '../support/cluster-gateway.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { apiKey, apiKeyBinding, apiProxy } from '../support/manifests.ts'
import { waitUntil } from '../support/wait-until.ts'

describeWithTools(['kube-apiserver', 'etcd'], 'api keys of a real API server', (apiserver, etcd) => {
  let server: ApiServer
  let gateway: GatewayProcess
  let keys: KeyPair

  beforeAll(async () => {
    keys = await keyPair()
    server = await startApiServer(apiserver ?? '', etcd ?? '')
    await server.createNamespace('shop')
    gateway = await startClusterGateway(server, {
      flags: { 'plugins.apiKey.decryption_key_file': keys.file },
    })
    await server.apply(shop.mockTarget('ok', 'let in'))
    await server.apply(
      apiProxy('guarded')
        .inNamespace('shop')
        .at('/guarded')
        .mock('ok')
        .plugin('apiKey', { apiKeyBindingName: 'partners' })
        .build(),
    )
  })
  afterAll(async () => {
    await gateway?.stop()
    await server?.stop()
    await keys?.[Symbol.asyncDispose]()
  })

  const ask = (key: string, method = 'GET') =>
    httpRequest(gateway.port, method, '/guarded', { headers: { apikey: key } })

  test('a key without a binding is refused, with one it passes, and rules hold', async () => {
    await server.apply(keys.apiKey('partner', 'partnersKey').build())
    await untilAnswered(gateway, '/guarded', { status: 403 })
    expect((await ask('partnersKey')).status).toBe(401)
    const binding = apiKeyBinding('partners')
      .inNamespace('shop')
      .key('partner', { defaultRule: { granular: { verbs: ['GET'] } } })
    await server.apply(binding.build())
    await waitUntil(async () => (await ask('partnersKey')).text === 'let in', 'the binding')
    expect((await ask('partnersKey', 'POST')).status).toBe(401)
    expect((await ask('another')).status).toBe(401)
    await server.apply(
      apiKey('partner')
        .revision(keys.encrypted('partnersKey'), 'Inactive')
        .revision(keys.encrypted('next'))
        .build(),
    )
    await waitUntil(async () => (await ask('next')).status === 200, 'the rotation')
    expect((await ask('partnersKey')).status).toBe(401)
    await server.delete('ApiKey', '', 'partner')
    await waitUntil(async () => (await ask('next')).status === 401, 'the deletion')
  })

  test('an expression that does not compile, and a revision that cannot be decrypted, are told on the objects', async () => {
    const binding = apiKeyBinding('broken')
      .inNamespace('shop')
      .key('partner', { subpaths: [{ path: '/(', rule: { global: true } }] })
    await server.apply(binding.build())
    await server.apply(apiKey('foreign').revision('bm90aGluZyBlbmNyeXB0ZWQ=').build())
    const conditionOf = async (kind: string, namespace: string, name: string) => {
      const { status } = (await server.get(kind, namespace, name)) as { status?: { conditions?: object[] } }
      return status?.conditions?.[0]
    }
    expect(
      await waitUntil(() => conditionOf('ApiKeyBinding', 'shop', 'broken'), 'a condition of the binding'),
    ).toMatchObject({ type: 'Accepted', status: 'False', reason: 'ExpressionInvalid' })
    expect(
      await waitUntil(() => conditionOf('ApiKey', '', 'foreign'), 'a condition of the key'),
    ).toMatchObject({
      type: 'Accepted',
      status: 'False',
      reason: 'RevisionUndecryptable',
    })
  })
})
