// Watches the event loop from a thread of its own, since a plugin that blocks the loop cannot be stopped from inside it.
// This half runs on the loop: it beats, says which plugin is at work, and answers for liveness once a block has ended.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { PluginLog } from './plugin-log.ts'
import { readThrown } from './thrown.ts'
import { BLAMED_SLOT, SLOTS, type WatchedMethod, WatchdogMemory } from './watchdog-memory.ts'
import type { WatchdogOrders } from './watchdog-worker.ts'

export interface WatchdogOptions {
  /** Plugin files by index. */
  readonly files: readonly string[]
  /** How long the loop may stand still. */
  readonly timeoutMs: number
  readonly log: PluginLog
  /** How often a block that lasts is said again; a minute where absent. */
  readonly repeatMs?: number
  /** Milliseconds that never go back; `performance.now` where absent. */
  readonly now?: () => number
}

/** A block that has ended. The names are absent where several plugins were at work and any could have caused it. */
export interface Block {
  readonly plugin?: string
  readonly method?: WatchedMethod
  readonly namespace?: string
  readonly apiproxy?: string
  readonly traceId?: string
  /** How long the loop stood still, in milliseconds. */
  readonly forMs: number
}

const REMEMBERED_MS = 60_000
const REPEAT_MS = 60_000

export class Watchdog {
  readonly #memory = new WatchdogMemory()
  readonly #files: readonly string[]
  readonly #freeSlots = Array.from({ length: SLOTS - 1 }, (_, at) => SLOTS - 1 - at)
  readonly #worker: Worker
  readonly #timer: NodeJS.Timeout
  readonly #now: () => number
  #lastBeatAt: number
  #blocksSeen = 0
  #last: { readonly block: Block; readonly endedAt: number } | undefined = undefined
  #stopping = false

  /** Starts the thread and waits until it watches. Where it cannot start, the log says so and nothing is watched. */
  static async start(options: WatchdogOptions): Promise<Watchdog> {
    const watchdog = new Watchdog(options)
    try {
      await once(watchdog.#worker, 'online')
    } catch {
      // The worker's error handler has said it.
    }
    // Not before: a program that waits for nothing but this start would end.
    watchdog.#worker.unref()
    return watchdog
  }

  private constructor(options: WatchdogOptions) {
    const { files, timeoutMs, log, repeatMs = REPEAT_MS, now = () => performance.now() } = options
    this.#files = files
    this.#now = now
    this.#lastBeatAt = now()
    const everyMs = Math.min(250, Math.max(10, Math.floor(timeoutMs / 4)))
    const orders: WatchdogOrders = { buffer: this.#memory.buffer, files, timeoutMs, everyMs, repeatMs }
    // The same file name as this one's: `.ts` in the checkout, `.js` in a build.
    const script = new URL(
      `./watchdog-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`,
      import.meta.url,
    )
    // An empty environment keeps NODE_OPTIONS (a preloaded instrumentation) out of the thread.
    this.#worker = new Worker(script, { workerData: orders, env: {}, execArgv: [], name: 'plugin-watchdog' })
    this.#worker.on('error', (error) => {
      if (!this.#stopping)
        log.error({ detail: readThrown(error).text }, 'the watchdog of the plugins has failed')
    })
    this.#timer = setInterval(() => this.#beat(), everyMs).unref()
  }

  /** A plugin is about to be called. */
  enter(index: number, method: WatchedMethod, traceId: string, namespace: string, apiproxy: string): void {
    this.#memory.mark(0, index, method, traceId, namespace, apiproxy)
  }

  /** It has returned or thrown. */
  leave(): void {
    this.#memory.clear(0)
  }

  /** It has returned a promise: a slot to be released, 0 where all are taken and this call is not watched. */
  hold(index: number, method: WatchedMethod, traceId: string, namespace: string, apiproxy: string): number {
    const slot = this.#freeSlots.pop() ?? 0
    if (slot !== 0) this.#memory.mark(slot, index, method, traceId, namespace, apiproxy)
    return slot
  }

  release(slot: number): void {
    if (slot === 0) return
    this.#memory.clear(slot)
    this.#freeSlots.push(slot)
  }

  /** The last block that a plugin caused, for a minute after its end. */
  blocked(): Block | undefined {
    this.#notice()
    if (this.#last === undefined || this.#now() - this.#last.endedAt > REMEMBERED_MS) return undefined
    return this.#last.block
  }

  /** Leaves out of account what has happened so far. */
  forget(): void {
    this.#notice()
    this.#last = undefined
  }

  async stop(): Promise<void> {
    this.#stopping = true
    clearInterval(this.#timer)
    this.#memory.stop()
    await this.#worker.terminate()
  }

  #beat(): void {
    this.#notice()
    this.#lastBeatAt = this.#now()
    this.#memory.beat()
  }

  /** The thread counts up while the loop stands still, so whoever runs first afterwards learns of it here. */
  #notice(): void {
    const blocks = this.#memory.blocks()
    if (blocks === this.#blocksSeen) return
    this.#blocksSeen = blocks
    const endedAt = this.#now()
    const forMs = Math.round(endedAt - this.#lastBeatAt)
    const call = this.#memory.read(BLAMED_SLOT)
    if (call === undefined) {
      this.#last = { block: { forMs }, endedAt }
      return
    }
    const { index, method, namespace, apiproxy, traceId } = call
    const plugin = this.#files[index] ?? ''
    this.#last = { block: { plugin, method, namespace, apiproxy, traceId, forMs }, endedAt }
  }
}

/** A block as one line, for a health page. */
export function blockText({ plugin, method, namespace, apiproxy, traceId, forMs }: Block): string {
  if (plugin === undefined) return `One of several plugins held the event loop for ${forMs} ms.`
  const where = apiproxy === '' ? '' : ` for ApiProxy ${namespace}/${apiproxy}, trace ${traceId}`
  return `Plugin ${plugin} (${method}) held the event loop for ${forMs} ms${where}.`
}
