// The story that all of this is for: a working route, a change that breaks it, failing traffic; and from nothing but the
// trace id in the response header, `kanali explain` and `kanali why` name the object, the field and the change.

import { expect, test } from 'vitest'
import { startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { kanali } from '../support/kanali-command.ts'
import { apiProxy, service } from '../support/manifests.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { startUpstream } from '../support/upstream.ts'
import { answers } from '../support/upstream-scripts.ts'
import { waitUntil } from '../support/wait-until.ts'

test('from a trace id to the change behind it', async () => {
  await using journal = await tempFolder('story')
  await using upstream = await startUpstream(answers())
  const cart = (name: string) => apiProxy('cart').inNamespace('shop').at('/cart').service(name, upstream.port)
  await using gateway = await startGatewayProcess({
    manifests: {
      'cart.yaml': cart('cart').build(),
      'service.yaml': service('cart').inNamespace('shop').clusterIP('127.0.0.1').port(upstream.port).build(),
      'other.yaml': apiProxy('other')
        .inNamespace('blog')
        .at('/blog')
        .toEndpoint('http://127.0.0.1:9')
        .build(),
    },
    flags: { 'events.journal_dir': journal.path, 'proxy.enable_cluster_ip': true },
  })
  const ask = () => httpRequest(gateway.port, 'GET', '/cart/7')
  const url = `http://127.0.0.1:${gateway.profilingPort}`
  const why = (id: string, ...more: string[]) =>
    kanali('why', id, '--journal', journal.path, '--gateway', url, ...more)

  const good = await ask()
  expect(good.status).toBe(200)
  // A change that has nothing to do with it, the one that breaks it, and another one behind it.
  await gateway.write(
    'other.yaml',
    apiProxy('other').inNamespace('blog').at('/news').toEndpoint('http://127.0.0.1:9').build(),
  )
  await gateway.write('cart.yaml', cart('cart-v2').build())
  const bad = await waitUntil(async () => {
    const answer = await ask()
    return answer.status === 500 && answer
  }, 'the change to arrive')
  await gateway.write(
    'late.yaml',
    apiProxy('late').inNamespace('blog').at('/late').toEndpoint('http://127.0.0.1:9').build(),
  )
  const id = bad.header('x-kanali-correlation-id') ?? ''

  const explained = await kanali('explain', id, '--gateway', url)
  expect(explained.stdout).toContain('code 10, reason service_missing')
  expect(explained.stdout).toContain('ApiProxy shop/cart, field spec.target.backend.service.name')

  const told = await waitUntil(async () => {
    const said = await why(id)
    return said.stdout.includes('One change') && said
  }, 'the journal to have it')
  expect(
    told.stdout.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME').replace(/revision {2}\d+/, 'revision  N'),
  ).toBe(
    `GET localhost/cart/7
It failed at TIME: code 10, service_missing.

One change made the decision what it is: ApiProxy shop/cart was written.
  when      TIME
  revision  N
  before    ApiProxy shop/cart: http://127.0.0.1:${upstream.port}/7
  after     ApiProxy shop/cart: code 10, service_missing: Service shop/cart-v2 does not exist

What changed in the object
  spec.target.backend.service.name: cart -> cart-v2

Look at it
  kubectl get apiproxy cart -n shop -o yaml --show-managed-fields
`,
  )
  const json = JSON.parse((await why(id, '--output', 'json')).stdout) as object
  expect(json).toMatchObject({
    request: { method: 'GET', path: '/cart/7' },
    before: { outcome: 'ok', code: null, reason: null },
    after: { outcome: 'error', code: '10', reason: 'service_missing' },
    event: { type: 'upserted', kind: 'ApiProxy', namespace: 'shop', name: 'cart' },
    diff: [{ path: 'spec.target.backend.service.name', from: 'cart', to: 'cart-v2' }],
    unchanged: null,
  })

  const { after } = json as { after: { revision: number } }
  const dryRun = (at: number) =>
    kanali(
      'explain',
      '--request',
      'GET http://localhost/cart/7',
      '--journal',
      journal.path,
      '--at',
      String(at),
    )
  expect((await dryRun(after.revision)).stdout).toContain('code 10, reason service_missing')
  expect((await dryRun(after.revision - 1)).stdout).not.toContain('code 10')

  // A decision that serves it, by an upstream that is none.
  await gateway.write(
    'cart.yaml',
    apiProxy('cart').inNamespace('shop').at('/cart').toEndpoint('http://127.0.0.1:9').build(),
  )
  const refused = await waitUntil(async () => {
    const answer = await ask()
    return answer.status === 502 && answer
  }, 'the wrong address to arrive')

  // Put right again: the decision is another one, and the change behind it too.
  await gateway.write('cart.yaml', cart('cart').build())
  await waitUntil(async () => (await ask()).status === 200, 'the route to be right again')
  // What went well after the mending is no proof that the configuration was right before.
  const mended = await why(refused.header('x-kanali-correlation-id') ?? '')
  expect(mended.stdout).toContain('One change made the decision what it is: ApiProxy shop/cart was written.')
  expect(mended.stdout).toContain('after     ApiProxy shop/cart: http://127.0.0.1:9/7')
  await upstream.stop()
  const broken = await waitUntil(async () => {
    const answer = await ask()
    return answer.status === 502 && answer
  }, 'the upstream to be gone')
  const unchanged = await why(broken.header('x-kanali-correlation-id') ?? '')
  expect(unchanged.stdout).toContain('The configuration did not change.')
  expect(unchanged.stdout).toMatch(
    /^ {2}since {5}\S+Z: trace [0-9a-f]{32} \(revision \d+\), the first that failed so$/m,
  )
  expect(unchanged.stdout).toMatch(
    /^ {2}before {4}\S+Z: trace [0-9a-f]{32} \(revision \d+\), of the same route, went well$/m,
  )
  const toldUnchanged = JSON.parse(
    (await why(broken.header('x-kanali-correlation-id') ?? '', '--output', 'json')).stdout,
  ) as object
  expect(Object.keys(toldUnchanged)).toEqual(['request', 'before', 'after', 'event', 'diff', 'unchanged'])
  expect(toldUnchanged).toMatchObject({
    before: null,
    event: null,
    after: { outcome: 'ok', code: null, reason: null, revision: expect.any(Number) as number },
    unchanged: { reason: 'connection_refused', since: expect.stringMatching(/Z$/) as string },
  })
  expect(unchanged.stdout).toContain(
    'so        the upstream did, or the network on the way to it, or a limit: connection_refused',
  )
})
