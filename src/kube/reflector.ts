// Keeps up with one collection of the API server: lists it, then watches it, for ever. What it tells is always whole: a
// list is told in one piece, and where it is cut nothing of it is. It never forgets on its own: while the server is away,
// nothing is told. Source: kubernetes.io/docs/reference/using-api/api-concepts (watches, bookmarks, streamed lists).

import { isRecord, ownField, type Untrusted } from '../resources/fields.ts'
import type { Log } from '../telemetry/log.ts'
import { type Answer, type ApiClient, statusText, type Unreachable } from './api-client.ts'
import { Backoff, type BackoffLimits } from './backoff.ts'
import { LineSplitter } from './line-splitter.ts'
import { readPage } from './list-objects.ts'
import { readWatchLine } from './watch-line.ts'

/** Who is told. `at` is when the first byte of it was received (ms epoch, fractional). */
export interface ReflectorListener<T> {
  /** The complete collection, as the server had it at one moment. */
  listed(objects: readonly T[], at: number): void
  upserted(object: T, at: number): void
  deleted(object: T, at: number): void
  /** The server does not let us list (401, 403) or does not know the kind (404). Never after a list. */
  refused(detail: string, at: number): void
  /** The server is heard again after a silence. */
  heardAgain?(): void
}

export interface ReflectorTiming {
  /** How long the server is asked to keep a watch open; up to a tenth is added at random. */
  readonly watchSeconds: number
  /** Without a byte for so long a watch is given up: bookmarks come about every minute. */
  readonly inactivityMs: number
  readonly backoff: BackoffLimits
  /** A watch that ends at once ends within so long; only then is it known to be good without a word of the server. */
  readonly proveMs: number
}

export interface ReflectorOptions<T> {
  readonly client: Pick<ApiClient, 'request' | 'stream'>
  /** Path of the collection. */
  readonly path: string
  readonly labelSelector?: string
  /** Reads an object as it arrives, so that nothing else of it is kept; undefined for one that is not kept at all. */
  readonly read: (object: Untrusted) => T | undefined
  readonly listener: ReflectorListener<T>
  readonly log: Pick<Log, 'info' | 'warn'>
  readonly timing?: Partial<ReflectorTiming>
}

export const REFLECTOR_TIMING: ReflectorTiming = {
  watchSeconds: 290,
  inactivityMs: 90_000,
  backoff: { leastMs: 800, mostMs: 30_000 },
  proveMs: 1_000,
}

/** Asking a server that is not there costs it nothing, and what is known grows old meanwhile. */
const UNHEARD_PAUSE_MS_MAX = 5_000
/** Objects of one page of a list; a server may give fewer. */
const PAGE_LIMIT = 500
/** A longer line is given up: etcd takes 1.5 MiB, which as JSON is less than ten times that. */
const LINE_BYTES_MAX = 16 * 1024 * 1024

/** Why a list or a watch ended. */
interface Ended {
  readonly why: string
  /** The server ended it as agreed. */
  readonly clean?: boolean
  /** What is known of the position cannot be gone on from. */
  readonly relist?: boolean
  readonly refused?: boolean
  /** The position is too old: the server is there and has said what to do. */
  readonly gone?: boolean
  /** A list came whole, and is to be watched from. */
  readonly listed?: boolean
  /** The server does not know streamed lists. */
  readonly unstreamable?: boolean
  readonly retryAfterMs?: number
  /** There was no server, or it fell silent. */
  readonly unheard?: boolean
}

export class Reflector<T> {
  /** When the server was last heard (ms epoch); the start of this reflector before that. */
  heardAt = now()
  /** Refused and never listed: there is nothing that could be stale. */
  isRefused = false
  readonly #options: ReflectorOptions<T>
  readonly #timing: ReflectorTiming
  readonly #backoff: Backoff
  readonly #stop = new AbortController()
  #streams = true
  #listed = false
  #relisting = false
  #lost = false
  #brokenSince: number | undefined
  #resourceVersion: string | undefined
  /** Ends the pause before the next attempt. */
  #wake: (() => void) | undefined
  /** The server has not asked for the pause. */
  #mayHurry = false

  constructor(options: ReflectorOptions<T>) {
    this.#options = options
    this.#timing = { ...REFLECTOR_TIMING, ...options.timing }
    this.#backoff = new Backoff(this.#timing.backoff)
  }

  /** Since when nothing of the server is known (ms epoch); undefined while a watch is open, or nothing was ever. */
  get brokenSince(): number | undefined {
    return this.#listed ? this.#brokenSince : undefined
  }

  start(): void {
    void this.#run()
  }

