// The store in Redis: one pipelined command a take, a deadline for each, and a limit on how many wait. Never rejects.

import { createHash } from 'node:crypto'
import type { LimitObserver } from './limit-observer.ts'
import type { LimitStore, StoreAnswer, TakeRequest } from './limit-store.ts'
import type { StoreFailure } from '../../errors/store-failures.ts'
import type { OpenedClient } from './redis-client.ts'
import type { RedisConnection } from './redis-connection.ts'
import type { RedisRefusal } from './redis-error.ts'
import { readReply, scriptArguments, TAKE_SCRIPT } from './redis-script.ts'

export interface RedisStoreOptions {
  readonly connection: Pick<RedisConnection, 'client' | 'cause' | 'drop' | 'stop'>
  readonly timeoutMs: number
  readonly now: () => number
  readonly observer: Pick<LimitObserver, 'stored'>
  /** Most commands that wait for an answer. */
  readonly waitingMax?: number
}

const WAITING_MAX = 4_096
/** Timeouts in a row after which the connection is taken for dead: no FIN comes from a machine that is gone. */
const TIMEOUTS_MAX = 3
const SHA = createHash('sha1').update(TAKE_SCRIPT).digest('hex')

/** Causes after which another connection is worth more than this one. */
const RECONNECT_AFTER: ReadonlySet<StoreFailure> = new Set(['access_refused', 'read_only', 'answer_invalid'])

export class RedisStore implements LimitStore {
  readonly #options: RedisStoreOptions
  readonly #waitingMax: number
  #waiting = 0
  #timeouts = 0

  constructor(options: RedisStoreOptions) {
    this.#options = options
    this.#waitingMax = options.waitingMax ?? WAITING_MAX
  }

  take(request: TakeRequest): Promise<StoreAnswer> {
    const { connection, timeoutMs, now } = this.#options
    const { client } = connection
    if (client === undefined) return refused(connection.cause, false)
    if (this.#waiting >= this.#waitingMax) return refused('overloaded', false)
    const from = now()
    return new Promise((resolve) => {
      // Where this process was busy, answers that came in time are still read before timers run (libuv 1.45 and later).
      const timer = setTimeout(() => {
        resolve({ cause: 'timeout', mayHaveCounted: true })
        this.#timedOut(client)
      }, timeoutMs)
      this.#waiting += 1
      void this.#ask(client, request, from).then((answer) => {
        this.#waiting -= 1
        clearTimeout(timer)
        resolve(answer)
      })
    })
  }

  stop(): Promise<void> {
    return this.#options.connection.stop()
  }

  async #ask(client: OpenedClient, request: TakeRequest, from: number): Promise<StoreAnswer> {
    const { connection, now, observer } = this.#options
    try {
      const reply = await send(client, scriptArguments(request))
      const counted = readReply(reply, request.ahead)
      if (counted === undefined) {
        connection.drop(client, { cause: 'answer_invalid', word: '' })
        return { cause: 'answer_invalid', mayHaveCounted: true }
      }
      this.#timeouts = 0
      observer.stored(now() - from)
      return counted
    } catch (error) {
      return this.#failed(client, client.refusal(error))
    }
  }

  #failed(client: OpenedClient, refusal: RedisRefusal): StoreAnswer {
    const { connection } = this.#options
    if (RECONNECT_AFTER.has(refusal.cause)) connection.drop(client, refusal)
    // Of a connection that was dropped, the reason for that is the cause.
    const cause =
      refusal.cause === 'unreachable' && connection.client === undefined ? connection.cause : refusal.cause
    // A reply that is an error says that nothing was counted; a lost connection says nothing.
    return { cause, mayHaveCounted: refusal.cause === 'unreachable' || refusal.cause === 'answer_invalid' }
  }

  #timedOut(client: OpenedClient): void {
    this.#timeouts += 1
    if (this.#timeouts < TIMEOUTS_MAX) return
    this.#timeouts = 0
    this.#options.connection.drop(client, { cause: 'timeout', word: '' })
  }
}

/** A server that was restarted, or whose scripts were flushed, gets the text once more. */
async function send(client: OpenedClient, args: readonly string[]): Promise<unknown> {
  try {
    return await client.send(['EVALSHA', SHA, ...args])
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
    return client.send(['EVAL', TAKE_SCRIPT, ...args])
  }
}

function refused(cause: StoreFailure, mayHaveCounted: boolean): Promise<StoreAnswer> {
  return Promise.resolve({ cause, mayHaveCounted })
}
