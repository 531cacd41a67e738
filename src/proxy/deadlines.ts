// Deadlines of everything in flight, swept by one coarse tick: a timer for each request would cost more than it tells.

/** Something that must come to an end. */
export interface Timed {
  /** `performance.now()` in milliseconds; 0 is none. */
  deadlineAt: number
  expired(now: number): void
  /** The process is about to end. */
  cutOff(): void
}

/** How exactly deadlines are held, in milliseconds. */
export const TICK_MS = 100

/** The set of those with a deadline, and the tick. */
export class Deadlines {
  readonly #timed = new Set<Timed>()
  readonly #timer: NodeJS.Timeout

  /** `alsoEachTick` is called once a tick, for work as coarse as this. */
  constructor(alsoEachTick: (now: number) => void) {
    this.#timer = setInterval(() => {
      const now = performance.now()
      for (const timed of this.#timed) {
        if (timed.deadlineAt !== 0 && timed.deadlineAt <= now) {
          timed.deadlineAt = 0
          timed.expired(now)
        }
      }
      alsoEachTick(now)
    }, TICK_MS)
    this.#timer.unref()
  }

  add(timed: Timed): void {
    this.#timed.add(timed)
  }

  delete(timed: Timed): void {
    this.#timed.delete(timed)
  }

  /** Ends everything that is in flight. */
  cutOff(): void {
    for (const timed of this.#timed) timed.cutOff()
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
