// The API server as a source of events: a reflector for every kind and namespace, and a watch over their silence. It never
// ends and never fails: while the server is away nothing is forgotten, and that it is away is said (`stale`).

import type { Subscriber } from 'rxjs'
import { Observable } from 'rxjs/internal/Observable'
import type { ResourceEvent } from '../events/event.ts'
import type { Untrusted } from '../resources/fields.ts'
import { parseManifest } from '../resources/parse.ts'
import type { Kind } from '../resources/resource.ts'
import type { Vault } from '../resources/vault.ts'
import type { Log } from '../telemetry/log.ts'
import type { ApiClient } from './api-client.ts'
import { KindFeed, type Received, SOURCE } from './kind-feed.ts'
import { Reflector, type ReflectorTiming } from './reflector.ts'
import { collectionPath, WATCHED, type WatchedKind } from './watched.ts'

export interface KubernetesSourceOptions {
  readonly client: Pick<ApiClient, 'request' | 'stream'>
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[]
  /** Label selector for Secrets; absent: all are looked at. */
  readonly secretSelector?: string
  /** How long kinds other than ApiProxy are waited for. */
  readonly syncTimeoutMs: number
  /** Silence after which what is known of a kind is no longer trusted; 0: never. */
  readonly stalenessLimitMs: number
  /** Gets a Secret's bytes before the event that speaks of it. */
  readonly vault: Pick<Vault, 'put'>
  /** What is known until the server is heard is of a former process, last heard of then (ms epoch). */
  readonly restoredSince?: number
  readonly log: Pick<Log, 'info' | 'warn'>
  /** Run before the first list. */
  readonly prepare?: (signal: AbortSignal) => Promise<void>
  readonly timing?: Partial<ReflectorTiming> & { readonly staleAfterMs?: number }
}

/** A watch that breaks is made again within a second; a silence of this length is worth saying. */
const STALE_AFTER_MS = 10_000
const LOOK_EVERY_MS = 1_000

/** Subscribe once; whoever unsubscribes ends all watches. */
export function kubernetesSource(options: KubernetesSourceOptions): Observable<ResourceEvent> {
  return new Observable((subscriber) => {
    const watching = new Watching(options, subscriber)
    void watching.start()
    return () => watching.stop()
  })
}

class Watching {
  readonly #options: KubernetesSourceOptions
  readonly #emit: (event: ResourceEvent) => void
  readonly #feeds: readonly KindFeed[]
  readonly #reflectors: readonly { readonly feed: KindFeed; readonly reflector: Reflector<Received> }[]
  readonly #stop = new AbortController()
  readonly #startedAt = now()
  #timer: NodeJS.Timeout | undefined
  readonly #overdue = new Set<Kind>()
  #said: { readonly since: number; readonly expired: readonly Kind[] } | undefined

  constructor(options: KubernetesSourceOptions, subscriber: Subscriber<ResourceEvent>) {
    this.#options = options
    this.#emit = (event) => subscriber.next(event)
    const { namespaces, vault } = options
    const made = WATCHED.map((watched) => {
      const scopes = watched.namespaced && namespaces.length > 0 ? namespaces : [undefined]
      const feed = new KindFeed({
        kind: watched.kind,
        scopes,
        vault,
        emit: this.#emit,
        heardAgain: () => this.#hurry(),
      })
      return { feed, reflectors: scopes.map((scope) => this.#reflector(watched, scope, feed)) }
    })
    this.#feeds = made.map(({ feed }) => feed)
    this.#reflectors = made.flatMap(({ feed, reflectors }) =>
      reflectors.map((reflector) => ({ feed, reflector })),
    )
  }

  async start(): Promise<void> {
    await this.#options.prepare?.(this.#stop.signal)
    if (this.#stop.signal.aborted) return
    for (const { reflector } of this.#reflectors) reflector.start()
    const staleAfterMs = this.#options.timing?.staleAfterMs ?? STALE_AFTER_MS
    this.#timer = setInterval(() => this.#look(staleAfterMs), Math.min(LOOK_EVERY_MS, staleAfterMs))
  }

  stop(): void {
    this.#stop.abort()
    clearInterval(this.#timer)
    for (const { reflector } of this.#reflectors) reflector.stop()
  }

  #reflector(watched: WatchedKind, scope: string | undefined, feed: KindFeed): Reflector<Received> {
    const { client, log, timing, secretSelector } = this.#options
    return new Reflector<Received>({
      client,
      path: collectionPath(watched, scope),
      ...(watched.kind === 'Secret' && secretSelector !== undefined && { labelSelector: secretSelector }),
      read: (object) => this.#read(watched, object),
      listener: feed.listener(scope),
      log,
      ...(timing !== undefined && { timing }),
    })
  }

  /** Items of a list carry neither kind nor version. */
  #read({ kind, apiVersion }: WatchedKind, object: Untrusted): Received | undefined {
    const [result] = parseManifest({ ...object, kind, apiVersion }, '')
    if (result?.type === 'resource') return result
    // The API server has checked the name; one that we cannot read is not named in a route either.
    if (result?.type === 'unidentified') {
      this.#options.log.warn({ kind, ...result.problem }, 'an object of the API server cannot be read')
    }
    return undefined
  }

  #hurry(): void {
    for (const { reflector } of this.#reflectors) reflector.hurry()
  }

  #look(staleAfterMs: number): void {
    this.#giveUpWaiting()
    const at = now()
    const { stalenessLimitMs: limit, restoredSince } = this.#options
    const worthSayingMs = limit > 0 ? Math.min(limit, staleAfterMs) : staleAfterMs
    const silent = this.#reflectors
      .map(({ feed, reflector }) => ({
        kind: feed.kind,
        since: reflector.brokenSince ?? (feed.waiting ? restoredSince : undefined) ?? at,
      }))
      .filter(({ since }) => at - since >= worthSayingMs)
    const said = this.#said
    if (silent.length === 0) {
      this.#said = undefined
      if (said !== undefined) this.#emit({ type: 'stale', source: SOURCE, observedAt: at })
      return
    }
    const since = Math.min(...silent.map((one) => one.since))
    const expired = silent.filter((one) => limit > 0 && at - one.since >= limit).map(({ kind }) => kind)
    const kinds = [...new Set(expired)].sort()
    if (said?.since === since && said.expired.join() === kinds.join()) return
    this.#said = { since, expired: kinds }
    this.#emit({ type: 'stale', source: SOURCE, observedAt: at, since, expired: kinds })
  }

  /** Without ApiProxies there is nothing to serve: they are waited for, whatever it takes. */
  #giveUpWaiting(): void {
    const { syncTimeoutMs } = this.#options
    const at = now()
    if (at - this.#startedAt < syncTimeoutMs) return
    if (this.#feeds.some(({ kind, waiting }) => kind === 'ApiProxy' && waiting)) return
    const detail = `nothing was heard in ${syncTimeoutMs} ms`
    for (const { kind, waiting } of this.#feeds) {
      if (!waiting || this.#overdue.has(kind)) continue
      this.#overdue.add(kind)
      this.#emit({ type: 'overdue', source: SOURCE, observedAt: at, kind, detail })
    }
  }
}

/** Milliseconds since the epoch, steady within this process. */
function now(): number {
  return performance.timeOrigin + performance.now()
}
