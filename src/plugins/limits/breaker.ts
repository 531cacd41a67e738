// Stops asking a store that fails, for a moment; then lets one request at a time ask again. No clock and no timer here.

import { Backoff } from '../../kube/backoff.ts'
import type { StoreFailure } from '../../errors/store-failures.ts'

/** Failures in a row; fewer are the bad luck of one request. */
const FAILURES_MAX = 3
const PAUSE = { leastMs: 100, mostMs: 2_000 }

export class Breaker {
  readonly #backoff: Backoff
  #state: 'closed' | 'open' | 'probing' = 'closed'
  #failures = 0
  #openUntil = 0
  /** What was asked before the last change of the state says nothing about what is now. */
  #epoch = 0
  /** What was wrong last. */
  cause: StoreFailure = 'unreachable'

  constructor(random: () => number = Math.random) {
    this.#backoff = new Backoff(PAUSE, random)
  }

  /** True where the store is asked like on any day. */
  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  /** A ticket for one question to the store, to be given back with its result; undefined: do not ask. */
  admit(nowMs: number): number | undefined {
    if (this.#state === 'closed') return this.#epoch
    if (this.#state === 'probing' || nowMs < this.#openUntil) return undefined
    this.#state = 'probing'
    return ++this.#epoch
  }

  /** Returns true where this opened or closed it. */
  succeeded(ticket: number): boolean {
    if (ticket !== this.#epoch) return false
    this.#failures = 0
    if (this.#state === 'closed') return false
    this.#state = 'closed'
    this.#backoff.reset()
    return true
  }

  /** Returns true where this opened it. */
  failed(ticket: number, cause: StoreFailure, nowMs: number): boolean {
    if (ticket !== this.#epoch) return false
    this.cause = cause
    this.#failures += 1
    if (this.#state === 'closed' && this.#failures < FAILURES_MAX) return false
    const wasClosed = this.#state === 'closed'
    this.#state = 'open'
    this.#epoch += 1
    this.#openUntil = nowMs + this.#backoff.next()
    return wasClosed
  }
}
