// What becomes of a gateway of several processes when one of them is lost: a worker that is killed, stands still or takes
// nothing more is replaced from the primary's memory, the others go on, and no process outlives the primary.

import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { concat, NEVER, Observable, of, Subject } from 'rxjs'
import { describe, expect, test } from 'vitest'
import type { ResourceEvent } from '../../src/events/event.ts'
import { KINDS } from '../../src/resources/resource.ts'
import type { WorkerLimits } from '../../src/workers/worker-process.ts'
import { Exposition } from '../support/exposition.ts'
import { startGatewayProcess } from '../support/gateway-process.ts'
import { connectHttp, httpRequest, requestBytes } from '../support/http-client.ts'
import { type InProcessGateway, startInProcessGateway } from '../support/in-process-gateway.ts'
import { apiProxy, mockTarget, resourceOf } from '../support/manifests.ts'
import { startUpstream } from '../support/upstream.ts'
import { answerBytes } from '../support/upstream-scripts.ts'
import { waitUntil } from '../support/wait-until.ts'

const OBJECTS = [mockTarget('ok').route('/', 200, 'ok'), apiProxy('free').at('/free').mock('ok')].map(
  (builder) => resourceOf(builder),
)
const ORIGIN = { source: 'directory', observedAt: 1 } as const

/** A source that says everything once to whoever subscribes, and then what the test says. */
class Source {
  readonly live = new Subject<ResourceEvent>()
  subscriptions = 0
  readonly events$ = new Observable<ResourceEvent>((subscriber) => {
    this.subscriptions += 1
    const lists = KINDS.map((kind): ResourceEvent => {
      const resources = OBJECTS.filter((each) => each.kind === kind)
      return { type: 'listed', source: 'directory', observedAt: 1, kind, resources }
    })
    return concat(of(...lists), this.live, NEVER).subscribe(subscriber)
  })

  say(name: string): void {
    const resource = resourceOf(apiProxy(name).at(`/${name}`).mock('ok'))
    this.live.next({ type: 'upserted', ...ORIGIN, resource })
  }
}

interface WorkerView {
  readonly worker: number
  readonly pid: number
  readonly serving: boolean
  readonly hash: string
}

async function view(gateway: {
  profilingPort: number
}): Promise<{ revision: number; hash: string; workers: WorkerView[] }> {
  const page = await fetch(`http://127.0.0.1:${gateway.profilingPort}/debug/snapshot`)
  return (await page.json()) as { revision: number; hash: string; workers: WorkerView[] }
}

function start(source: Source, workerLimits: Partial<WorkerLimits> = {}): Promise<InProcessGateway> {
  return startInProcessGateway(
    undefined,
    { 'server.workers': '2' },
    { sources: [source.events$], workerLimits },
  )
}

/** Waits until that process is gone and all workers serve the same hash as the primary. */
async function untilReplaced(gateway: InProcessGateway, pid: number): Promise<WorkerView[]> {
  return waitUntil(async () => {
    const { hash, workers } = await view(gateway)
    const agree = workers.length === 2 && workers.every((each) => each.serving && each.hash === hash)
    return agree && !workers.some((each) => each.pid === pid) && workers
  }, 'the worker to be replaced')
}

async function sums(gateway: InProcessGateway): Promise<Exposition> {
  return new Exposition(await gateway.metrics(), 'text/plain')
}

