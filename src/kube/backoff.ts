// How long to wait before the next attempt: decorrelated jitter, so that replicas that lost the same server do not come
// back in step. Source: aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter.

export interface BackoffLimits {
  readonly leastMs: number
  readonly mostMs: number
}

export class Backoff {
  readonly #limits: BackoffLimits
  readonly #random: () => number
  #lastMs: number

  constructor(limits: BackoffLimits, random: () => number = Math.random) {
    this.#limits = limits
    this.#random = random
    this.#lastMs = limits.leastMs
  }

  /** Milliseconds; never more than the most of the limits, unless the server asks for more (`leastMs`). */
  next(leastMs = 0): number {
    const { leastMs: base, mostMs } = this.#limits
    const spread = Math.max(0, this.#lastMs * 3 - base)
    this.#lastMs = Math.min(mostMs, base + this.#random() * spread)
    return Math.max(leastMs, this.#lastMs)
  }

  /** All is well: the next wait is short again. */
  reset(): void {
    this.#lastMs = this.#limits.leastMs
  }
}
