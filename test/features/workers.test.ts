// A gateway of several processes, as a client, a scraper and an operator meet it: requests are served by all workers under
// one configuration, limits hold over all of them, one page answers for all, and a worker that ends is replaced.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type KeyPair, keyPair } from '../support/api-keys.ts'
import { Exposition } from '../support/exposition.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { apiKeyBinding, apiProxy, mockTarget } from '../support/manifests.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import { waitUntil } from '../support/wait-until.ts'

const AT_ONCE = 16
const QUOTA = 87
const RATE = 41
const GRANT = { defaultRule: { global: true } }

interface WorkerView {
  readonly worker: number
  readonly pid: number
  readonly serving: boolean
  readonly revision: number
  readonly hash: string
}

interface SnapshotView {
  readonly revision: number
  readonly hash: string
  readonly workers: readonly WorkerView[]
}

let sink: OtlpSink
let keys: KeyPair
let gateway: GatewayProcess

beforeAll(async () => {
  sink = await startOtlpSink()
  keys = await keyPair()
  gateway = await startGatewayProcess({
    otlpUrl: sink.httpUrl,
    manifests: {
      'all.yaml': [
        mockTarget('ok').route('/', 200, 'ok').build(),
        apiProxy('free').at('/free').mock('ok').build(),
        apiProxy('open').at('/open').mock('ok').plugin('apikey', { bindingName: 'all' }).build(),
        keys.apiKey('counted', 'countedKey').build(),
        keys.apiKey('rated', 'ratedKey').build(),
        apiKeyBinding('all')
          .key('counted', { ...GRANT, quota: QUOTA })
          .key('rated', { ...GRANT, rate: { amount: RATE, unit: 'HOUR' } })
          .build(),
      ],
    },
    flags: {
      'server.workers': 2,
      'plugins.apiKey.decryption_key_file': keys.file,
      // A machine that is held up must not decide on what a test counts.
      'limits.store_timeout': '30s',
      'limits.on_store_failure': 'deny',
    },
  })
})
afterAll(async () => {
  await gateway?.stop()
  await keys?.[Symbol.asyncDispose]()
  await sink?.stop()
})

const page = async <T>(path: string): Promise<T> =>
  (await fetch(`http://127.0.0.1:${gateway.profilingPort}${path}`)).json() as Promise<T>

const snapshot = () => page<SnapshotView>('/debug/snapshot')

async function scrape(): Promise<Exposition> {
  return new Exposition(await gateway.metrics(), 'text/plain')
}

/** Statuses of so many requests on connections of their own, several at once. */
async function statuses(path: string, count: number, headers: Record<string, string> = {}) {
  const found = new Map<number, number>()
  let sent = 0
  const client = async (): Promise<void> => {
    while (sent++ < count) {
      const { status } = await httpRequest(gateway.port, 'GET', path, { headers })
      found.set(status, (found.get(status) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, client))
  return found
}

/** Requests of a scrape to the mock, over all processes. */
async function counted(): Promise<number> {
  const samples = (await scrape()).samples('kanali_requests_total', { apiproxy: 'free' })
  return samples.reduce((sum, { value }) => sum + value, 0)
}

describe('workers', () => {
  test('serve under the snapshot of the primary, and show it', async () => {
    const { revision, hash, workers } = await snapshot()
    expect(workers).toEqual([
      { worker: 1, pid: expect.any(Number) as number, serving: true, revision, hash },
      { worker: 2, pid: expect.any(Number) as number, serving: true, revision, hash },
    ])
    const metrics = await scrape()
    expect(metrics.value('kanali_workers')).toBe(2)
    expect(metrics.samples('kanali_worker_info', { hash })).toHaveLength(2)
    expect(metrics.value('kanali_worker_revision', { worker: '2' })).toBe(revision)
    expect(metrics.value('kanali_ready')).toBe(1)
    expect(metrics.samples('process_cpu_seconds_total').map(({ labels }) => labels['worker'])).toEqual([
      'primary',
      '1',
      '2',
    ])
  })

  test('take connections all of them, and are one in a scrape and in the list of exchanges', async () => {
    const before = await counted()
    expect(await statuses('/free', 200)).toEqual(new Map([[200, 200]]))
    await waitUntil(async () => (await counted()) === before + 200, '200 more requests in one scrape')
    const list = await page<{ total: number; exchanges: readonly { trace_id: string }[] }>(
      '/debug/exchanges?apiproxy=default/free&limit=10000',
    )
    expect(list.total).toBeGreaterThanOrEqual(200)
    expect(list.exchanges).toHaveLength(list.total)
    // Each is found by its trace, whoever served it.
    for (const { trace_id } of list.exchanges.slice(0, 8)) {
      const trace = await page<{ total: number }>(`/debug/exchanges/${trace_id}`)
      expect(trace.total).toBe(1)
    }
  })

  test('write whole access lines, and their spans link to the batch that the primary applied', async () => {
    const response = await httpRequest(gateway.port, 'GET', '/free')
    const traceId = response.header('x-kanali-correlation-id') ?? ''
    const [line] = await gateway.accessLines(({ trace_id }) => trace_id === traceId)
    const { revision } = await snapshot()
    expect(line).toMatchObject({ status: 200, revision })
    const [span] = await sink.trace(traceId)
    const [link] = span?.links ?? []
    const [batch] = await sink.spans((other) => other.spanId === link?.spanId)
    expect(batch?.name).toBe('kanali.events.batch')
    expect(batch?.attributes).toMatchObject({ 'kanali.snapshot.revision': revision })
  })

  test('grant a quota and a rate exactly, whoever is asked', async () => {
    const quota = await statuses('/open', QUOTA + 40, { apikey: 'countedKey' })
    expect(quota).toEqual(
      new Map([
        [200, QUOTA],
        [429, 40],
      ]),
    )
    const rate = await statuses('/open', RATE + 40, { apikey: 'ratedKey' })
    expect(rate.get(200)).toBe(RATE)
    expect(rate.get(429)).toBe(40)
  })

  test('follow a change, all of them', async () => {
    const before = await snapshot()
    await gateway.write('more.yaml', apiProxy('more').at('/more').mock('ok').build())
    await waitUntil(async () => {
      const { revision, hash, workers } = await snapshot()
      return revision > before.revision && workers.every((each) => each.hash === hash)
    }, 'all workers to have the new snapshot')
    expect(await statuses('/more', 40)).toEqual(new Map([[200, 40]]))
  })
})
