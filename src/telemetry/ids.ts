// Trace and span ids from a pool of random bytes: filling it once for many ids costs a thirtieth of asking for each.
// They name things and guard nothing.

import { randomFillSync } from 'node:crypto'

const POOL_BYTES = 8192
const TRACE_BYTES = 16
const SPAN_BYTES = 8

/** Gives ids in hex, lower case, never all zero. Fits OpenTelemetry's IdGenerator. */
export class PooledIds {
  readonly #pool = Buffer.allocUnsafeSlow(POOL_BYTES)
  #at = POOL_BYTES

  generateTraceId(): string {
    return this.#take(TRACE_BYTES)
  }

  generateSpanId(): string {
    return this.#take(SPAN_BYTES)
  }

  #take(bytes: number): string {
    for (;;) {
      if (this.#at + bytes > POOL_BYTES) {
        randomFillSync(this.#pool)
        this.#at = 0
      }
      const start = this.#at
      this.#at += bytes
      // One leading byte that is not zero makes the id valid; the check of the rest is for one id in 256.
      if (this.#pool[start] !== 0 || this.#pool.subarray(start, start + bytes).some((byte) => byte !== 0)) {
        return this.#pool.toString('hex', start, start + bytes)
      }
    }
  }
}
