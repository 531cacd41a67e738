// Where events become snapshots, and the only place: each event is folded into the state as it arrives, then, at the
// end of the turn, one build takes all that changed, one assignment makes it current, and the subscriber is told.
// Nothing is built before every kind is settled. No exception of a source, a build or a subscriber may end it: the last
// good snapshot stays.

// The parts of RxJS that are used, from their own files: its index loads all 220 of them, 55 ms and 10 MB more at a start.
import { Observable } from 'rxjs/internal/Observable'
import { Subscription } from 'rxjs/internal/Subscription'
import type { ResourceEvent } from './events/event.ts'
import type { Journal } from './events/journal/journal.ts'
import { RECENT_EVENTS_MAX, type RecentEvents } from './events/recent-events.ts'
import { allSettled, apply, EMPTY_STATE, type State } from './events/state.ts'
import { settle, touchedSince } from './events/touched.ts'
import type { BuildOptions } from './snapshot/build-options.ts'
import { build as buildSnapshot, INITIAL_SNAPSHOT } from './snapshot/build.ts'
import type { Current } from './snapshot/current.ts'
import type { Snapshot } from './snapshot/snapshot.ts'
import type { Log } from './telemetry/log.ts'

/** What one swap was about. Times are milliseconds since the epoch, fractional. */
export interface Publication {
  readonly snapshot: Snapshot
  readonly previous: Snapshot
  /** The state that the snapshot was built from. */
  readonly state: State
  /** The events since the publication before, the oldest first; at most 1,000. */
  readonly events: readonly ResourceEvent[]
  /** How many more there were. */
  readonly eventsCut: number
  /** When the first of the changes in it was received. */
  readonly observedAtOldest: number
  /** When the build began. */
  readonly startedAt: number
}

export interface PipelineOptions {
  readonly sources: readonly Observable<ResourceEvent>[]
  /** Events that are there from the start, such as what became of loading the plugins. */
  readonly initial?: readonly ResourceEvent[]
  /** What a former process knew. */
  readonly restored?: State
  /** Revisions go on behind this one. */
  readonly revisionBefore?: number
  /** Gets every event that changed what is known, at once, with the revision that it leads to. Must not throw or wait. */
  readonly journal?: Pick<Journal, 'append'>
  readonly options: BuildOptions
  readonly current: Current
  /** Called where a build failed. */
  readonly onBuildFailed?: () => void
  /** Called after each swap. What it throws is logged. */
  readonly onPublished: (publication: Publication) => void
  readonly log: Pick<Log, 'error'>
  /** Gets every event, with the revision that it led to. */
  readonly recentEvents?: RecentEvents
  /** Stands in for the build, for tests of what happens when it fails. */
  readonly build?: typeof buildSnapshot
  /** Before a source that failed is subscribed to again. */
  readonly retryMs?: number
}

export interface Pipeline {
  /** Takes an event of those who work on what was published: keys that were decrypted, key sets that were fetched. */
  take(event: ResourceEvent): void
  /** Ends all subscriptions; nothing is published any more. */
  stop(): void
  /** Resolves once every kind is synced or refused and the first snapshot is live. */
  readonly settled: Promise<void>
  /** What is known now; it runs ahead of the current snapshot, also before the first one. */
  readonly state: State
}

/** Shortest time between two builds; after a longer silence an event is built at the end of its turn. */
const HOLDOFF_MS = 10
const RETRY_MS = 5_000
/** A state remembers so many changes for a build that keeps failing; then the next one starts from scratch. */
const UNBUILT_CHANGES_MAX = 100_000

/** Subscribes to all sources at once. */
export function runPipeline(options: PipelineOptions): Pipeline {
  const assembly = new Assembly(options)
  for (const event of options.initial ?? []) assembly.take(event)
  const subscription = new Subscription()
  for (const source of options.sources) {
    subscription.add(enduring(source, options).subscribe((event) => assembly.take(event)))
  }
  return {
    take: (event) => assembly.take(event),
    stop() {
      subscription.unsubscribe()
      assembly.stop()
    },
    settled: assembly.settled,
    get state() {
      return assembly.state
    },
  }
}

class Assembly {
  readonly settled: Promise<void>
  state: State
  readonly #options: PipelineOptions
  readonly #resolveSettled: () => void
  #builtVersion = 0
  #unseen: ResourceEvent[] = []
  #unpublished: ResourceEvent[] = []
  #unpublishedCut = 0
  #observedAtOldest: number | undefined
  #publishedAt = Number.NEGATIVE_INFINITY
  #cancel: (() => void) | undefined

  constructor(options: PipelineOptions) {
    this.#options = options
    this.state = options.restored ?? EMPTY_STATE
    const { promise, resolve } = Promise.withResolvers<void>()
    this.settled = promise
    this.#resolveSettled = resolve
  }

