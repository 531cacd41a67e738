// The admission webhook registered with a real API server: what it refuses, what it warns of, and that nobody's work
// stops where it is away.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { CRDS } from '../../src/resources/crds/crds.ts'
import { webhookConfiguration } from '../../src/webhook/registration.ts'
import { type ApiObject, type ApiServer, pathOf, startApiServer, waitForCrds } from '../support/api-server.ts'
import { shop } from '../support/cluster-gateway.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { startValidator, type ValidatorProcess } from '../support/validator-process.ts'
import { waitUntil } from '../support/wait-until.ts'

describeWithTools(['kube-apiserver', 'etcd'], 'the webhook and a real API server', (apiserver, etcd) => {
  let server: ApiServer
  let validator: ValidatorProcess

  beforeAll(async () => {
    server = await startApiServer(apiserver ?? '', etcd ?? '')
    for (const name of ['shop', 'other']) await server.createNamespace(name)
    for (const definition of CRDS) await server.apply(definition)
    await waitForCrds(server)
    await server.apply(shop.mockTarget('canned', 'canned'))
    validator = await startValidator({ 'kubernetes.kubeconfig': await server.kubeconfig() })
    const caBundle = Buffer.from(validator.authority.certificate).toString('base64')
    await server.apply(webhookConfiguration({ url: `${validator.url}/validate`, caBundle }))
    // The API server takes a while to hear of it: what is refused by nothing else shows that it has.
    await server.apply(shop.apiProxy('taken', shop.mocked('canned')))
    await waitUntil(
      async () =>
        (await create(shop.apiProxy('probe', shop.mocked('canned'), { path: '/taken' }), true)).status ===
        409,
      'the webhook to be asked',
    )
  })
  afterAll(async () => {
    await validator?.stop()
    await server?.stop()
  })

  const create = (object: object, dryRun = false) =>
    server.request(
      'POST',
      `${pathOf(object as ApiObject).replace(/\/[^/]+$/, '')}${dryRun ? '?dryRun=All' : ''}`,
      {
        body: object,
      },
    )

  test('a place that is taken is refused, and the message names who has it', async () => {
    const { status, body } = await create(shop.apiProxy('second', shop.mocked('canned'), { path: '/taken/' }))
    expect(status).toBe(409)
    expect(body['message']).toContain('source path /taken (any host) is taken by ApiProxy shop/taken')
  })

  test('a change to a place that is taken is refused, one beside it is not', async () => {
    expect((await create(shop.apiProxy('mover', shop.mocked('canned')))).status).toBe(201)
    const target = pathOf(shop.apiProxy('mover', {}))
    const move = (path: string) => server.request('PATCH', target, { body: { spec: { source: { path } } } })
    expect((await move('/taken')).status).toBe(409)
    expect((await move('/taken-not')).status).toBe(200)
  })

  test('what works and may surprise is accepted with warnings', async () => {
    const hosted = await create(
      shop.apiProxy('hosted', shop.mocked('canned'), { path: '/taken', host: 'one.example' }),
    )
    expect(hosted.status).toBe(201)
    expect(hosted.warnings.join()).toContain(
      'ApiProxy shop/taken without a virtual host serves all other hosts there',
    )
    const proxy = shop.apiProxy('captures', shop.mocked('missing'), { path: '/taken/deeper' })
    const captures = await create({ ...proxy, metadata: { ...proxy.metadata, namespace: 'other' } })
    expect(captures.status).toBe(201)
    expect(captures.warnings.join()).toContain('requests are answered with code 02')
    expect(captures.warnings.join()).toContain('takes requests from ApiProxy shop/taken of another namespace')
  })

  test('a renewed certificate is served without a restart', async () => {
    const { fingerprint } = await validator.ask('GET', '/healthz')
    await validator.renewCertificate()
    await waitUntil(
      async () => (await validator.ask('GET', '/healthz')).fingerprint !== fingerprint,
      'the new certificate',
    )
    expect((await create(shop.apiProxy('third', shop.mocked('canned'), { path: '/taken' }))).status).toBe(409)
  })

  test.each([
    ['GET', '/validate', undefined, 405],
    ['POST', '/validate', 'no json', 400],
    ['POST', '/validate', '{}', 400],
    ['POST', '/elsewhere', '{}', 404],
    ['GET', '/readyz', undefined, 200],
  ])('%s %s with %s is answered %i', async (method, target, body, status) => {
    expect((await validator.ask(method, target, body)).status).toBe(status)
  })

  test('a webhook that says nothing stops nobody', async () => {
    validator.process.kill('SIGSTOP')
    const { status } = await create(shop.apiProxy('patient', shop.mocked('canned'), { path: '/taken' }))
    validator.process.kill('SIGCONT')
    expect(status).toBe(201)
  })

  test('a webhook that is away stops nobody', async () => {
    await validator.process.stop()
    expect((await create(shop.apiProxy('fourth', shop.mocked('canned'), { path: '/taken' }))).status).toBe(
      201,
    )
  })
})
