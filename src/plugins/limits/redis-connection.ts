// Keeps one connection to Redis open: connects in the background, notices when it is lost, waits longer from time to time,
// and says so in the log without flooding it. Nobody waits here but `start`; without a connection takes fail at once.

import { setTimeout as pause } from 'node:timers/promises'
import { Backoff } from '../../kube/backoff.ts'
import { RateLimit } from '../../telemetry/rate-limit.ts'
import type { PluginLog } from '../plugin-log.ts'
import type { StoreFailure } from '../../errors/store-failures.ts'
import { type OpenedClient, openClient } from './redis-client.ts'
import type { RedisRefusal } from './redis-error.ts'
import type { RedisLocation } from './redis-location.ts'
import { TAKE_SCRIPT } from './redis-script.ts'

export interface ConnectionOptions {
  readonly location: Pick<RedisLocation, 'find' | 'shown'>
  readonly log: PluginLog
  readonly now: () => number
}

/** For connecting, logging in and the first command together; requests never wait for it. */
const CONNECT_DEADLINE_MS = 2_000
const RECONNECT = { leastMs: 50, mostMs: 2_000 }

export class RedisConnection {
  readonly #options: ConnectionOptions
  readonly #backoff = new Backoff(RECONNECT)
  readonly #logLimit = new RateLimit()
  readonly #stopped = new AbortController()
  #running: Promise<void> | undefined
  #client: OpenedClient | undefined
  #cause: StoreFailure = 'unreachable'
  /** Settles when the connection that is open is lost. */
  #lost = Promise.withResolvers<RedisRefusal>()

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  /** Undefined while there is no connection; `cause` then says why. */
  get client(): OpenedClient | undefined {
    return this.#client
  }

  get cause(): StoreFailure {
    return this.#cause
  }

  /** Resolves after the first attempt, whatever came of it. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#running = this.#run(resolve)
    })
  }

  /** Closes a connection that is not to be trusted, and opens another. What waits on it fails for the same cause. */
  drop(client: OpenedClient, refusal: RedisRefusal): void {
    if (client !== this.#client) return
    this.#lose(refusal)
    client.close()
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    if (this.#client !== undefined) this.drop(this.#client, { cause: 'unreachable', word: '' })
    await this.#running
  }

  async #run(tried: () => void): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      await this.#connect()
      tried()
      if (this.#client !== undefined) this.#complain(await this.#lost.promise)
      if (signal.aborted) return
      await pause(this.#backoff.next(), undefined, { signal, ref: false }).catch(() => undefined)
    }
  }

  async #connect(): Promise<void> {
    const { location, log, now } = this.#options
    const { signal } = this.#stopped
    this.#lost = Promise.withResolvers()
    const target = await location.find(signal)
    const opened =
      'cause' in target
        ? target
        : await openClient(target, ['SCRIPT', 'LOAD', TAKE_SCRIPT], {
            deadlineMs: CONNECT_DEADLINE_MS,
            signal,
            onLost: (refusal) => this.#lose(refusal),
          })
    if ('cause' in opened) {
      this.#cause = opened.cause
      this.#complain(opened)
      return
    }
    if (signal.aborted) {
      opened.close()
      return
    }
    this.#backoff.reset()
    this.#client = opened
    const suppressed = this.#logLimit.take('connected', now())
    if (suppressed !== undefined) log.info({ store: location.shown, suppressed }, 'store of limits connected')
  }

  #lose(refusal: RedisRefusal): void {
    this.#client = undefined
    this.#cause = refusal.cause
    this.#lost.resolve(refusal)
  }

  #complain({ cause, word }: RedisRefusal): void {
    if (this.#stopped.signal.aborted) return
    const { location, log, now } = this.#options
    const suppressed = this.#logLimit.take(cause, now())
    if (suppressed === undefined) return
    const fields = { store: location.shown, cause, ...(word !== '' && { word }), suppressed }
    log.warn(fields, 'store of limits is not there, trying again')
  }
}
