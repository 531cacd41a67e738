// How soon a worker that has ended is replaced: at once, and slower the more of them end. Pure but for the clock it is
// given.

export interface RestartPaceOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
}

/** So many within a minute are too many: readiness says so. */
export const RESTARTS_A_MINUTE_MAX = 5
const MINUTE_MS = 60_000
const FIRST_MS = 100
const MOST_MS = 10_000
const KEPT_MAX = 100

export class RestartPace {
  readonly #now: () => number
  /** The oldest first. */
  #at: number[] = []

  constructor({ now }: RestartPaceOptions) {
    this.#now = now
  }

  /** Notes that a worker has ended. @returns how long its successor is to wait, in milliseconds */
  next(): number {
    const before = this.lastMinute()
    this.#at.push(this.#now())
    return before === 0 ? 0 : Math.min(FIRST_MS * 2 ** (before - 1), MOST_MS)
  }

  /** How many have ended within the last minute. */
  lastMinute(): number {
    const from = this.#now() - MINUTE_MS
    this.#at = this.#at.filter((at) => at > from).slice(-KEPT_MAX)
    return this.#at.length
  }

  /** True where workers end so often that a person should look. */
  isTooFast(): boolean {
    return this.lastMinute() >= RESTARTS_A_MINUTE_MAX
  }
}
