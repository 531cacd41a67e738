// The pods of deploy/kubernetes/, judged by the pod security admission of a real API server, and the webhook as its
// manifests register it: under its own rights, found by its Service, trusted by the name of that Service.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CRDS } from '../../src/resources/crds/crds.ts'
import { type ApiObject, type ApiServer, pathOf, startApiServer, waitForCrds } from '../support/api-server.ts'
import { shop } from '../support/cluster-gateway.ts'
import { objectsOf } from '../support/deploy-manifests.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { startValidator, type ValidatorProcess } from '../support/validator-process.ts'
import { waitUntil } from '../support/wait-until.ts'

/** The cluster IP of the webhook's Service: an address of this machine, as all of them are here. */
const ADDRESS = '127.64.0.77'

const WORKLOADS = ['gateway.yaml', 'validator.yaml', 'collector.yaml', 'collector-two-tiers.yaml']

interface Container {
  readonly resources: { readonly requests?: object; readonly limits?: object }
  readonly readinessProbe?: object
  readonly livenessProbe?: object
  readonly startupProbe?: object
}
interface PodSpec {
  readonly containers: readonly Container[]
  readonly topologySpreadConstraints?: readonly object[]
  readonly volumes?: readonly object[]
}
interface Workload extends ApiObject {
  readonly spec: {
    readonly template: { readonly metadata: object; readonly spec: PodSpec }
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[]
  }
}

const workloadsOf = async (file: string) =>
  (await objectsOf(file)).filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet') as Workload[]

const podSpecsOf = async (file: string): Promise<PodSpec[]> => {
  const specs = (await workloadsOf(file)).map(({ spec }) => spec.template.spec)
  expect(specs.length).toBeGreaterThan(0)
  return specs
}

describe('the workloads', () => {
  test.each(WORKLOADS)('of %s have probes, and say what they need', async (file) => {
    const containers = (await podSpecsOf(file)).flatMap((spec) => spec.containers)
    for (const { resources, readinessProbe, livenessProbe } of containers) {
      expect(readinessProbe).toBeDefined()
      expect(livenessProbe).toBeDefined()
      expect(resources.requests).toMatchObject({ cpu: expect.any(String), memory: expect.any(String) })
      expect(resources.limits).toMatchObject({ memory: expect.any(String) })
    }
  })

  test('of the gateway is spread, may start slowly, and is neither drained nor scaled away', async () => {
    const [gateway] = await podSpecsOf('gateway.yaml')
    expect(gateway?.topologySpreadConstraints).toHaveLength(1)
    expect(gateway?.containers[0]?.startupProbe).toBeDefined()
    const kinds = (await objectsOf('gateway.yaml')).map(({ kind }) => kind)
    expect(kinds).toEqual(
      expect.arrayContaining(['Deployment', 'Service', 'PodDisruptionBudget', 'HorizontalPodAutoscaler']),
    )
  })
})

describeWithTools(['kube-apiserver', 'etcd'], 'the pods and a real API server', (apiserver, etcd) => {
  let server: ApiServer
  let validator: ValidatorProcess | undefined

  beforeAll(async () => {
    server = await startApiServer(apiserver ?? '', etcd ?? '')
    await server.createNamespace('shop')
    for (const object of await objectsOf('namespace.yaml')) await server.apply(object)
    for (const definition of CRDS) await server.apply(definition)
    await waitForCrds(server)
  })
  afterAll(async () => {
    await validator?.stop()
    await server?.stop()
  })

  const create = (object: object, query = '') =>
    server.request('POST', `${pathOf(object as ApiObject).replace(/\/[^/]+$/, '')}${query}`, { body: object })

  const asPod = (spec: unknown) => {
    const metadata = { name: 'pod', namespace: 'kanali' }
    return create({ apiVersion: 'v1', kind: 'Pod', metadata, spec }, '?dryRun=All')
  }

  test.each(WORKLOADS)('the pods of %s are let in under the restricted standard', async (file) => {
    for (const { spec } of await workloadsOf(file)) {
      const { volumes = [], ...rest } = spec.template.spec
      // The controller of a StatefulSet puts a volume of each claim into its pods.
      const claims = (spec.volumeClaimTemplates ?? []).map(({ metadata: { name } }) => ({
        name,
        persistentVolumeClaim: { claimName: name },
      }))
      const pod = { ...rest, volumes: [...volumes, ...claims] }
      expect(await asPod(pod)).toMatchObject({ status: 201, warnings: [] })
    }
  })

  test('a pod that is less careful is not: the standard is enforced here', async () => {
    const [gateway] = await podSpecsOf('gateway.yaml')
    const containers = gateway?.containers.map((container) =>
      Object.assign({}, container, { securityContext: {} }),
    )
    const { status, body } = await asPod({ containers })
    expect(status).toBe(403)
    expect(body['message']).toContain('violates PodSecurity "restricted')
  })

  test('the webhook as registered is asked by its Service, under rights of its own', async () => {
    const [configuration] = await objectsOf('webhook.yaml')
    const manifests = await objectsOf('validator.yaml')
    for (const object of manifests) {
      if (object.kind !== 'Deployment' && object.kind !== 'Service') await server.apply(object)
    }
    const token = await server.serviceAccountToken('kanali', 'kanali-validator')
    const { service } = (configuration as unknown as Registered).webhooks[0].clientConfig
    validator = await startValidator(
      { 'kubernetes.kubeconfig': await server.kubeconfig(token, 'validator') },
      { address: ADDRESS, dns: [`${service.name}.${service.namespace}.svc`] },
    )
    // What the cluster would do: the Service leads to the pod, here at another port than 443.
    const port = Number(new URL(validator.url).port)
    const found = manifests.find(({ kind }) => kind === 'Service')
    await server.apply({ ...found, spec: { clusterIP: ADDRESS, ports: [{ name: 'webhook', port }] } })
    const caBundle = Buffer.from(validator.authority.certificate).toString('base64')
    const clientConfig = { service: { ...service, port }, caBundle }
    const { webhooks } = configuration as unknown as Registered
    await server.apply({ ...configuration, webhooks: [{ ...webhooks[0], clientConfig }] })

    await server.apply(shop.mockTarget('canned', 'canned'))
    await server.apply(shop.apiProxy('taken', shop.mocked('canned')))
    const second = shop.apiProxy('second', shop.mocked('canned'), { path: '/taken' })
    await waitUntil(
      async () => (await create(second, '?dryRun=All')).status === 409,
      'the webhook to be asked',
    )
    const { status, body } = await create(second)
    expect(status).toBe(409)
    expect(body['message']).toContain('is taken by ApiProxy shop/taken')
    expect(validator.process.stderr).not.toContain('forbidden')
  })
})

interface Registered {
  readonly webhooks: readonly [
    { readonly clientConfig: { readonly service: { readonly name: string; readonly namespace: string } } },
  ]
}
