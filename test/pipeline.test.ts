// Events of all sources become snapshots: in batches, only where something changed, and whatever throws.

import { Observable, of, Subject } from 'rxjs'
import { describe, expect, test } from 'vitest'
import type { ResourceEvent } from '../src/events/event.ts'
import { RecentEvents } from '../src/events/recent-events.ts'
import { objectOf } from '../src/events/state.ts'
import { type PipelineOptions, type Publication, runPipeline } from '../src/pipeline.ts'
import { type Kind, KINDS } from '../src/resources/resource.ts'
import type { BuildOptions } from '../src/snapshot/build-options.ts'
import { build } from '../src/snapshot/build.ts'
import { Current } from '../src/snapshot/current.ts'
import { apiProxy, resourceOf } from './support/manifests.ts'
import { waitUntil } from './support/wait-until.ts'
import { recordingLog } from './support/watched-directory.ts'

const OPTIONS: BuildOptions = {
  'proxy.enable_cluster_ip': true,
  'proxy.enable_endpoint_slices': true,
  'proxy.enable_mock_responses': true,
  'proxy.default_header_values': {},
  'routing.cross_namespace': 'warn',
}

const listed = (kind: Kind): ResourceEvent => ({
  type: 'listed',
  source: 'test',
  observedAt: 1,
  kind,
  resources: [],
})

function upserted(name: string, observedAt = 2): ResourceEvent {
  const resource = resourceOf(apiProxy(name).at(`/${name}`).toEndpoint('http://127.0.0.1:1'))
  return { type: 'upserted', source: 'test', observedAt, resource }
}

class RunningPipeline implements Disposable {
  readonly source = new Subject<ResourceEvent>()
  readonly current = new Current()
  readonly published: Publication[] = []
  readonly log = recordingLog()
  readonly recentEvents = new RecentEvents()
  readonly pipeline: ReturnType<typeof runPipeline>

  constructor(overrides: Partial<PipelineOptions> = {}) {
    this.pipeline = runPipeline({
      sources: [this.source],
      options: OPTIONS,
      current: this.current,
      onPublished: (publication) => this.published.push(publication),
      log: this.log,
      recentEvents: this.recentEvents,
      ...overrides,
    })
  }

  async synced(): Promise<this> {
    for (const kind of KINDS) this.source.next(listed(kind))
    await this.pipeline.settled
    return this
  }

  /** Waits for the publication of that revision. */
  async revision(revision: number): Promise<Publication> {
    return waitUntil(
      () => this.published.find(({ snapshot }) => snapshot.revision === revision),
      `revision ${revision}`,
    )
  }

  has(name: string): boolean {
    return objectOf(this.pipeline.state, 'ApiProxy', 'default', name) !== undefined
  }

  [Symbol.dispose](): void {
    this.pipeline.stop()
  }
}

describe('the first snapshot', () => {
  test('comes once every kind is synced or refused, not before', async () => {
    using running = new RunningPipeline()
    running.source.next(upserted('early'))
    for (const kind of KINDS.slice(1)) running.source.next(listed(kind))
    // By the end of the next turn a build would have happened.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    expect(running.published).toEqual([])
    expect(running.has('early')).toBe(true)
    expect(running.recentEvents.list()).toHaveLength(KINDS.length)
    running.source.next({ type: 'refused', source: 'test', observedAt: 3, kind: 'ApiProxy', detail: '403' })
    await running.pipeline.settled
    expect(running.current.snapshot).toMatchObject({
      revision: 1,
      kinds: { ApiProxy: 'refused', Secret: 'synced' },
    })
    expect(running.published).toHaveLength(1)
    expect(running.published[0]).toMatchObject({
      previous: { revision: 0 },
      observedAtOldest: 1,
      eventsCut: 0,
    })
  })

  test('of an empty world is a snapshot', async () => {
    using running = await new RunningPipeline().synced()
    expect(running.current.snapshot.revision).toBe(1)
    expect(running.current.snapshot.counts.ApiProxy).toBe(0)
  })

  test('folds several sources together', async () => {
    const [first, ...others] = KINDS
    using running = new RunningPipeline({
      sources: [of(...others.map(listed)), of(listed(first), upserted('shop'))],
    })
    await running.pipeline.settled
    expect(running.current.snapshot.counts.ApiProxy).toBe(1)
  })
})