async function served(gateway: InProcessGateway): Promise<number> {
  const samples = (await sums(gateway)).samples('kanali_requests_total', { apiproxy: 'free' })
  return samples.reduce((sum, { value }) => sum + value, 0)
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('a worker', () => {
  test('that is killed during traffic costs its own connections, and its successor reads no source', async () => {
    const source = new Source()
    await using gateway = await start(source)
    source.say('late')
    const connections = await Promise.all(Array.from({ length: 24 }, () => connectHttp(gateway.port)))
    for (const connection of connections) expect((await connection.request('GET', '/free')).status).toBe(200)
    const before = await served(gateway)
    expect(before).toBe(24)
    const [first] = (await view(gateway)).workers
    process.kill(first?.pid ?? 0, 'SIGKILL')
    const again = await Promise.allSettled(connections.map((each) => each.request('GET', '/free')))
    const alive = again.filter((each) => each.status === 'fulfilled')
    expect(alive.length).toBeGreaterThan(0)
    expect(alive.length).toBeLessThan(24)
    for (const each of alive) expect(each.value.status).toBe(200)
    await untilReplaced(gateway, first?.pid ?? 0)
    expect(source.subscriptions).toBe(1)
    for (let sent = 0; sent < 24; sent++) {
      expect((await httpRequest(gateway.port, 'GET', '/late')).status).toBe(200)
    }
    // What the lost one had counted is still there.
    expect(await served(gateway)).toBe(before + alive.length)
    const metrics = await sums(gateway)
    expect(metrics.value('kanali_worker_restarts_total', { reason: 'signal' })).toBe(1)
    expect(gateway.log.find(({ reason }) => reason === 'signal')).toMatchObject({
      level: 'error',
      worker: 1,
      pid: first?.pid,
      detail: 'signal SIGKILL',
    })
    await Promise.all(connections.map((each) => each.close()))
  })

  test('that stands still is ended and replaced', async () => {
    await using gateway = await start(new Source(), { pingMs: 100, pingsMissedMax: 5 })
    const [first] = (await view(gateway)).workers
    process.kill(first?.pid ?? 0, 'SIGSTOP')
    await untilReplaced(gateway, first?.pid ?? 0)
    expect((await sums(gateway)).value('kanali_worker_restarts_total', { reason: 'unresponsive' })).toBe(1)
  })

  test('that takes nothing more is ended and replaced when too much waits for it', async () => {
    const source = new Source()
    const limits = { backlogBytesMax: 64 * 1024, pingsMissedMax: 1_000_000 }
    await using gateway = await start(source, limits)
    const [first, second] = (await view(gateway)).workers
    process.kill(first?.pid ?? 0, 'SIGSTOP')
    let said = 0
    const lost = async (): Promise<boolean> => {
      for (let each = 0; each < 200; each++) source.say(`more-${said++}`)
      const { workers } = await view(gateway)
      return !workers.some(({ pid }) => pid === first?.pid)
    }
    await waitUntil(lost, 'the worker to be given up')
    const workers = await untilReplaced(gateway, first?.pid ?? 0)
    expect(workers[1]?.pid).toBe(second?.pid)
    expect((await sums(gateway)).value('kanali_worker_restarts_total', { reason: 'backlog' })).toBe(1)
    expect((await httpRequest(gateway.port, 'GET', `/more-${said - 1}`)).status).toBe(200)
  })

  test('that is told to end by a person finishes its requests and is replaced', async () => {
    await using gateway = await start(new Source())
    const [first] = (await view(gateway)).workers
    process.kill(first?.pid ?? 0, 'SIGTERM')
    await untilReplaced(gateway, first?.pid ?? 0)
    expect((await sums(gateway)).value('kanali_worker_restarts_total', { reason: 'exit' })).toBe(1)
  })
})

describe('the primary', () => {
  test('does not start on a port that somebody has, shared or not', async () => {
    for (const reusePort of [false, true]) {
      const stranger = createServer().listen({ port: 0, host: '127.0.0.1', reusePort })
      await once(stranger, 'listening')
      const { port } = stranger.address() as AddressInfo
      const gateway = await startGatewayProcess({
        flags: { 'server.workers': 2, 'server.insecure_port': port },
        waitUntilReady: false,
      })
      expect(await gateway.process.exited).toEqual({ code: 1, signal: null })
      expect(gateway.process.stderr).toContain(`server.insecure_port ${port}: address already in use`)
      await gateway.folder.remove()
      stranger.close()
    }
  })

  test('that is killed leaves no worker behind', async () => {
    const gateway = await startGatewayProcess({ flags: { 'server.workers': 2 } })
    const { workers } = await view(gateway)
    gateway.process.kill('SIGKILL')
    await gateway.process.exited
    await waitUntil(() => !workers.some(({ pid }) => isThere(pid)), 'the workers to end')
    await gateway.folder.remove()
  })

  test('drains with all of them: what is under way is finished, and the process ends well', async () => {
    const gate = Promise.withResolvers<void>()
    await using upstream = await startUpstream(async (connection) => {
      await connection.readRequest()
      await gate.promise
      await connection.write(answerBytes({ body: 'late' }))
    })
    const gateway = await startGatewayProcess({
      manifests: {
        'slow.yaml': apiProxy('slow').at('/slow').toEndpoint(upstream.url).build(),
      },
      flags: { 'server.workers': 2 },
    })
    const { workers } = await view(gateway)
    await using connection = await connectHttp(gateway.port)
    await connection.send(requestBytes('GET', '/slow'))
    await upstream.request(0)
    const ended = gateway.stop()
    await gateway.logLine(({ msg, worker }) => msg === 'Shutting down' && worker === 2)
    gate.resolve()
    expect((await connection.response()).text).toBe('late')
    expect(await ended).toEqual({ code: 0, signal: null })
    expect(workers.some(({ pid }) => isThere(pid))).toBe(false)
  })
})
