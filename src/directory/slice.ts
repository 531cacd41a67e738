// Long work in slices of time: whoever does it asks now and then whether its slice is over, and lets others have a turn of
// the event loop then. Without it thousands of files, or one of megabytes, would keep requests waiting.

import { setImmediate as turn } from 'node:timers/promises'

const SLICE_MS = 10

export class Slice {
  #end = performance.now() + SLICE_MS

  /** True where it is time for `next`. */
  get isOver(): boolean {
    return performance.now() >= this.#end
  }

  /** Resolves once all that was due has had its turn; a new slice begins then. */
  async next(): Promise<void> {
    await turn()
    this.#end = performance.now() + SLICE_MS
  }
}
