// The longest time that this thread's event loop stands still while something runs: how far two turns of a loop of
// immediates are apart. On Linux the time in which other processes had the core is told apart from it.

import { closeSync, openSync, readSync } from 'node:fs'

export interface Standstill<T> {
  readonly result: T
  /** Between two turns, by the clock. */
  readonly longestMs: number
  /** The same without what the thread waited for a core; the clock's where the system does not tell. */
  readonly ownMs: number
}

export async function longestStandstill<T>(run: () => Promise<T>): Promise<Standstill<T>> {
  const wait = new CoreWait()
  let [longestMs, ownMs] = [0, 0]
  let [last, lastWaited] = [performance.now(), wait.ms()]
  let immediate = setImmediate(function look() {
    const [now, waited] = [performance.now(), wait.ms()]
    longestMs = Math.max(longestMs, now - last)
    ownMs = Math.max(ownMs, now - last - (waited - lastWaited))
    ;[last, lastWaited] = [performance.now(), waited]
    immediate = setImmediate(look)
  })
  const result = await run()
  // The last turn counts too.
  await new Promise((resolve) => setImmediate(resolve))
  clearImmediate(immediate)
  wait.close()
  return { result, longestMs, ownMs }
}

/** How long the main thread has been ready to run and did not: second field of its schedstat. */
class CoreWait {
  readonly #file: number | undefined
  readonly #bytes = Buffer.alloc(100)

  constructor() {
    try {
      this.#file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r')
    } catch {
      this.#file = undefined
    }
  }

  ms(): number {
    if (this.#file === undefined) return 0
    const length = readSync(this.#file, this.#bytes, 0, this.#bytes.length, 0)
    return Number(this.#bytes.toString('latin1', 0, length).split(' ')[1]) / 1e6
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
  }
}
