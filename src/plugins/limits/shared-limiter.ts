// Rates and quotas that several processes share: asks the store, at most once a request, spends what was leased, and lets
// the fallback decide where the store does not answer. Never throws, never rejects, never waits longer than the store may.

import { Breaker } from './breaker.ts'
import { windowOf } from './bucket.ts'
import { type Lease, Leases } from './leases.ts'
import { LimitFallback, type OnStoreFailure } from './limit-fallback.ts'
import type { LimitObserver } from './limit-observer.ts'
import type { LimitStore, StoreCount } from './limit-store.ts'
import type { StoreFailure } from '../../errors/store-failures.ts'
import type { Allowance, Limiter, LimitVerdict } from './limiter.ts'
import { LIMIT_FAILURES, verdictOf } from './verdict.ts'

export interface SharedLimiterOptions {
  readonly store: LimitStore
  readonly onStoreFailure: OnStoreFailure
  readonly replicas: number
  /** Most tokens of a rate that are taken ahead; 0: none, and every rate is exact. */
  readonly leaseMost: number
  readonly entriesMax: number
  /** Milliseconds, with fractions, of a clock that never goes back. */
  readonly now: () => number
  readonly observer: LimitObserver
  /** Told when the store stops to be asked, and with undefined when it is asked again. */
  readonly onStore: (cause: StoreFailure | undefined) => void
}

export class SharedLimiter implements Limiter {
  readonly #options: SharedLimiterOptions
  readonly #breaker = new Breaker()
  readonly #fallback: LimitFallback
  readonly #leases: Leases

  constructor(options: SharedLimiterOptions) {
    this.#options = options
    this.#fallback = new LimitFallback(options)
    this.#leases = new Leases({ most: options.leaseMost, observer: options.observer })
  }

  take(allowance: Allowance): LimitVerdict | Promise<LimitVerdict> {
    const { rate, quota, id } = allowance
    if (rate === undefined && quota === undefined) return {}
    const nowMs = this.#options.now()
    const lease = rate !== undefined && quota === undefined ? this.#leases.use(id, nowMs) : undefined
    if (lease !== undefined && rate !== undefined && this.#leases.spend(lease)) {
      // What others take meanwhile and what comes back is not known: close enough for a hint to the client.
      return verdictOf(allowance, undefined, lease.debt - lease.tokens * windowOf(rate), 0)
    }
    const ticket = this.#breaker.admit(nowMs)
    if (ticket === undefined) return this.#fallback.decide(allowance, this.#breaker.cause, true)
    return this.#ask(allowance, lease, ticket)
  }

  stop(): Promise<void> {
    return this.#options.store.stop()
  }

  async #ask(allowance: Allowance, lease: Lease | undefined, ticket: number): Promise<LimitVerdict> {
    const { store, now, observer } = this.#options
    const { quotas } = this.#fallback
    const ahead = lease === undefined ? 0 : this.#leases.wanted(lease)
    // A debt is told once: not by a probe, which may well be lost, and not again where nobody knows whether it arrived.
    const owed = allowance.quota !== undefined && this.#breaker.isClosed ? quotas.tell(allowance.id) : 0
    if (lease !== undefined && ahead > 0) lease.isAsked = true
    const answer = await store.take({ allowance, ahead, owed })
    if (lease !== undefined && ahead > 0) lease.isAsked = false
    if ('granted' in answer) {
      if (this.#breaker.succeeded(ticket)) this.#options.onStore(undefined)
      if (allowance.quota !== undefined) quotas.told(allowance.id, answer.used)
      if (lease !== undefined && answer.granted > 1) {
        this.#leases.granted(lease, answer.granted - 1, answer.debt, now())
      }
      return counted(allowance, answer)
    }
    const { cause, mayHaveCounted } = answer
    observer.storeFailed(cause)
    // Too many at once, or too many entries, is no fault of the store, and no reason to stop asking; a probe must come to
    // an end all the same.
    const isFailure = (cause !== 'overloaded' && cause !== 'full') || !this.#breaker.isClosed
    if (isFailure && this.#breaker.failed(ticket, cause, now())) this.#options.onStore(cause)
    if (owed > 0 && !mayHaveCounted) quotas.untold(allowance.id, owed)
    return this.#fallback.decide(allowance, cause, !mayHaveCounted)
  }
}

function counted(allowance: Allowance, { granted, debt, used }: StoreCount): LimitVerdict {
  const { rate } = allowance
  // Tokens that were taken ahead are this process's to grant, so they remain.
  const ahead = rate === undefined || granted < 2 ? 0 : (granted - 1) * windowOf(rate)
  return verdictOf(allowance, LIMIT_FAILURES[granted], debt - ahead, used)
}
