// Trace and span ids from a pool of random bytes: filling it once for many ids costs a thirtieth of asking for each.
// They name things and guard nothing.

import { randomFillSync } from 'node:crypto'

const POOL_BYTES = 8192
/** Turned into text at once: four exchanges' ids. What keeps an id keeps so much text, so it is no more. */
const TEXT_BYTES = 128
const TRACE_BYTES = 16
const SPAN_BYTES = 8

/** Gives ids in hex, lower case, never all zero. Fits OpenTelemetry's IdGenerator. */
export class PooledIds {
  readonly #pool = Buffer.allocUnsafeSlow(POOL_BYTES)
  #at = POOL_BYTES
  /** The piece of the pool that is turned into `#text`. */
  #textStart = POOL_BYTES
  #textEnd = POOL_BYTES
  #text = ''

  generateTraceId(): string {
    return this.#take(TRACE_BYTES)
  }

  generateSpanId(): string {
    return this.#take(SPAN_BYTES)
  }

  #take(bytes: number): string {
    for (;;) {
      if (this.#at + bytes > this.#textEnd) this.#turn()
      const start = this.#at
      this.#at += bytes
      // One leading byte that is not zero makes the id valid; the check of the rest is for one id in 256.
      if (this.#pool[start] !== 0 || this.#pool.subarray(start, start + bytes).some((byte) => byte !== 0)) {
        const from = (start - this.#textStart) * 2
        return this.#text.slice(from, from + bytes * 2)
      }
    }
  }

  /** Goes on to the next piece of the pool, and fills it anew behind the last. */
  #turn(): void {
    if (this.#textEnd >= POOL_BYTES) {
      randomFillSync(this.#pool)
      this.#textEnd = 0
    }
    this.#textStart = this.#textEnd
    this.#textEnd += TEXT_BYTES
    this.#at = this.#textStart
    this.#text = this.#pool.toString('hex', this.#textStart, this.#textEnd)
  }
}