  stop(): void {
    this.#stop.abort()
    this.#wake?.()
  }

  /** Someone else hears the server again: there is no use in waiting out a long pause. */
  hurry(): void {
    if (this.#mayHurry) this.#wake?.()
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const from = now()
      const ended = await this.#attempt()
      if (this.#stop.signal.aborted) return
      if (ended.relist) this.#resourceVersion = undefined
      if (ended.gone) this.#backoff.reset()
      if (ended.unstreamable) {
        this.#streams = false
        continue
      }
      if (ended.listed || (ended.clean && now() - from >= this.#timing.proveMs)) continue
      // What ends as soon as it began would be asked for again and again; it is no silence where something was said.
      if (!ended.clean || this.heardAt < from) this.#say(ended)
      this.#mayHurry = ended.unheard === true
      const waitMs = this.#backoff.next(ended.retryAfterMs)
      await this.#pause(this.#mayHurry ? Math.min(waitMs, UNHEARD_PAUSE_MS_MAX) : waitMs)
    }
  }

  #attempt(): Promise<Ended> {
    if (this.#resourceVersion !== undefined) return this.#watch(this.#resourceVersion)
    return this.#streams ? this.#streamList() : this.#pagedList()
  }

  #watch(resourceVersion: string): Promise<Ended> {
    return this.#stream({ resourceVersion }, undefined)
  }

  /** List and watch in one stream: the list ends at a bookmark, and the watch goes on behind it. */
  #streamList(): Promise<Ended> {
    const query = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }
    return this.#stream(query, new Map())
  }

