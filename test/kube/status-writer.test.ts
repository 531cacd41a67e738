// What the writer asks of an API server that answers as it is told: how much, how often, and what it does when refused.

import { afterEach, expect, test } from 'vitest'
import type { Answer, ApiClient, ApiRequest, Unreachable } from '../../src/kube/api-client.ts'
import { EventRecorder } from '../../src/kube/event-recorder.ts'
import { StatusWriter } from '../../src/kube/status-writer.ts'
import { WATCHED } from '../../src/kube/watched.ts'
import type { ResourceEvent } from '../../src/events/event.ts'
import { apply, type State } from '../../src/events/state.ts'
import type { Resource } from '../../src/resources/resource.ts'
import { build } from '../../src/snapshot/build.ts'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import { apiProxy, resourceOf } from '../support/manifests.ts'
import { optionsWith, stateOf } from '../support/world.ts'
import { waitUntil } from '../support/wait-until.ts'

type Handler = (request: ApiRequest) => Answer | Unreachable | undefined

const answer = (status: number, body: unknown = {}): Answer => ({
  type: 'answer',
  status,
  body,
  retryAfterMs: 0,
})
const options = optionsWith({})
const proxy = (name: string): Resource =>
  resourceOf(apiProxy(name).inNamespace('shop').at(`/${name}`).mock('missing'))

class World {
  readonly requests: ApiRequest[] = []
  mostAtOnce = 0
  #atOnce = 0
  readonly writer: StatusWriter
  #snapshot: Snapshot | undefined
  #state: State

