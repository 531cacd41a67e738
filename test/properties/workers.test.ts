// The laws of workers: whoever was fed what the primary took in, cut into batches in any way, from the start or from the
// middle on, has the primary's hash at the primary's revision and decides every request like it.

import { deserialize, serialize } from 'node:v8'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_OPTIONS } from '../../src/config/options.ts'
import { allSettled, apply, EMPTY_STATE, type State } from '../../src/events/state.ts'
import { settle } from '../../src/events/touched.ts'
import type { ResourceEvent } from '../../src/events/event.ts'
import type { GuardKnowledge } from '../../src/plugins/guard-set.ts'
import { Vault } from '../../src/resources/vault.ts'
import { build, INITIAL_SNAPSHOT } from '../../src/snapshot/build.ts'
import { Current } from '../../src/snapshot/current.ts'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import { Feed, type Fed } from '../../src/workers/feed.ts'
import { Follower } from '../../src/workers/follower.ts'
import type { FeedItem } from '../../src/workers/messages.ts'
import { LogLines } from '../support/log-lines.ts'
import { allSteps, conditionsOf, decisionsOf, tell } from './world.ts'

const KNOWLEDGE: GuardKnowledge = {
  digestKeys: () => [],
  keySetWords: () => [],
  keySetWord: () => undefined,
  awaitKeySet: () => Promise.resolve(undefined),
}

/** A worker without a process: what it is fed has gone through bytes all the same. */
class FollowingWorker implements Fed {
  readonly current = new Current()
  readonly log = new LogLines()
  readonly published: [revision: number, hash: string][] = []
  readonly #follower: Follower
  #pieces: Iterator<readonly FeedItem[]> | undefined
  readonly #behind: Uint8Array[] = []
  #begun = false

  constructor() {
    this.#follower = new Follower({
      options: DEFAULT_OPTIONS,
      current: this.current,
      vault: new Vault(),
      plugins: [],
      log: this.log,
      onDigestKeys: () => undefined,
      onKeySet: () => undefined,
      onBuildFailed: () => undefined,
      onPublished: ({ snapshot: { revision, hash } }) => this.published.push([revision, hash]),
    })
  }

  catchUp(pieces: Iterable<readonly FeedItem[]>): void {
    this.#begun = true
    this.#pieces = pieces[Symbol.iterator]()
  }

  feed(items: Uint8Array): void {
    if (!this.#begun) return
    if (this.#pieces === undefined) this.#take(items)
    else this.#behind.push(items)
  }

  /** Takes so many pieces of a catch-up. */
  pull(count: number): void {
    for (let pulled = 0; pulled < count && this.#pieces !== undefined; pulled++) {
      const { done, value } = this.#pieces.next()
      if (done !== true) {
        this.#take(serialize(value))
        continue
      }
      this.#pieces = undefined
      for (const items of this.#behind.splice(0)) this.#take(items)
    }
  }

  #take(items: Uint8Array): void {
    for (const item of deserialize(items) as readonly FeedItem[]) this.#follower.take(item)
  }
}

/** The primary's path of an event, built when the test says so. */
class Primary {
  readonly workers = new Set<FollowingWorker>()
  readonly feed = new Feed({ vault: new Vault(), workers: () => this.workers })
  snapshot: Snapshot = INITIAL_SNAPSHOT
  #state: State = EMPTY_STATE
  #builtVersion = 0

  constructor() {
    this.feed.knowledge = KNOWLEDGE
  }

  take(event: ResourceEvent): void {
    const before = this.#state
    this.#state = apply(before, event)
    if (this.#state !== before) this.feed.record(event)
  }

  publish(): void {
    if (!allSettled(this.#state) || this.#state.version === this.#builtVersion) return
    const previous = this.snapshot
    const startedAt = 0
    this.snapshot = build(this.#state, DEFAULT_OPTIONS, previous)
    this.#builtVersion = this.#state.version
    this.#state = settle(this.#state)
    const publication = { snapshot: this.snapshot, previous, state: this.#state, startedAt }
    this.feed.published({ ...publication, events: [], eventsCut: 0, observedAtOldest: 0 }, undefined)
  }
}

const histories = fc.array(allSteps, { maxLength: 30 })
/** What happens behind a batch of events: a build, a worker that comes, one that is lost, pieces that arrive. */
const turns = fc.array(
  fc.record({
    publishes: fc.boolean(),
    comes: fc.boolean(),
    isLost: fc.boolean(),
    pulls: fc.nat(4),
  }),
  { minLength: 1, maxLength: 12 },
)

test('workers that came at any time and were fed in any batches agree with the primary', () => {
  fc.assert(
    fc.property(histories, turns, (history, pattern) => {
      const primary = new Primary()
      const lived = new Map<number, string>()
      const come = (): void => {
        const worker = new FollowingWorker()
        primary.workers.add(worker)
        primary.feed.begin(worker)
      }
      come()
      for (const [index, batch] of tell(history).batches.entries()) {
        const turn = pattern[index % pattern.length]
        for (const event of batch) primary.take(event)
        if (turn?.comes === true) come()
        if (turn?.publishes === true) primary.publish()
        lived.set(primary.snapshot.revision, primary.snapshot.hash)
        for (const worker of primary.workers) worker.pull(turn?.pulls ?? 0)
        if (turn?.isLost !== true) continue
        for (const lost of [...primary.workers].slice(0, 1)) {
          primary.workers.delete(lost)
          primary.feed.forget(lost)
        }
        come()
      }
      come()
      primary.publish()
      const { snapshot } = primary
      lived.set(snapshot.revision, snapshot.hash)
      for (const worker of primary.workers) {
        worker.pull(Number.POSITIVE_INFINITY)
        expect(worker.log.lines).toEqual([])
        // Never another content under a revision that the primary gave.
        for (const [revision, hash] of worker.published) expect(lived.get(revision)).toBe(hash)
        if (snapshot.revision === 0) continue
        const followed = worker.current.snapshot
        expect([followed.revision, followed.hash]).toEqual([snapshot.revision, snapshot.hash])
        expect(decisionsOf(followed)).toEqual(decisionsOf(snapshot))
        expect(conditionsOf(followed)).toEqual(conditionsOf(snapshot))
      }
    }),
    { numRuns: 300 },
  )
})