  async #stream(
    query: Readonly<Record<string, string | boolean>>,
    initial: Map<string, T> | undefined,
  ): Promise<Ended> {
    const abort = new AbortController()
    const signal = AbortSignal.any([abort.signal, this.#stop.signal])
    const answer = await this.#options.client.stream({
      method: 'GET',
      path: this.#options.path,
      query: {
        watch: true,
        allowWatchBookmarks: true,
        timeoutSeconds: Math.round(this.#timing.watchSeconds * (1 + Math.random() / 10)),
        labelSelector: this.#options.labelSelector,
        ...query,
      },
      signal,
    })
    if (answer.type !== 'stream') {
      const ended = endOf(answer)
      const unknown = answer.type === 'answer' && (answer.status === 400 || answer.status === 422)
      return initial !== undefined && unknown ? { ...ended, unstreamable: true } : ended
    }
    return this.#consume(answer.chunks, abort, initial)
  }

  async #consume(
    chunks: AsyncIterable<Buffer>,
    abort: AbortController,
    initial: Map<string, T> | undefined,
  ): Promise<Ended> {
    const lines = new LineSplitter(LINE_BYTES_MAX)
    const { inactivityMs, proveMs } = this.#timing
    let silent = false
    let collecting = initial
    let isProven = false
    const proof = setTimeout(() => {
      isProven = true
      if (collecting === undefined) this.#isProven()
    }, proveMs)
    const timer = setTimeout(() => {
      silent = true
      abort.abort()
    }, inactivityMs)
    try {
      for await (const chunk of chunks) {
        timer.refresh()
        const at = now()
        this.heardAt = at
        const complete = lines.push(chunk)
        if (complete === undefined)
          return { why: `a line is longer than ${LINE_BYTES_MAX} bytes`, relist: true }
        for (const line of complete) {
          const taken = this.#take(line, collecting, at)
          if (typeof taken === 'object') return taken
          if (taken === 'initial-end') {
            collecting = undefined
            if (isProven) this.#isProven()
          }
        }
      }
      if (isProven) this.heardAt = now()
    } catch (error) {
      const why = `the watch broke: ${error instanceof Error ? error.message : 'unknown'}`
      if (!silent) {
        // Whoever hangs up was there until then, however quiet; a connection that timed out was not.
        if (isProven && !isTimeout(error)) this.heardAt = now()
        return { why, unheard: true }
      }
    } finally {
      clearTimeout(proof)
      clearTimeout(timer)
    }
    if (silent) {
      const why = `nothing was heard for ${inactivityMs} ms`
      return { why, unheard: true, unstreamable: collecting !== undefined && initial?.size === 0 }
    }
    if (lines.pendingBytes > 0) return { why: 'the watch was cut in the middle of a line', unheard: true }
    return { why: 'the server ended the watch', clean: collecting === undefined }
  }

  /** @returns an end where the watch cannot go on */
  #take(text: string, initial: Map<string, T> | undefined, at: number): Ended | 'initial-end' | undefined {
    const line = readWatchLine(text)
    switch (line.type) {
      case 'malformed':
        return { why: `a line of the watch is malformed: ${line.why}`, relist: true }
      case 'error':
        return errorEnd(line.code, line.message, initial !== undefined)
      case 'bookmark':
        if (initial !== undefined && !line.initialEnd) return undefined
        if (initial !== undefined) this.#publish([...initial.values()], at)
        break
      case 'upserted':
      case 'deleted':
        if (initial !== undefined) {
          this.#collect(initial, line.type, line.object)
          return undefined
        }
        this.#tell(line.type, line.object, at)
    }
    this.#resourceVersion = line.resourceVersion
    this.#isWell()
    return initial === undefined ? undefined : 'initial-end'
  }

  #tell(type: 'upserted' | 'deleted', object: Untrusted, at: number): void {
    const read = this.#options.read(object)
    if (read !== undefined) this.#options.listener[type](read, at)
  }

  #collect(initial: Map<string, T>, type: 'upserted' | 'deleted', object: Untrusted): void {
    const metadata = ownField(object, 'metadata')
    const key = isRecord(metadata)
      ? `${String(ownField(metadata, 'namespace'))}/${String(ownField(metadata, 'name'))}`
      : ''
    const read = type === 'deleted' ? undefined : this.#options.read(object)
    if (read === undefined) initial.delete(key)
    else initial.set(key, read)
  }

  async #pagedList(): Promise<Ended> {
    const objects: T[] = []
    let at = now()
    let from: string | undefined
    do {
      const answer = await this.#options.client.request({
        method: 'GET',
        path: this.#options.path,
        query: { limit: PAGE_LIMIT, continue: from, labelSelector: this.#options.labelSelector },
        signal: this.#stop.signal,
      })
      at = now()
      if (answer.type === 'unreachable' || answer.status !== 200) return endOf(answer)
      this.heardAt = at
      const page = readPage(answer.body)
      if (page === undefined) return { why: 'the answer to a list is no list' }
      for (const item of page.items) {
        const read = this.#options.read(item)
        if (read !== undefined) objects.push(read)
      }
      if (page.from !== undefined && page.from === from) return { why: 'the list has no end' }
      from = page.from
      if (from === undefined) this.#resourceVersion = page.resourceVersion
    } while (from !== undefined)
    this.#publish(objects, at)
    return { why: 'listed', listed: true }
  }

  #publish(objects: readonly T[], at: number): void {
    this.#listed = true
    this.#relisting = false
    this.isRefused = false
    this.#options.listener.listed(objects, at)
    this.#isWell()
  }

  /** It has been open for long enough: the next wait is short again. */
  #isProven(): void {
    this.#backoff.reset()
    this.#isWell()
  }

  #isWell(): void {
    this.#brokenSince = undefined
    if (!this.#lost) return
    this.#lost = false
    this.#options.log.info({ path: this.#options.path }, 'the API server is heard again')
    this.#options.listener.heardAgain?.()
  }

  #say({ why, refused, relist }: Ended): void {
    const { path, log } = this.#options
    // From here on what is known grows old, until a list or a watch is well.
    this.#brokenSince ??= this.heardAt
    if (relist === true) {
      log.info({ path, why }, 'the API server is asked for a new list')
      const isFirst = !this.#relisting
      this.#relisting = true
      if (isFirst && !this.#lost) return
    }
    if (!this.#lost) {
      this.#lost = true
      log.warn(
        { path, why, last_heard_at: new Date(this.heardAt).toISOString() },
        'the API server is not heard',
      )
    }
    if (refused && !this.#listed) {
      this.isRefused = true
      this.#options.listener.refused(why, now())
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

function endOf(answer: Answer | Unreachable): Ended {
  if (answer.type === 'unreachable') return { why: answer.why, unheard: true }
  const { status, retryAfterMs } = answer
  const why = statusText(answer)
  if (status === 410) return { why, relist: true, gone: true }
  return { why, retryAfterMs, refused: status === 401 || status === 403 || status === 404 }
}

/** A Status in the stream: 410 means that the position is too old; a position is kept only where the fault may pass. */
function errorEnd(code: number, message: string, initial: boolean): Ended {
  const why = `the watch ended with ${code}: ${message}`
  if (initial && (code === 400 || code === 422)) return { why, unstreamable: true }
  const passing = code === 429 || code >= 500
  return { why, relist: !passing, gone: code === 410 }
}

/** The network gave up on its own: nothing came of the other side. */
function isTimeout(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ETIMEDOUT' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH'
}

/** Milliseconds since the epoch, steady within this process. */
function now(): number {
  return performance.timeOrigin + performance.now()
}
