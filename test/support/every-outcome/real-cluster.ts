// Most outcomes once more, beside a real API server: the same objects, written there as a person would, a gateway with
// the rights of deploy/kubernetes/, and one whose account may list neither Services nor Secrets. For what only a
// cluster shows: statuses, `kubectl`, rights.

import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { type ApiServer, startApiServer, waitForCrds } from '../api-server.ts'
import { startClusterGateway } from '../cluster-gateway.ts'
import { MANIFESTS, objectsOf } from '../deploy-manifests.ts'
import { apiProxy, type Manifest } from '../manifests.ts'
import { waitUntil } from '../wait-until.ts'
import { EveryOutcome } from './every-outcome.ts'
import { keyPart } from './key-part.ts'
import { type Member, memberOf } from './member.ts'
import { type Ask, get, type Part } from './outcome.ts'
import { pluginPart } from './plugin-part.ts'
import { routingPart } from './routing-part.ts'
import { secretPart } from './secret-part.ts'
import { tokenPart } from './token-part.ts'
import { upstreamPart } from './upstream-part.ts'
import { upstreamTlsPart } from './upstream-tls-part.ts'

export interface RealCluster extends AsyncDisposable {
  readonly server: ApiServer
  readonly world: EveryOutcome
  /** Of the administrator. */
  readonly kubeconfig: string
}

/** What the definitions refuse, so that it can be had from a folder only; and what takes its place, where anything does. */
const REFUSED: Readonly<Record<string, Manifest | undefined>> = {
  'apiproxy-invalid': apiProxy('apiproxy-invalid')
    .at('/apiproxy-invalid')
    .toEndpoint('http://127.1:80')
    .build(),
  broken: undefined,
}
const NAMESPACE = 'shop'
const LIMITED = 'kanali-limited'

/** Starts it; paths of the programs as for `startApiServer`. */
export async function startRealCluster(apiserver: string, etcd: string): Promise<RealCluster> {
  const server = await startApiServer(apiserver, etcd)
  const begun = [routingPart(), pluginPart(), upstreamPart(), upstreamTlsPart(), keyPart(), tokenPart()]
  const parts: Part[] = [secretPart(), ...(await Promise.all(begun))]
  const stop = async (): Promise<void> => {
    for (const part of parts) await part.stop()
    await server.stop()
  }
  try {
    await prepare(server)
    const manifests = [...parts.flatMap((part) => part.manifests), ...LIMITED_MANIFESTS]
    for (const manifest of manifests) await write(server, manifest)
    const limited = await startLimited(server)
    const main = await startMain(server, parts)
    const world = new EveryOutcome([main, limited])
    const kubeconfig = await server.kubeconfig()
    return { server, world, kubeconfig, [Symbol.asyncDispose]: () => world.stop().then(stop) }
  } catch (error) {
    await stop()
    throw error
  }
}

async function prepare(server: ApiServer): Promise<void> {
  await server.createNamespace(NAMESPACE)
  const definitions = (await readdir(path.join(MANIFESTS, 'crds'))).map((file) => `crds/${file}`)
  for (const file of ['namespace.yaml', 'rbac.yaml', ...definitions, 'gateway.yaml']) {
    for (const object of await objectsOf(file)) if (object.kind !== 'PodMonitor') await server.apply(object)
  }
  await waitForCrds(server)
}

async function write(server: ApiServer, manifest: Manifest): Promise<void> {
  const { name } = manifest['metadata'] as { name: string }
  const given = name in REFUSED ? REFUSED[name] : manifest
  if (given === undefined) return
  const namespace = manifest.kind === 'ApiKey' ? {} : { namespace: NAMESPACE }
  await server.apply({ ...given, metadata: { ...(given['metadata'] as object), ...namespace } })
}

async function startMain(server: ApiServer, parts: readonly Part[]): Promise<Member> {
  const token = await server.serviceAccountToken('kanali', 'kanali')
  const gateway = await startClusterGateway(server, {
    kubeconfig: await server.kubeconfig(token, 'kanali'),
    env: { RES_OPTIONS: 'attempts:0' },
    flags: {
      'kubernetes.lease_namespace': 'kanali',
      'proxy.enable_endpoint_slices': 'true',
      'proxy.enable_cluster_ip': 'false',
      ...Object.assign({}, ...parts.map((part) => part.flags ?? {})),
    },
  })
  const asks: Record<string, Ask> = Object.assign({}, ...parts.map((part) => part.asks))
  delete asks['binding_invalid']
  await waitUntil(() => isWritten(server), 'the statuses of all ApiProxies', {
    timeoutMs: 30_000,
    everyMs: 100,
  })
  const places = Object.assign({}, ...parts.map((part) => part.places ?? {}))
  return memberOf('cluster', gateway, asks, () => Promise.resolve(), places)
}

/** The last one in the order of names stands for all: statuses are written one after the other. */
async function isWritten(server: ApiServer): Promise<boolean> {
  const { body } = await server.request('GET', `/apis/kanali.io/v2/namespaces/${NAMESPACE}/apiproxies`)
  const { items = [] } = body as { items?: { status?: { conditions?: unknown } }[] }
  return items.length > 0 && items.every(({ status }) => status?.conditions !== undefined)
}

const LIMITED_MANIFESTS: readonly Manifest[] = [
  apiProxy('services-refused').at('/services-refused').service('labelled', 80).build(),
  apiProxy('secret-unreadable')
    .at('/secret-unreadable')
    .toEndpoint('https://127.0.0.1:8443')
    .ssl('shop-ca')
    .build(),
]

/** A gateway whose account may list neither Services nor Secrets. */
async function startLimited(server: ApiServer): Promise<Member> {
  const token = await server.serviceAccountToken('kanali', LIMITED)
  const meta = { metadata: { name: LIMITED } }
  await server.apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    ...meta,
    rules: [
      { apiGroups: ['kanali.io'], resources: ['*'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
    ],
  })
  await server.apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    ...meta,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: LIMITED },
    subjects: [{ kind: 'ServiceAccount', name: LIMITED, namespace: 'kanali' }],
  })
  const gateway = await startClusterGateway(server, {
    kubeconfig: await server.kubeconfig(token, LIMITED),
    flags: { 'kubernetes.write_status': 'false', 'kubernetes.ensure_crds': 'false' },
  })
  const asks = { services_refused: get('/services-refused'), secret_unreadable: get('/secret-unreadable') }
  return memberOf('limited', gateway, asks, () => Promise.resolve())
}
