// Who decides where the store does not: this process by its share, or everybody, or nobody (`limits.on_store_failure`).
// Every verdict from here says so, with what was wrong with the store.

import { MemoryLimiter } from './memory-limiter.ts'
import type { LimitObserver } from './limit-observer.ts'
import type { StoreFailure } from '../../errors/store-failures.ts'
import type { Allowance, LimitVerdict } from './limiter.ts'
import { QuotaShare } from './quota-share.ts'
import { uncountedVerdict } from './verdict.ts'

export type OnStoreFailure = 'local_share' | 'allow' | 'deny'

export interface FallbackOptions {
  readonly onStoreFailure: OnStoreFailure
  /** Processes among which an allowance is shared. */
  readonly replicas: number
  readonly entriesMax: number
  readonly now: () => number
  readonly observer: Pick<LimitObserver, 'entries'>
}

export class LimitFallback {
  readonly #options: FallbackOptions
  readonly #rates: MemoryLimiter
  readonly quotas: QuotaShare
  /** The share of each allowance; goes with it. */
  readonly #shares = new WeakMap<Allowance, Allowance>()

  constructor(options: FallbackOptions) {
    this.#options = options
    const { entriesMax, now, observer } = options
    this.#rates = new MemoryLimiter({ entriesMax, onFull: 'deny', now, observer })
    this.quotas = new QuotaShare(options.replicas, entriesMax)
  }

  /** `isOwed`: the store has not counted this request, and is to be told of it. */
  decide(allowance: Allowance, cause: StoreFailure, isOwed: boolean): LimitVerdict {
    const { onStoreFailure } = this.#options
    // A store that is full answers: there is nothing that this process could stand in for.
    const isFull = cause === 'full' && onStoreFailure !== 'allow'
    if (onStoreFailure === 'deny' || isFull) return uncountedVerdict('deny', cause)
    if (onStoreFailure === 'allow') {
      if (allowance.quota !== undefined) this.quotas.grant(allowance.id, isOwed)
      return uncountedVerdict('allow', cause)
    }
    const verdict = this.#decideByShare(allowance, isOwed)
    if (verdict === undefined) return uncountedVerdict('deny', cause)
    return { ...verdict, fallback: { by: 'local_share', cause } }
  }

  /** Undefined where there is no room to count. */
  #decideByShare(allowance: Allowance, isOwed: boolean): LimitVerdict | undefined {
    const { id, quota } = allowance
    const left = quota === undefined ? 1 : this.quotas.left(allowance)
    if (quota !== undefined && left === 0) {
      return { failure: 'quota_exceeded', quota: { limit: quota, remaining: 0 } }
    }
    const verdict = this.#rates.take(this.#shareOf(allowance))
    if (verdict.fallback !== undefined) return undefined
    const { rate, failure } = verdict
    if (failure === undefined && quota !== undefined && !this.quotas.grant(id, isOwed)) return undefined
    return {
      ...verdict,
      // The policy that a client reads stays what it was; what remains is what this process has.
      ...(rate !== undefined &&
        allowance.rate !== undefined && { rate: { ...rate, limit: allowance.rate.amount } }),
      ...(quota !== undefined && {
        quota: { limit: quota, remaining: failure === undefined ? left - 1 : left },
      }),
    }
  }

  /** The rate, divided and rounded up: a small one must not become none. */
  #shareOf(allowance: Allowance): Allowance {
    const known = this.#shares.get(allowance)
    if (known !== undefined) return known
    const { id, rate } = allowance
    const share: Allowance =
      rate === undefined
        ? { id }
        : { id, rate: { ...rate, amount: Math.ceil(rate.amount / this.#options.replicas) } }
    this.#shares.set(allowance, share)
    return share
  }
}
