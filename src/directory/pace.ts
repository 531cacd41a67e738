// Whether reading files at once, while the process stands still, is quicker than waiting for them. From a local disk it takes
// a tenth of the time; from one that is far away or asleep it would add up what several readers wait for together.

/** What the calls that wait for one file cost the process itself. */
const WAITED_MS = 0.2
/** So many files may take together what they need before anything is judged: one that was slow says nothing of the rest. */
const TRIED_MIN = 100

export class Pace {
  readonly #now: () => number
  #files = 0
  #spentMs = 0

  /** @param now milliseconds, steady */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** False, from then on, once the files read so far took longer on average than they would have cost. */
  get isQuick(): boolean {
    return this.#spentMs <= WAITED_MS * Math.max(this.#files, TRIED_MIN)
  }

  timed<T>(read: () => T): T {
    const from = this.#now()
    const result = read()
    this.#spentMs += this.#now() - from
    this.#files += 1
    return result
  }
}