describe('a publication', () => {
  test('takes all events of one turn, and says how old the oldest change is', async () => {
    using running = await new RunningPipeline().synced()
    running.source.next(listed('Secret'))
    running.source.next(upserted('a', 30))
    running.source.next(upserted('b', 20))
    const { snapshot, previous, events, observedAtOldest, startedAt, state } = await running.revision(2)
    expect(snapshot.counts.ApiProxy).toBe(2)
    expect(previous.revision).toBe(1)
    expect(events.map(({ type }) => type)).toEqual(['listed', 'upserted', 'upserted'])
    expect(observedAtOldest).toBe(20)
    expect(startedAt).toBeGreaterThan(performance.timeOrigin)
    expect(state.kinds.ApiProxy.objects.size).toBe(2)
    expect(running.current.snapshot).toBe(snapshot)
  })

  test('is not made where nothing changed', async () => {
    let builds = 0
    using running = await new RunningPipeline({
      build: (...args) => {
        builds += 1
        return build(...args)
      },
    }).synced()
    running.source.next(upserted('a'))
    await running.revision(2)
    running.source.next(upserted('a'))
    running.source.next(listed('Secret'))
    await waitUntil(() => running.recentEvents.list().length === KINDS.length + 3, 'the events to be seen')
    expect(builds).toBe(2)
    expect(running.published).toHaveLength(2)
    expect(running.recentEvents.list().at(-1)).toEqual({
      type: 'listed',
      kind: 'Secret',
      count: 0,
      source: 'test',
      observedAt: 1,
      revision: 2,
    })
  })

  test('of very many events names the first of them and counts the others; all are in the snapshot', async () => {
    using running = await new RunningPipeline().synced()
    for (let index = 0; index < 2_500; index += 1) running.source.next(upserted(`p${index}`))
    const { events, eventsCut, snapshot } = await running.revision(2)
    expect(events).toHaveLength(1_000)
    expect(eventsCut).toBe(1_500)
    expect(snapshot.counts.ApiProxy).toBe(2_500)
    expect(running.recentEvents.list()).toHaveLength(1_000)
  })

  test('follows another so soon only after a holdoff, with all that came meanwhile', async () => {
    using running = await new RunningPipeline().synced()
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      running.source.next(upserted(name))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await waitUntil(() => running.current.snapshot.counts.ApiProxy === 5, 'all five')
    const starts = running.published.map(({ startedAt }) => startedAt)
    const gaps = starts.slice(1).map((startedAt, index) => startedAt - (starts[index] ?? 0))
    // A timer may be early by its own grain of a millisecond.
    expect(Math.min(...gaps)).toBeGreaterThan(8)
  })

  test('is not made any more once the pipeline is stopped', async () => {
    using running = await new RunningPipeline().synced()
    running.source.next(upserted('a'))
    running.pipeline.stop()
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    running.source.next(upserted('b'))
    expect(running.published).toHaveLength(1)
    expect(running.source.observed).toBe(false)
  })
})

describe('what throws', () => {
  test('in a build leaves the last good snapshot, and the next build has everything', async () => {
    let broken = true
    let failed = 0
    using running = await new RunningPipeline({
      onBuildFailed: () => {
        failed += 1
      },
      build: (state, ...others) => {
        if (broken && state.kinds.ApiProxy.objects.size > 0) throw new Error('broken build')
        return build(state, ...others)
      },
    }).synced()
    running.source.next(upserted('a', 7))
    await waitUntil(() => running.log.lines.length > 0, 'the log line')
    expect(running.log.lines[0]).toMatchObject({
      level: 'error',
      message: expect.stringContaining('last good') as string,
    })
    expect(running.current.snapshot.revision).toBe(1)
    expect(failed).toBe(1)
    broken = false
    running.source.next(upserted('b', 8))
    expect(await running.revision(2)).toMatchObject({
      observedAtOldest: 7,
      snapshot: { counts: { ApiProxy: 2 } },
    })
  })

  test('in a subscriber or a listener is logged, and the next publication comes', async () => {
    let calls = 0
    using running = new RunningPipeline({
      onPublished: () => {
        calls += 1
        throw new Error('broken subscriber')
      },
    })
    running.current.subscribe(() => {
      throw new Error('broken listener')
    })
    await running.synced()
    running.source.next(upserted('a'))
    await waitUntil(() => calls === 2, 'the second call')
    expect(running.current.snapshot.revision).toBe(2)
    expect(running.log.lines).toHaveLength(4)
  })

  test('in the fold loses that event only', async () => {
    using running = await new RunningPipeline().synced()
    running.source.next({ ...upserted('a'), resource: null } as unknown as ResourceEvent)
    running.source.next(upserted('b'))
    await running.revision(2)
    expect(running.has('b')).toBe(true)
    expect(running.log.lines[0]?.message).toContain('could not be folded')
  })

  test('in a source is said as staleness, which ends when the source is heard again', async () => {
    let subscriptions = 0
    const resumed = new Subject<ResourceEvent>()
    const failing = new Observable<ResourceEvent>((subscriber) => {
      subscriptions += 1
      if (subscriptions === 1) {
        for (const kind of KINDS) subscriber.next(listed(kind))
        subscriber.next(upserted('kept'))
        subscriber.error(new Error('broken source'))
        return undefined
      }
      return resumed.subscribe(subscriber)
    })
    using running = new RunningPipeline({ sources: [failing], retryMs: 1 })
    await running.pipeline.settled
    expect(running.current.snapshot.staleSince).toBeGreaterThan(0)
    expect(running.current.snapshot.counts.ApiProxy).toBe(1)
    await waitUntil(() => subscriptions === 2, 'the second subscription')
    resumed.next(upserted('more'))
    await waitUntil(() => running.current.snapshot.counts.ApiProxy === 2, 'the new object')
    expect(running.current.snapshot.staleSince).toBeUndefined()
    expect(running.log.lines).toHaveLength(1)
  })
})
