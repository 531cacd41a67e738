// The manifests of deploy/kubernetes/ against a real API server: it accepts every one, and the gateway works under
// exactly the rights that they give.

import { readdir } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type ApiObject, type ApiServer, pathOf, startApiServer, waitForCrds } from '../support/api-server.ts'
import { shop, startClusterGateway, untilAnswered, untilStatus } from '../support/cluster-gateway.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { MANIFESTS, objectsOf } from '../support/deploy-manifests.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { waitUntil } from '../support/wait-until.ts'

describeWithTools(['kube-apiserver', 'etcd'], 'the manifests and a real API server', (apiserver, etcd) => {
  let server: ApiServer
  let gateway: GatewayProcess | undefined

  beforeAll(async () => {
    server = await startApiServer(apiserver ?? '', etcd ?? '')
    for (const name of ['shop', 'team-a']) await server.createNamespace(name)
    for (const object of await objectsOf('namespace.yaml')) await server.apply(object)
  })
  afterEach(async () => {
    await gateway?.stop()
    gateway = undefined
  })
  afterAll(() => server?.stop())

  async function applyFile(file: string): Promise<void> {
    for (const object of await objectsOf(file)) await server.apply(object)
  }

  const kubeconfig = async (name: string) =>
    server.kubeconfig(await server.serviceAccountToken('kanali', 'kanali'), name)

  const asKanali = async (namespaces = '') =>
    startClusterGateway(server, {
      kubeconfig: await kubeconfig('kanali'),
      flags: { 'kubernetes.lease_namespace': 'kanali', 'kubernetes.namespaces': namespaces },
    })

  test('every file is accepted, without a warning', async () => {
    const files = (await readdir(MANIFESTS, { recursive: true })).filter((file) => file.endsWith('.yaml'))
    expect(files.length).toBeGreaterThan(8)
    const unknown: string[] = []
    for (const file of files) {
      for (const object of await objectsOf(file)) {
        // What the Prometheus Operator defines, this API server does not know.
        if (String(object['apiVersion']).startsWith('monitoring.coreos.com/')) {
          unknown.push(file)
          continue
        }
        const { status, warnings } = await server.request(
          'PATCH',
          `${pathOf(object)}?fieldManager=test&dryRun=All&fieldValidation=Strict`,
          { body: object, type: 'application/apply-patch+yaml' },
        )
        expect({ status: status === 200 || status === 201, warnings }, file).toEqual({
          status: true,
          warnings: [],
        })
      }
    }
    expect(unknown).toEqual(['podmonitor.yaml'])
  })

  test('with the optional rights the gateway installs its definitions itself', async () => {
    await applyFile('rbac.yaml')
    await applyFile('rbac-install-crds.yaml')
    gateway = await asKanali()
    await waitForCrds(server)
    for (const object of await objectsOf('rbac-install-crds.yaml')) {
      await server.delete(object.kind ?? '', '', object.metadata.name)
    }
  })

  test('under rbac.yaml alone it serves, writes statuses and Events, and is refused nothing but the definitions', async () => {
    gateway = await asKanali()
    await server.apply(shop.mockTarget('canned', 'canned'))
    await server.apply(shop.apiProxy('canned', shop.mocked('canned')))
    await server.apply(shop.apiProxy('broken', shop.mocked('missing')))
    await untilAnswered(gateway, '/canned', { status: 200, text: 'canned' })
    await untilStatus(server, 'canned', ({ conditions }) => conditions['Ready']?.status === 'True')
    await untilStatus(server, 'broken', ({ code }) => code === '02')
    await waitUntil(async () => {
      const { body } = await server.request('GET', '/api/v1/namespaces/shop/events')
      return (body as unknown as { items: { reason: string }[] }).items.some(
        ({ reason }) => reason === 'MockTargetMissing',
      )
    }, 'the Event')
    expect(JSON.parse((await gateway.readiness()).text)).toMatchObject({ status: 'ok', reasons: [] })
    const refused = gateway.log.filter((line) => JSON.stringify(line).includes('forbidden'))
    expect(refused.map((line) => line['msg'])).toEqual(
      Array.from({ length: 4 }, () => 'definitions are left to whoever may install them'),
    )
  })

  test('without the right to Services, routes that need one answer code 09, until it is given', async () => {
    const role = (await objectsOf('rbac.yaml')).find(({ kind }) => kind === 'ClusterRole')
    if (role === undefined) throw new Error('there is no ClusterRole')
    const rules = role['rules'] as { resources: string[] }[]
    const without = structuredClone(rules)
    for (const rule of without) rule.resources = rule.resources.filter((name) => name !== 'services')
    await server.apply({ ...role, rules: without })
    gateway = await asKanali()
    await server.apply(shop.apiProxy('needy', { service: { name: 'absent', port: 80 } }))
    await untilAnswered(gateway, '/needy', { status: 500, text: '"code":9,' })
    await untilAnswered(gateway, '/canned', { status: 200 })
    await untilStatus(server, 'needy', ({ code }) => code === '09')
    await server.apply(role)
    await untilAnswered(gateway, '/needy', { status: 500, text: '"code":10,' }, 60_000)
  }, 90_000)

  test.each([
    ['read one Secret', 'get', '', 'secrets', 'shop'],
    ['write a Secret', 'update', '', 'secrets', 'shop'],
    ['write an ApiProxy', 'update', 'kanali.io', 'apiproxies', 'shop'],
    ['delete an ApiProxy', 'delete', 'kanali.io', 'apiproxies', 'shop'],
    ['read pods', 'list', '', 'pods', 'shop'],
    ['take a Lease elsewhere', 'create', 'coordination.k8s.io', 'leases', 'shop'],
    ['install definitions', 'create', 'apiextensions.k8s.io', 'customresourcedefinitions', ''],
  ])('under rbac.yaml nobody may %s', async (_, verb, group, resource, namespace) => {
    const { body } = await server.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          user: 'system:serviceaccount:kanali:kanali',
          groups: ['system:serviceaccounts', 'system:authenticated'],
          resourceAttributes: { verb, group, resource, namespace },
        },
      },
    })
    expect(body).toMatchObject({ status: { allowed: false } })
  })

  test('under Roles of one namespace it serves that one, and says what it is refused', async () => {
    for (const object of await objectsOf('rbac.yaml')) {
      if (object.kind?.startsWith('Cluster')) await server.delete(object.kind, '', object.metadata.name)
    }
    await applyFile('rbac-namespaced.yaml')
    const inTeam = (object: object) => ({
      ...object,
      metadata: { ...(object as ApiObject).metadata, namespace: 'team-a' },
    })
    await server.apply(inTeam(shop.mockTarget('ours', 'ours')))
    await server.apply(inTeam(shop.apiProxy('ours', shop.mocked('ours'))))
    gateway = await asKanali('team-a')
    await untilAnswered(gateway, '/ours', { status: 200, text: 'ours' })
    await untilAnswered(gateway, '/canned', { status: 404 })
    await server.apply(inTeam(shop.mockTarget('ours', 'changed')))
    await untilAnswered(gateway, '/ours', { status: 200, text: 'changed' })
    await waitUntil(
      async () => {
        const { conditions = [] } = ((await server.get('ApiProxy', 'team-a', 'ours'))['status'] ?? {}) as {
          conditions?: { type: string; status: string }[]
        }
        return conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
      },
      'the status',
      { timeoutMs: 20_000, everyMs: 100 },
    )
    const readiness = await gateway.readiness()
    expect(readiness.status).toBe(200)
    expect(JSON.parse(readiness.text)).toMatchObject({
      reasons: [
        expect.objectContaining({ reason: 'kind_refused', message: expect.stringContaining('ApiKey:') }),
      ],
    })
  })

  test('of two namespaces, one without its Role costs the other nothing', async () => {
    gateway = await asKanali('team-a,shop')
    await untilAnswered(gateway, '/ours', { status: 200 })
    await untilAnswered(gateway, '/canned', { status: 404 })
    expect((await gateway.readiness()).text).toContain('in namespace shop')
    const page = await (await fetch(`http://127.0.0.1:${gateway.profilingPort}/debug/snapshot`)).json()
    expect(page).toMatchObject({
      refusals: expect.arrayContaining([expect.objectContaining({ namespace: 'shop', kind: 'ApiProxy' })]),
    })
  })
})
