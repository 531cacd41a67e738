// What limiters do, as metrics: it is what they call an observer. Every label is of a closed list.

import { FALLBACKS, type Fallback, STORE_FAILURES, type StoreFailure } from '../errors/store-failures.ts'
import { NO_LABELS, one, type Sample } from './exposition.ts'
import { METRIC } from './names.ts'
import { TypedCounter } from './typed-counter.ts'
import { FINE_BOUNDS, TypedHistogram } from './typed-histogram.ts'

const LEASE_STATES = ['taken', 'spent', 'expired'] as const

export class LimitMetrics {
  readonly #store = new TypedHistogram(FINE_BOUNDS)
  readonly #failures = new TypedCounter(STORE_FAILURES.map((cause) => ({ cause })))
  readonly #fallbacks = new TypedCounter(
    FALLBACKS.flatMap((by) => STORE_FAILURES.map((cause) => ({ by, cause }))),
  )
  readonly #leases = new TypedCounter(LEASE_STATES.map((state) => ({ state })))
  #entries = 0

  /** The store answered after that long. */
  stored(durationMs: number): void {
    this.#store.observe(durationMs / 1000)
  }

  /** The store was asked and did not decide. */
  storeFailed(cause: StoreFailure): void {
    this.#failures.add(STORE_FAILURES.indexOf(cause), 1)
  }

  /** A request was decided without the store. */
  fellBack({ by, cause }: { readonly by: Fallback; readonly cause: StoreFailure }): void {
    this.#fallbacks.add(FALLBACKS.indexOf(by) * STORE_FAILURES.length + STORE_FAILURES.indexOf(cause), 1)
  }

  /** That many tokens were taken ahead. */
  leased(tokens: number): void {
    this.#leases.add(0, tokens)
  }

  /** A request was granted from tokens taken ahead. */
  leaseSpent(): void {
    this.#leases.add(1, 1)
  }

  /** That many tokens taken ahead were not used in time. */
  leaseExpired(tokens: number): void {
    this.#leases.add(2, tokens)
  }

  /** How many rates and quotas this process counts in memory now. */
  entries(count: number): void {
    this.#entries = count
  }

  storeDuration(): Sample[] {
    return this.#store.samples(METRIC.limitStoreDuration, NO_LABELS)
  }

  failures(): Sample[] {
    return this.#failures.samples()
  }

  fallbacks(): Sample[] {
    return this.#fallbacks.samples()
  }

  leases(): Sample[] {
    return this.#leases.samples()
  }

  counted(): Sample[] {
    return one(this.#entries)
  }
}
