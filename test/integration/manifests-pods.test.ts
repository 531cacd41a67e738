// The pods of deploy/kubernetes/, judged by the pod security admission of a real API server, and the webhook as its
// manifests register it: under its own rights, found by its Service, trusted by the name of that Service.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CRDS } from '../../src/resources/crds/crds.ts'
import { type ApiObject, type ApiServer, pathOf, startApiServer, waitForCrds } from '../support/api-server.ts'
import { shop } from '../support/cluster-gateway.ts'
import { objectsOf } from '../support/deploy-manifests.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { startValidator, type ValidatorProcess } from '../support/validator-process.ts'
import { waitUntil } from '../support/wait-until.ts'

/** The cluster IP of the webhook's Service: an address of this machine, as all of them are here. */
const ADDRESS = '127.64.0.77'

const WORKLOADS = ['gateway.yaml', 'validator.yaml', 'collector.yaml']

interface Container {
  readonly resources: { readonly requests?: object; readonly limits?: object }
  readonly readinessProbe?: object
  readonly livenessProbe?: object
  readonly startupProbe?: object
}
interface PodSpec {
  readonly containers: readonly Container[]
  readonly topologySpreadConstraints?: readonly object[]
}
interface Deployment extends ApiObject {
  readonly spec: { readonly template: { readonly metadata: object; readonly spec: PodSpec } }
}

const deploymentOf = async (file: string) =>
  (await objectsOf(file)).find(({ kind }) => kind === 'Deployment') as Deployment

describe('the Deployments', () => {
  test.each(WORKLOADS)('of %s have probes, and say what they need', async (file) => {
    for (const { resources, readinessProbe, livenessProbe } of (await deploymentOf(file)).spec.template.spec
      .containers) {
      expect(readinessProbe).toBeDefined()
      expect(livenessProbe).toBeDefined()
      expect(resources.requests).toMatchObject({ cpu: expect.any(String), memory: expect.any(String) })
      expect(resources.limits).toMatchObject({ memory: expect.any(String) })
    }
  })

  test('of the gateway is spread, may start slowly, and is neither drained nor scaled away', async () => {
    const { containers, topologySpreadConstraints } = (await deploymentOf('gateway.yaml')).spec.template.spec
    expect(topologySpreadConstraints).toHaveLength(1)
    expect(containers[0]?.startupProbe).toBeDefined()
    const kinds = (await objectsOf('gateway.yaml')).map(({ kind }) => kind)
    expect(kinds).toEqual(
      expect.arrayContaining(['Deployment', 'Service', 'PodDisruptionBudget', 'HorizontalPodAutoscaler']),
    )
  })
})

describeWithTools(['otelcol'], 'the configuration of the Collector', (otelcol) => {
  test('is one that the Collector takes', async () => {
    const map = (await objectsOf('collector.yaml')).find(({ kind }) => kind === 'ConfigMap')
    await using folder = await tempFolder('collector')
    const data = map?.['data'] as Readonly<Record<string, string>> | undefined
    const file = await folder.write('collector.yaml', data?.['collector.yaml'] ?? '')
    await promisify(execFile)(otelcol ?? '', ['validate', `--config=${file}`])
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

  const podOf = async (file: string, change: (spec: PodSpec) => unknown = (spec) => spec) => {
    const { template } = (await deploymentOf(file)).spec
    const metadata = { name: 'pod', namespace: 'kanali' }
    return create({ apiVersion: 'v1', kind: 'Pod', metadata, spec: change(template.spec) }, '?dryRun=All')
  }

  test.each(WORKLOADS)('the pod of %s is let in under the restricted standard', async (file) => {
    expect(await podOf(file)).toMatchObject({ status: 201, warnings: [] })
  })

  test('a pod that is less careful is not: the standard is enforced here', async () => {
    const careless = ({ containers }: PodSpec) => ({
      containers: containers.map((container) => ({ ...container, securityContext: {} })),
    })
    const { status, body } = await podOf('gateway.yaml', careless)
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
