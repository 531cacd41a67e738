// The directory as a source of events: scan, read, compare, say what changed; then wait for the next change.
// One scan at a time. What is emitted in one turn is one consistent look at the tree. It never ends and never fails:
// a root that cannot be read is said (`stale`), and its objects stay.

import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { Subscriber } from 'rxjs'
import { Observable } from 'rxjs/internal/Observable'
import type { ResourceEvent } from '../events/event.ts'
import type { Vault } from '../resources/vault.ts'
import type { Log } from '../telemetry/log.ts'
import { Announcer } from './announcer.ts'
import { FileSet } from './file-set.ts'
import { identityOf, SCAN_LIMITS, type Scan, type ScanLimits, scanTree } from './scan.ts'
import { FolderWatch } from './watch.ts'

export interface DirectorySourceOptions {
  /** Root of the watched tree. */
  readonly directory: string
  /** Namespace of manifests that name none. */
  readonly namespace: string
  /** Gets a Secret's bytes before the event that speaks of it. */
  readonly vault: Vault
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>
  readonly limits?: ScanLimits
  /** Nothing is served before the first look is over: it may hold the process while a disk answers. */
  readonly isWaitedFor?: boolean
  readonly timing?: Partial<DirectoryTiming>
}

interface DirectoryTiming {
  /** Quiet time after a change before the tree is read. */
  readonly debounceMs: number
  /** Longest wait where changes do not stop. */
  readonly debounceMaxMs: number
  /** The net for changes that no watch reported. */
  readonly pollMs: number
  /** The same where the root cannot be read, or a folder cannot be watched. */
  readonly blindPollMs: number
}

const TIMING: DirectoryTiming = { debounceMs: 100, debounceMaxMs: 500, pollMs: 30_000, blindPollMs: 1_000 }
/** A look at a tree that changed meanwhile is put off so many times, then said as it is. */
const DEFERRALS_MAX = 4

/** Lists every kind once, then says each change. Every subscription watches for itself, until it is unsubscribed. */
export function directorySource(options: DirectorySourceOptions): Observable<ResourceEvent> {
  return new Observable((subscriber) => {
    const loop = new DirectoryLoop(options, subscriber)
    loop.start()
    return () => loop.stop()
  })
}

class DirectoryLoop {
  readonly #options: DirectorySourceOptions
  readonly #timing: DirectoryTiming
  readonly #root: string
  readonly #announcer: Announcer
  readonly #watch: FolderWatch
  readonly #files: FileSet
  #timer: NodeJS.Timeout | undefined
  #running = false
  #stopped = false
  /** When the first change was heard that no scan has begun for. */
  #changedAt: number | undefined
  /** The same, for the changes that the scan under way is to find. */
  #observedAt: number | undefined
  #deferrals = 0

  constructor(options: DirectorySourceOptions, subscriber: Subscriber<ResourceEvent>) {
    this.#options = options
    this.#timing = { ...TIMING, ...options.timing }
    this.#root = path.resolve(options.directory)
    const { vault, log } = options
    this.#announcer = new Announcer({ vault, log, emit: (event) => subscriber.next(event) })
    this.#watch = new FolderWatch({ changed: () => this.#changed(), log: options.log })
    this.#files = new FileSet({
      namespace: options.namespace,
      log: options.log,
      filesMax: this.#limits.filesMax,
    })
  }

  start(): void {
    void this.#run()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#watch.close()
  }

  get #limits(): ScanLimits {
    return this.#options.limits ?? SCAN_LIMITS
  }

  #changed(): void {
    if (this.#stopped) return
    this.#changedAt ??= now()
    if (!this.#running) this.#arm()
  }

  #arm(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#run(), this.#delayMs())
  }

  #delayMs(): number {
    const { debounceMs, debounceMaxMs, pollMs, blindPollMs } = this.#timing
    if (this.#changedAt !== undefined) {
      return Math.max(0, Math.min(debounceMs, this.#changedAt + debounceMaxMs - now()))
    }
    if (this.#announcer.stale) return blindPollMs
    if (this.#files.doubted) return debounceMs
    return this.#watch.blind ? blindPollMs : pollMs
  }

  async #run(): Promise<void> {
    this.#running = true
    this.#observedAt ??= this.#changedAt ?? now()
    this.#changedAt = undefined
    try {
      await this.#look()
    } catch (error) {
      this.#options.log.error(
        { error: error instanceof Error ? error.stack : 'unknown' },
        'a look at the watched directory failed',
      )
    }
    this.#running = false
    if (!this.#stopped) this.#arm()
  }

  async #look(): Promise<void> {
    const scan = await this.#scan()
    if (this.#stopped) return
    if (scan.type === 'unreadable') {
      this.#announcer.lost(scan.why, this.#observed())
      return
    }
    const atOnce = this.#options.isWaitedFor === true && !this.#announcer.hasListed
    await this.#files.read(scan, () => this.#stopped, atOnce)
    if (this.#stopped) return
    if (this.#changedAt !== undefined && this.#deferrals < DEFERRALS_MAX) {
      this.#deferrals += 1
      return
    }
    this.#deferrals = 0
    this.#announcer.found(this.#files, scan.problems, this.#observed())
  }

  /** When the changes of this look were first heard of; the next look has its own. */
  #observed(): number {
    const observedAt = this.#observedAt ?? now()
    this.#observedAt = undefined
    return observedAt
  }

  async #scan(): Promise<Scan> {
    this.#watch.begin()
    await this.#watchParent()
    const scan = await scanTree(this.#root, this.#limits, (folder, identity) => {
      if (!this.#stopped) this.#watch.enter(folder, identity)
    })
    this.#watch.end()
    return scan
  }

  /** Only the parent hears of a root that comes back or is swapped. */
  async #watchParent(): Promise<void> {
    const parent = path.dirname(this.#root)
    if (parent === this.#root) return
    try {
      const identity = identityOf(await stat(parent, { bigint: true }))
      if (!this.#stopped) this.#watch.enter(parent, identity, path.basename(this.#root))
    } catch {
      // Without a parent to look at there is no root either, which the scan says.
    }
  }
}

/** Milliseconds since the epoch, steady within this process. */
function now(): number {
  return performance.timeOrigin + performance.now()
}
