// Started from the journal while the API server is down, and again beside one that has gone on meanwhile: what was deleted
// is found, a Secret that is the same is read again, and who changed an object is known.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { JournalReader } from '../../src/events/journal/reader.ts'
import { recordView } from '../../src/explain/record-view.ts'
import { createAuthority } from '../support/certificates.ts'
import { openWatch, startFakeCluster, streamed } from '../support/fake-api-server.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { apiProxy, type Manifest, mockTarget, secret, service } from '../support/manifests.ts'
import { expectFailure, observe } from '../support/observed.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { startUpstream } from '../support/upstream.ts'
import { answers } from '../support/upstream-scripts.ts'
import { waitUntil } from '../support/wait-until.ts'

let sink: OtlpSink
let folder: TempFolder

beforeAll(async () => {
  sink = await startOtlpSink()
  folder = await tempFolder('journal-cluster')
})
afterAll(async () => {
  await sink.stop()
  await folder.remove()
})

/** As an API server gives it: the gateway's own status write is the newest entry. */
const known = (manifest: Manifest, manager = 'kubectl-client-side-apply', resourceVersion = '5') => ({
  ...manifest,
  metadata: {
    ...(manifest['metadata'] as object),
    namespace: 'shop',
    resourceVersion,
    uid: 'known',
    managedFields: [
      { manager, operation: 'Update', time: '2026-01-31T12:00:00Z', fieldsV1: { 'f:spec': {} } },
      {
        manager: 'kanali',
        operation: 'Apply',
        time: '2026-02-01T12:00:00Z',
        subresource: 'status',
        fieldsV1: { 'f:status': {} },
      },
    ],
  },
})

function start(kubeconfig: string, flags: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> {
  return startGatewayProcess({
    otlpUrl: sink.httpUrl,
    flags: {
      'source.directory': '',
      'kubernetes.kubeconfig': kubeconfig,
      'kubernetes.ensure_crds': 'false',
      'kubernetes.write_status': 'false',
      'events.journal_dir': `${folder.path}/journal`,
      'events.start_from_journal': 'true',
      'proxy.enable_cluster_ip': 'true',
      'proxy.enable_endpoint_slices': 'false',
      ...flags,
    },
  })
}

test('a cluster that is down is served from the journal, and compared with it when it is back', async () => {
  const authority = createAuthority()
  await using upstream = await startUpstream(answers(), { tls: authority.server(), host: 'localhost' })
  const safe = apiProxy('safe').at('/safe').toEndpoint(`https://localhost:${upstream.port}`).ssl('ca')
  const ca = openWatch(...streamed('5', known(secret('ca').enabled().ca(authority.certificate).build())))
  const mocks = openWatch(...streamed('5', known(mockTarget('ok').route('/', 200, 'ok').build())))
  const proxies = [
    known(safe.build()),
    known(apiProxy('gone').at('/gone').mock('ok').build()),
    known(apiProxy('needy').at('/needy').service('orders', 80).build()),
    known(apiProxy('moved').at('/before').mock('ok').build()),
  ]
  const cluster = await startFakeCluster({
    apiproxies: openWatch(...streamed('5', ...proxies)),
    mocktargets: mocks,
    secrets: ca,
    services: openWatch(...streamed('5', known(service('orders').clusterIP('127.0.0.1').port(80).build()))),
  })
  const kubeconfig = await folder.write('kubeconfig', cluster.kubeconfig)
  const first = await start(kubeconfig)
  expect((await httpRequest(first.port, 'GET', '/safe')).status).toBe(200)
  await first.stop()
  await cluster[Symbol.asyncDispose]()

  // What was last heard is older than that, though this process has heard nothing at all.
  const alone = await start(kubeconfig, { 'kubernetes.staleness_limit': '10ms' })
  expect((await httpRequest(alone.port, 'GET', '/gone')).text).toBe('ok')
  expectFailure(
    await observe(alone, sink, () => httpRequest(alone.port, 'GET', '/safe')),
    'secret_not_restored',
  )
  const readiness = await alone.readiness()
  expect(readiness.status).toBe(200)
  expect(readiness.text).toContain('source_stale')
  await waitUntil(
    async () => (await httpRequest(alone.port, 'GET', '/needy')).status === 500,
    'Services are too old',
  )
  expectFailure(await observe(alone, sink, () => httpRequest(alone.port, 'GET', '/needy')), 'services_stale')
  await alone.stop()

  const moved = known(apiProxy('moved').at('/after').mock('ok').build(), 'helm', '9')
  await using later = await startFakeCluster({
    apiproxies: openWatch(...streamed('9', known(safe.build()), moved)),
    mocktargets: mocks,
    secrets: ca,
  })
  await using back = await start(await folder.write('kubeconfig', later.kubeconfig))
  const statusOf = async (path: string): Promise<number> => (await httpRequest(back.port, 'GET', path)).status
  await waitUntil(async () => (await statusOf('/safe')) === 200, 'the Secret is read again')
  await waitUntil(async () => (await statusOf('/gone')) === 404, 'the deletion is found')
  expect([await statusOf('/before'), await statusOf('/after')]).toEqual([404, 200])
  await waitUntil(
    async () => (JSON.parse((await back.readiness()).text) as { status: string }).status === 'ok',
    'nothing is stale',
  )
  expectChangedBy('ApiProxy/shop/moved', 'helm')
})

function expectChangedBy(key: string, manager: string): void {
  const reader = JournalReader.open(`${folder.path}/journal`)
  if ('problem' in reader) throw new Error(reader.problem)
  const record = [...reader.records()].findLast((read) => read.record.keys.includes(key))?.record
  expect(record && recordView(record, [key])).toMatchObject({
    type: 'listed',
    source: 'kubernetes',
    resourceVersion: '9',
    changedBy: { manager, time: '2026-01-31T12:00:00.000Z' },
  })
}
