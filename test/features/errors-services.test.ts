// Code 09: the three ways in which Services are not to be had from an API server, each on every signal, and what is
// served meanwhile.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  cutWatch,
  type FakeApiServer,
  lineOf,
  openWatch,
  startFakeCluster,
  status,
  type Step,
  streamed,
} from '../support/fake-api-server.ts'
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { apiProxy, type Manifest, mockTarget, service } from '../support/manifests.ts'
import { expectFailure, observe } from '../support/observed.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

let sink: OtlpSink
let folder: TempFolder
let cluster: FakeApiServer | undefined
let gateway: GatewayProcess | undefined

beforeAll(async () => {
  sink = await startOtlpSink()
  folder = await tempFolder('kubeconfig')
})
afterEach(async () => {
  await gateway?.stop()
  await cluster?.[Symbol.asyncDispose]()
})
afterAll(async () => {
  await sink.stop()
  await folder.remove()
})

const known = (manifest: Manifest) => ({
  ...manifest,
  metadata: { ...(manifest['metadata'] as object), namespace: 'shop', resourceVersion: '5', uid: 'known' },
})
const PROXIES = [
  known(apiProxy('mocked').at('/mocked').mock('canned').build()),
  known(apiProxy('needy').at('/needy').service('orders', 80).build()),
]
const MOCKS = [known(mockTarget('canned').route('/', 200, 'canned').build())]
const LISTED = {
  apiproxies: openWatch(...streamed('5', ...PROXIES)),
  mocktargets: openWatch(...streamed('5', ...MOCKS)),
}

async function start(services: Step, flags: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> {
  cluster = await startFakeCluster({ ...LISTED, services })
  const kubeconfig = await folder.write('kubeconfig', cluster.kubeconfig)
  gateway = await startGatewayProcess({
    otlpUrl: sink.httpUrl,
    flags: {
      'source.directory': '',
      'kubernetes.kubeconfig': kubeconfig,
      'kubernetes.ensure_crds': 'false',
      ...flags,
    },
  })
  return gateway
}

const ask = (to: GatewayProcess, path: string) => httpRequest(to.port, 'GET', path)

describe('Services that are not to be had', () => {
  test('because the API server refuses them: services_refused', async () => {
    const started = await start(status(403, { kind: 'Status', message: 'services is forbidden' }))
    const observed = await observe(started, sink, () => ask(started, '/needy'))
    expectFailure(observed, 'services_refused')
    expect(observed.server.attributes['kanali.error.detail']).toContain('services is forbidden')
    expect((await ask(started, '/mocked')).text).toBe('canned')
    expect(JSON.parse((await started.readiness()).text)).toMatchObject({
      status: 'degraded',
      reasons: [
        expect.objectContaining({ reason: 'kind_refused', message: expect.stringContaining('Service') }),
      ],
    })
  })

  test('because they never came: services_unsynced, once the start has waited long enough', async () => {
    const started = await start(status(500), { 'kubernetes.sync_timeout': '100ms' })
    const observed = await observe(started, sink, () => ask(started, '/needy'))
    expectFailure(observed, 'services_unsynced')
    expect((await ask(started, '/mocked')).text).toBe('canned')
    expect(JSON.parse((await started.readiness()).text)).toMatchObject({
      status: 'degraded',
      reasons: [
        expect.objectContaining({ reason: 'kind_pending', message: expect.stringContaining('Service') }),
      ],
    })
  })

  test('because they are older than the limit allows: services_stale, until they are heard again', async () => {
    const orders = known(service('orders').port(80).build())
    let away = false
    const services: Step = (...request) => {
      const step = away ? status(500) : cutWatch(streamed('5', orders).map(lineOf).join(''))
      away = true
      step(...request)
    }
    const back = () => {
      away = false
    }
    const started = await start(services, { 'kubernetes.staleness_limit': '1s' })
    await waitUntil(async () => (await ask(started, '/needy')).text.includes('"code":9'), 'code 09', {
      timeoutMs: 30_000,
      everyMs: 100,
    })
    const observed = await observe(started, sink, () => ask(started, '/needy'))
    expectFailure(observed, 'services_stale')
    expect(observed.server.attributes['kanali.snapshot.stale']).toBe(true)
    expect((await started.readiness()).text).toContain('source_stale')
    back()
    await waitUntil(
      async () => !(await ask(started, '/needy')).text.includes('"code":9'),
      'the end of code 09',
      {
        timeoutMs: 40_000,
        everyMs: 100,
      },
    )
  }, 90_000)
})
