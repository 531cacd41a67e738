// The snapshots that remembered exchanges ran under, and how many of them may be kept alive. A snapshot shares most of
// itself with its neighbours, but an exchange may be remembered for days: without a limit every revision would be.

import type { Snapshot } from '../snapshot/snapshot.ts'

/** At most so many different snapshots are kept, beside those that are let go at the end of the turn. */
export const SNAPSHOTS_MAX = 16

/** One snapshot that exchanges name. Revision and hash outlive it. */
export interface Pin {
  readonly revision: number
  readonly hash: string
  /** Its source was not heard when it was made. */
  readonly stale: boolean
  /** Undefined once it has been let go. */
  snapshot: Snapshot | undefined
}

export class PinnedSnapshots {
  readonly #max: number
  readonly #release: (pin: Pin) => void
  /** The oldest first; the last is the one that nearly every exchange names. */
  readonly #pins: Pin[] = []
  readonly #leaving: Pin[] = []

  /** @param release told of a pin whose snapshot is about to go, so that what is worth keeping of it is written down */
  constructor(release: (pin: Pin) => void, max: number = SNAPSHOTS_MAX) {
    this.#release = release
    this.#max = max
  }

  /** The pin of a snapshot; the oldest snapshot is let go after this turn where there are too many. */
  pinOf(snapshot: Snapshot): Pin {
    const newest = this.#pins.at(-1)
    if (newest?.snapshot === snapshot) return newest
    const known = this.#find(snapshot)
    if (known !== undefined) return known
    const { revision, hash } = snapshot
    const pin: Pin = { revision, hash, stale: snapshot.staleSince !== undefined, snapshot }
    // An exchange that took long may name a snapshot that was let go before: it is let go again.
    if (newest !== undefined && revision < newest.revision) this.#letGo(pin)
    else {
      this.#pins.push(pin)
      if (this.#pins.length > this.#max) this.#letGo(this.#pins.shift())
    }
    return pin
  }

  /** How many snapshots are kept alive now. */
  get size(): number {
    return this.#pins.length + this.#leaving.length
  }

  #find(snapshot: Snapshot): Pin | undefined {
    for (const pin of this.#pins) if (pin.snapshot === snapshot) return pin
    return this.#leaving.find((pin) => pin.snapshot === snapshot)
  }

  /** Not at once: what is to be written down would be written on the way of a request. */
  #letGo(pin: Pin | undefined): void {
    if (pin === undefined) return
    if (this.#leaving.push(pin) === 1) setImmediate(() => this.#drain())
  }

  #drain(): void {
    for (const pin of this.#leaving.splice(0)) {
      try {
        this.#release(pin)
      } finally {
        pin.snapshot = undefined
      }
    }
  }
}
