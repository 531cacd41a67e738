// Deadlines of everything in flight, swept by one coarse tick: a timer for each request would cost more than it tells.

/** Something that must come to an end. */
export interface Timed {
  /** `performance.now()` in milliseconds; 0 is none. */
  deadlineAt: number
  /** Where it stands among all; -1 where it does not. Belongs to `Deadlines`. */
  deadlinePlace: number
  expired(now: number): void
  /** The process is about to end. */
  cutOff(): void
}

/** How exactly deadlines are held, in milliseconds. */
export const TICK_MS = 100

/** Those with a deadline, in no order, and the tick. A set would be rehashed again and again by the coming and going. */
export class Deadlines {
  readonly #timed: Timed[] = []
  readonly #timer: NodeJS.Timeout

  /** `alsoEachTick` is called once a tick, for work as coarse as this. */
  constructor(alsoEachTick: (now: number) => void) {
    this.#timer = setInterval(() => {
      const now = performance.now()
      for (const timed of this.#timed.slice()) {
        // One that expired before may have ended this one.
        if (timed.deadlinePlace >= 0 && timed.deadlineAt !== 0 && timed.deadlineAt <= now) {
          timed.deadlineAt = 0
          timed.expired(now)
        }
      }
      alsoEachTick(now)
    }, TICK_MS)
    this.#timer.unref()
  }

  add(timed: Timed): void {
    timed.deadlinePlace = this.#timed.push(timed) - 1
  }

  delete(timed: Timed): void {
    const place = timed.deadlinePlace
    if (place === -1) return
    timed.deadlinePlace = -1
    const last = this.#timed.pop()
    if (last === undefined || last === timed) return
    this.#timed[place] = last
    last.deadlinePlace = place
  }

  /** Ends everything that is in flight. */
  cutOff(): void {
    for (const timed of this.#timed.slice()) if (timed.deadlinePlace >= 0) timed.cutOff()
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
