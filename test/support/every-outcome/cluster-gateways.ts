// What only a Kubernetes source can make: kinds that the API server refuses or keeps back, and a gateway that lives on
// its journal while the API server is away. The API servers are scripted; the gateways beside them are real.

import { createAuthority } from '../certificates.ts'
import { openWatch, startFakeCluster, status, type Step, streamed } from '../fake-api-server.ts'
import { startInProcessGateway } from '../in-process-gateway.ts'
import { apiKeyBinding, apiProxy, type Manifest, mockTarget, secret, service } from '../manifests.ts'
import { tempFolder } from '../temp-folder.ts'
import { waitUntil } from '../wait-until.ts'
import { guarded, PARTNER_KEY } from './key-part.ts'
import { type Asks, get } from './outcome.ts'
import { type Member, memberOf, type Sink } from './member.ts'

const known = (manifest: { build(): Manifest } | Manifest): object => {
  const built = 'build' in manifest && typeof manifest.build === 'function' ? manifest.build() : manifest
  const metadata = built['metadata'] as { name: string }
  return { ...built, metadata: { ...metadata, namespace: 'shop', resourceVersion: '5', uid: metadata.name } }
}
const listed = (...manifests: readonly ({ build(): Manifest } | Manifest)[]): Step =>
  openWatch(...streamed('5', ...manifests.map(known)))
const forbidden = (plural: string): Step =>
  status(403, { kind: 'Status', code: 403, message: `${plural} is forbidden` })

const MOCKS = listed(mockTarget('canned').route('/', 200, 'canned'))
const MOCKED = apiProxy('canned').at('/canned').mock('canned')
const FLAGS = {
  'source.directory': '',
  'kubernetes.ensure_crds': 'false',
  'kubernetes.write_status': 'false',
  'proxy.enable_cluster_ip': 'true',
  'proxy.enable_endpoint_slices': 'false',
}

/** The API server refuses Services and Secrets; and the gateway has no key to decrypt ApiKeys with. */
export function refusedGateway(sink: Sink): Promise<Member> {
  const collections = {
    apiproxies: listed(
      MOCKED,
      apiProxy('services-refused').at('/services-refused').service('orders', 80),
      apiProxy('secret-unreadable').at('/secret-unreadable').toEndpoint('https://localhost:8443').ssl('any'),
      guarded('keys-not-loaded', { bindingName: 'partners' }),
    ),
    mocktargets: MOCKS,
    apikeybindings: listed(apiKeyBinding('partners').key('partner', { defaultRule: { global: true } })),
    services: forbidden('services'),
    secrets: forbidden('secrets'),
  }
  const asks = {
    services_refused: get('/services-refused'),
    secret_unreadable: get('/secret-unreadable'),
    keys_not_loaded: get('/keys-not-loaded', { apikey: PARTNER_KEY }),
  }
  return beside(sink, 'refused', collections, asks)
}

/** The API server cannot list Services, and the start has waited for them long enough. */
export function unsyncedGateway(sink: Sink): Promise<Member> {
  const collections = {
    apiproxies: listed(MOCKED, apiProxy('services-unsynced').at('/services-unsynced').service('orders', 80)),
    mocktargets: MOCKS,
    services: status(500),
  }
  const asks = { services_unsynced: get('/services-unsynced') }
  return beside(sink, 'unsynced', collections, asks, { 'kubernetes.sync_timeout': '100ms' })
}

/** It knows all that it knows from its journal: the API server went away before it started. */
export async function restoredGateway(sink: Sink): Promise<Member> {
  const folder = await tempFolder('restored')
  const cluster = await startFakeCluster({
    apiproxies: listed(
      MOCKED,
      apiProxy('services-stale').at('/services-stale').service('orders', 80),
      apiProxy('secret-not-restored')
        .at('/secret-not-restored')
        .toEndpoint('https://localhost:8443')
        .ssl('ca'),
    ),
    mocktargets: MOCKS,
    services: listed(service('orders').clusterIP('127.0.0.1').port(80)),
    secrets: listed(secret('ca').enabled().ca(createAuthority().certificate)),
  })
  const flags = {
    ...FLAGS,
    'kubernetes.kubeconfig': await folder.write('kubeconfig', cluster.kubeconfig),
    'events.journal_dir': `${folder.path}/journal`,
    'events.start_from_journal': 'true',
  }
  await (await startInProcessGateway(sink, flags)).stop()
  await cluster[Symbol.asyncDispose]()
  const gateway = await startInProcessGateway(sink, { ...flags, 'kubernetes.staleness_limit': '10ms' })
  const readyz = `http://127.0.0.1:${gateway.prometheusPort}/readyz`
  await waitUntil(async () => (await (await fetch(readyz)).text()).includes('source_stale'), 'a stale source')
  const asks = { services_stale: get('/services-stale'), secret_not_restored: get('/secret-not-restored') }
  return memberOf('restored', gateway, asks, () => folder.remove(), { journal: `${folder.path}/journal` })
}

async function beside(
  sink: Sink,
  name: 'refused' | 'unsynced',
  collections: Readonly<Record<string, Step>>,
  asks: Asks,
  flags: Readonly<Record<string, string>> = {},
): Promise<Member> {
  const folder = await tempFolder(name)
  const cluster = await startFakeCluster(collections)
  const kubeconfig = await folder.write('kubeconfig', cluster.kubeconfig)
  const gateway = await startInProcessGateway(sink, {
    ...FLAGS,
    'kubernetes.kubeconfig': kubeconfig,
    ...flags,
  })
  return memberOf(name, gateway, asks, async () => {
    await folder.remove()
    await cluster[Symbol.asyncDispose]()
  })
}
