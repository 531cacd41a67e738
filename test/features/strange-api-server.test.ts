// A gateway on an API server that says nonsense: it goes on, serves what it knew, says that it does not hear the server,
// and asks now and then, not all the time.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  endedWatch,
  type FakeApiServer,
  lineOf,
  openWatch,
  page,
  startFakeCluster,
  status,
  type Step,
  streamed,
} from '../support/fake-api-server.ts'
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { apiProxy, type Manifest, mockTarget } from '../support/manifests.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

let folder: TempFolder
let cluster: FakeApiServer | undefined
let gateway: GatewayProcess | undefined

beforeAll(async () => {
  folder = await tempFolder('strange')
})
afterEach(async () => {
  await gateway?.stop()
  await cluster?.[Symbol.asyncDispose]()
})
afterAll(() => folder.remove())

const known = (manifest: Manifest) => ({
  ...manifest,
  metadata: { ...(manifest['metadata'] as object), namespace: 'shop', resourceVersion: '5', uid: 'known' },
})
const PROXY = known(apiProxy('mocked').at('/mocked').mock('canned').build())
const MOCK = known(mockTarget('canned').route('/', 200, 'canned').build())

const raw =
  (text: string, type = 'application/json'): Step =>
  (response) => {
    response.writeHead(200, { 'content-type': type })
    response.end(text)
  }

type Named = readonly [name: string, step: Step]

/** What an API server can get wrong; each way is tried at the start or later, the first both times. */
const HTML: Named = ['a page of HTML', raw('<html><script>alert(1)</script></html>', 'text/html')]
const AT_THE_START: readonly Named[] = [
  HTML,
  ['nothing', raw('')],
  ['bytes', raw('\u0000\u00ff\u001b[2J\n\u0007')],
  ['a list where a watch was asked for', page('5', [PROXY])],
  ['numbers', raw('1\n2\n3\n')],
]
const LATER: readonly Named[] = [
  HTML,
  ['objects without metadata', raw(lineOf({ type: 'ADDED', object: {} }))],
  ['metadata that is none', raw(lineOf({ type: 'ADDED', object: { metadata: [null] } }))],
  ['a redirection', status(302, {}, { location: 'http://127.0.0.1:1/' })],
  ['a teapot', status(418, { message: '\u001b[31mred\u001b[0m\r\nforged: line' })],
  ['a cut', (response) => response.socket?.destroy()],
]

async function start(
  collections: Readonly<Record<string, Step>>,
  waitUntilReady = true,
): Promise<GatewayProcess> {
  cluster = await startFakeCluster(collections)
  gateway = await startGatewayProcess({
    waitUntilReady,
    flags: {
      'source.directory': '',
      'kubernetes.kubeconfig': await folder.write('kubeconfig', cluster.kubeconfig),
      'kubernetes.ensure_crds': 'false',
      // A silence is said this soon.
      'kubernetes.staleness_limit': '500ms',
    },
  })
  return gateway
}

const logIsWhole = ({ process }: GatewayProcess) => {
  for (const line of process.stderr.split('\n').filter((text) => text !== '')) {
    expect(() => JSON.parse(line) as unknown, line).not.toThrow()
  }
  expect(process.stderr).not.toContain('caught by nobody')
  expect(process.stderr).not.toContain('\u001b')
}

describe('an API server that says', () => {
  test.each(AT_THE_START)(
    '%s in the place of ApiProxies from the first on: not ready, and it says why',
    async (_, step) => {
      const started = await start({ apiproxies: step }, false)
      await waitUntil(
        () => started.process.stderr.includes('the API server is not heard'),
        'the silence to be said',
        {
          timeoutMs: 20_000,
        },
      )
      expect((await started.readiness()).status).toBe(503)
      expect(
        cluster?.requests.filter(({ pathname }) => pathname.endsWith('/apiproxies')).length,
      ).toBeLessThan(20)
      logIsWhole(started)
    },
  )

  test.each(LATER)(
    '%s once it has been heard: what was known is served, and called old',
    async (_, step) => {
      let isStrange = false
      const proxies: Step = (...request) => {
        const well = isStrange ? step : endedWatch(...streamed('5', PROXY))
        isStrange = true
        well(...request)
      }
      const started = await start({ apiproxies: proxies, mocktargets: openWatch(...streamed('5', MOCK)) })
      await waitUntil(
        async () => (await started.readiness()).text.includes('source_stale'),
        'the silence to be said',
        { timeoutMs: 30_000, everyMs: 100 },
      )
      expect((await httpRequest(started.port, 'GET', '/mocked')).text).toBe('canned')
      expect(
        cluster?.requests.filter(({ pathname }) => pathname.endsWith('/apiproxies')).length,
      ).toBeLessThan(40)
      logIsWhole(started)
    },
    60_000,
  )
})

test('objects that are no objects of their kind fail alone', async () => {
  const odd = (name: string, more: object) => ({
    metadata: { name, namespace: 'shop', resourceVersion: '6', uid: name },
    ...more,
  })
  const started = await start({
    apiproxies: openWatch(
      ...streamed(
        '5',
        PROXY,
        odd('nothing', {}),
        odd('number', { spec: 7 }),
        odd('lists', { spec: { source: [], target: [[]] } }),
        odd('deep', { spec: JSON.parse(`${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`) as object }),
        odd('__proto__', { spec: { source: { path: '/proto' } } }),
        { ...PROXY, metadata: { name: '../../x', namespace: '..', resourceVersion: '6' } },
        { ...PROXY, metadata: { name: '\u001b[2J', namespace: 'shop', resourceVersion: '6' } },
      ),
    ),
    mocktargets: openWatch(...streamed('5', MOCK)),
  })
  expect((await httpRequest(started.port, 'GET', '/mocked')).text).toBe('canned')
  logIsWhole(started)
})
