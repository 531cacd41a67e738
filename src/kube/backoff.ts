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

  /** Milliseconds between the limits; where the server says how long (`askedMs`), that and a little more. */
  next(askedMs = 0): number {
    const { leastMs: base, mostMs } = this.#limits
    if (askedMs > 0) return askedMs + this.#random() * base
    const spread = Math.max(0, this.#lastMs * 3 - base)
    this.#lastMs = Math.min(mostMs, base + this.#random() * spread)
    return this.#lastMs
  }

  /** All is well: the next wait is short again. */
  reset(): void {
    this.#lastMs = this.#limits.leastMs
  }
}