  constructor(proxies: readonly Resource[], handle: Handler = () => undefined) {
    this.#state = stateOf(...proxies)
    const client: Pick<ApiClient, 'request'> = {
      request: async (request) => {
        this.requests.push(request)
        this.#atOnce += 1
        this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce)
        await new Promise((resolve) => setImmediate(resolve))
        this.#atOnce -= 1
        return handle(request) ?? usual(request)
      },
    }
    this.writer = new StatusWriter({
      client,
      leaseNamespace: 'kanali',
      namespaces: [],
      identity: 'me',
      log: { info: () => undefined, warn: () => undefined },
      refusedRetryMs: 1,
    })
  }

  get patches(): string[] {
    return this.requests.filter(({ method }) => method === 'PATCH').map(({ path }) => path)
  }

  /** Told with the next publication. */
  change(event: ResourceEvent): void {
    this.#state = apply(this.#state, event)
  }

  publish(changed?: Resource): void {
    if (changed !== undefined) {
      this.change({ type: 'upserted', source: 'test', observedAt: 0, resource: changed })
    }
    this.#snapshot = build(this.#state, options, this.#snapshot)
    this.writer.published({ snapshot: this.#snapshot, state: this.#state })
  }
}

/** A lease that is free, empty lists, and every write taken. */
function usual({ method, path }: ApiRequest): Answer {
  if (path.includes('/leases')) return method === 'GET' ? answer(404) : answer(201)
  if (method === 'GET') return answer(200, { metadata: { resourceVersion: '1' }, items: [] })
  return answer(method === 'POST' ? 201 : 200)
}

const worlds: World[] = []
afterEach(async () => {
  for (const { writer } of worlds.splice(0)) await writer.stop()
})

function start(count: number, handle?: Handler): World {
  const world = new World(
    Array.from({ length: count }, (_, index) => proxy(`p${index}`)),
    handle,
  )
  worlds.push(world)
  world.publish()
  return world
}

test('each object is written once, a few at a time, and a change writes that one alone', async () => {
  const world = start(50)
  await waitUntil(() => world.patches.length === 50, 'every status')
  expect(new Set(world.patches).size).toBe(50)
  expect(world.mostAtOnce).toBeLessThanOrEqual(9)
  world.publish(resourceOf(apiProxy('p7').inNamespace('shop').at('/elsewhere').mock('missing')))
  await waitUntil(() => world.patches.length === 51, 'the change')
  expect(world.patches.at(-1)).toContain('/apiproxies/p7/status')
})

test('what is there already is not written again', async () => {
  const first = start(3)
  await waitUntil(() => first.patches.length === 3, 'every status')
  const items = first.requests
    .filter(({ method }) => method === 'PATCH')
    .map(({ body }) => body as { metadata: object; status: object })
  const second = start(3, ({ method, path }) =>
    method === 'GET' && path.endsWith('/apiproxies')
      ? answer(200, { metadata: { resourceVersion: '1' }, items })
      : undefined,
  )
  second.publish(proxy('new'))
  await waitUntil(() => second.patches.length === 1, 'the new one')
  expect(second.patches[0]).toContain('/apiproxies/new/status')
})

test('an object that was deleted and made again has no status, and gets one', async () => {
  const one = (uid: string) =>
    resourceOf(apiProxy('p0').inNamespace('shop').at('/p0').mock('missing').uid(uid))
  const world = start(0)
  world.publish(one('first'))
  await waitUntil(() => world.patches.length === 1, 'the first status')
  // Both in one batch, as where the server was away: for the routes nothing has changed.
  world.change({
    type: 'deleted',
    source: 'test',
    observedAt: 0,
    kind: 'ApiProxy',
    namespace: 'shop',
    name: 'p0',
  })
  world.publish(one('second'))
  await waitUntil(() => world.patches.length === 2, 'the second status')
  const { body } = world.requests.findLast(({ method }) => method === 'PATCH') ?? {}
  expect(body).toMatchObject({ metadata: { uid: 'second' }, status: { code: '02' } })
})

test.each([
  ['503', answer(503)],
  ['429', answer(429)],
  ['nothing', { type: 'unreachable', why: 'gone' } as const],
  ['403', answer(403)],
])('a write that gets %s is tried again', async (_, failure) => {
  let failures = 1
  const world = start(1, ({ method }) => (method === 'PATCH' && failures-- > 0 ? failure : undefined))
  await waitUntil(() => world.patches.length === 2, 'the second attempt', { timeoutMs: 10_000 })
})

test.each([404, 409])('an object that is gone (%s) is left to its own event', async (status) => {
  const world = start(1, ({ path }) => (path.includes('/apiproxies/p0/') ? answer(status) : undefined))
  await waitUntil(() => world.patches.length === 1, 'the attempt')
  world.publish(proxy('p1'))
  await waitUntil(() => world.patches.length === 2, 'the other one')
  expect(world.patches.filter((path) => path.includes('/p0/'))).toHaveLength(1)
})

test('who does not hold the lease writes nothing', async () => {
  const held = answer(200, {
    spec: { holderIdentity: 'another', renewTime: 'now' },
    metadata: { resourceVersion: '1' },
  })
  const world = start(3, ({ method, path }) =>
    method === 'GET' && path.includes('/leases') ? held : undefined,
  )
  await waitUntil(() => world.requests.length > 0, 'the lease to be read')
  world.publish(proxy('new'))
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  expect(world.patches).toEqual([])
})

test('of very many Events at once most are left out, which is said once', async () => {
  const said: string[] = []
  let written = 0
  const client = {
    request: () => {
      written += 1
      return Promise.resolve(answer(201))
    },
  }
  let now = 0
  const log = { warn: (_: unknown, message: string) => void said.push(message) }
  const recorder = new EventRecorder(client, 'me', log, () => now)
  const [watched] = WATCHED
  if (watched === undefined) throw new Error('nothing is watched')
  const condition = {
    type: 'Ready',
    status: 'False',
    reason: 'X',
    message: 'x',
    lastTransitionTime: 'T',
  } as const
  for (let index = 0; index < 1_000; index++) await recorder.record(watched, proxy('a').meta, condition)
  expect(written).toBe(50)
  expect(said).toEqual(['an Event was not written'])
  now += 1_000
  for (let index = 0; index < 1_000; index++) await recorder.record(watched, proxy('a').meta, condition)
  expect(written).toBe(55)
})