  take(event: ResourceEvent): void {
    const before = this.state
    try {
      this.state = apply(before, event)
    } catch (error) {
      this.#options.log.error(
        { error: stackOf(error), type: event.type },
        'an event could not be folded into the state',
      )
      return
    }
    if (this.state.version !== before.version) {
      this.#observedAtOldest = Math.min(this.#observedAtOldest ?? event.observedAt, event.observedAt)
    }
    if (this.state !== before) this.#record(event, before)
    this.#unseen.push(event)
    if (this.#unseen.length === RECENT_EVENTS_MAX) this.#see()
    this.#schedule()
  }

  stop(): void {
    this.#cancel?.()
  }

  /** What leads to no revision of its own (a uid alone) is part of the one that is live. */
  #record(event: ResourceEvent, before: State): void {
    const { state } = this
    const revision = this.#previous.revision + (state.version === this.#builtVersion ? 0 : 1)
    const keys = [...(touchedSince(state, before.version) ?? [])]
    this.#guard('the journal failed', () => this.#options.journal?.append({ event, revision, state, keys }))
  }

  /** What the next build starts from. */
  get #previous(): Snapshot {
    const { current, revisionBefore = 0 } = this.#options
    if (current.snapshot.revision > 0) return current.snapshot
    return revisionBefore === 0 ? current.snapshot : { ...INITIAL_SNAPSHOT, revision: revisionBefore }
  }

  #schedule(): void {
    if (this.#cancel !== undefined) return
    const waitMs = this.#publishedAt + HOLDOFF_MS - now()
    if (waitMs > 0) {
      const timeout = setTimeout(() => this.#publish(), waitMs)
      this.#cancel = () => clearTimeout(timeout)
    } else {
      const immediate = setImmediate(() => this.#publish())
      this.#cancel = () => clearImmediate(immediate)
    }
  }

  #publish(): void {
    this.#cancel = undefined
    const startedAt = now()
    const snapshot = this.#build()
    const previous = this.#options.current.snapshot
    this.#see(snapshot?.revision)
    if (snapshot === undefined || snapshot === previous) return
    this.#builtVersion = this.state.version
    this.state = settle(this.state)
    this.#publishedAt = startedAt
    const publication: Publication = {
      snapshot,
      previous,
      state: this.state,
      events: this.#unpublished,
      eventsCut: this.#unpublishedCut,
      observedAtOldest: this.#observedAtOldest ?? startedAt,
      startedAt,
    }
    this.#unpublished = []
    this.#unpublishedCut = 0
    this.#observedAtOldest = undefined
    this.#guard('a listener of the snapshot failed', () => this.#options.current.swap(snapshot))
    this.#guard('a subscriber of the pipeline failed', () => this.#options.onPublished(publication))
    this.#resolveSettled()
  }

  /** Undefined where there is nothing to build, not enough is known to build, or the build failed. */
  #build(): Snapshot | undefined {
    if (!allSettled(this.state)) {
      // The first build starts from scratch anyway.
      this.state = settle(this.state)
      return undefined
    }
    const { options, build = buildSnapshot } = this.#options
    const unbuilt = this.state.version - this.#builtVersion
    if (unbuilt === 0) return undefined
    try {
      return build(this.state, options, this.#previous)
    } catch (error) {
      this.#options.log.error({ error: stackOf(error) }, 'a build failed: the last good snapshot stays')
      this.#guard('a subscriber of the pipeline failed', () => this.#options.onBuildFailed?.())
      if (unbuilt > UNBUILT_CHANGES_MAX) this.state = settle(this.state)
      return undefined
    }
  }

  /** Hands the events on to those who remember them. */
  #see(revision = this.#options.current.snapshot.revision): void {
    for (const event of this.#unseen) {
      this.#options.recentEvents?.add(event, revision)
      if (this.#unpublished.length < RECENT_EVENTS_MAX) this.#unpublished.push(event)
      else this.#unpublishedCut += 1
    }
    this.#unseen = []
  }

  #guard(said: string, call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#options.log.error({ error: stackOf(error) }, said)
    }
  }
}

/** A source whose failure is said as staleness, and that is subscribed to again after a while. */
function enduring(
  source: Observable<ResourceEvent>,
  { log, retryMs = RETRY_MS }: PipelineOptions,
): Observable<ResourceEvent> {
  return new Observable((subscriber) => {
    let name = 'unknown'
    let failed = false
    let retry: NodeJS.Timeout | undefined
    const listen = (): Subscription =>
      source.subscribe({
        next(event) {
          if (failed) subscriber.next({ type: 'stale', source: name, observedAt: event.observedAt })
          failed = false
          name = event.source
          subscriber.next(event)
        },
        error(error: unknown) {
          log.error({ error: stackOf(error), source: name }, 'a source failed')
          failed = true
          const observedAt = now()
          retry = setTimeout(() => {
            heard = listen()
          }, retryMs)
          subscriber.next({ type: 'stale', source: name, observedAt, since: observedAt })
        },
        complete: () => subscriber.complete(),
      })
    let heard = listen()
    return () => {
      clearTimeout(retry)
      heard.unsubscribe()
    }
  })
}

function now(): number {
  return performance.timeOrigin + performance.now()
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.name) : 'something that is no Error was thrown'
}
