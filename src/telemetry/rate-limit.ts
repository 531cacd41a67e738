// One line per kind and interval, however often something happens; the next line says how many were left out.
// The number of kinds is bounded: those beyond it count as one.

const INTERVAL_MS = 10_000
const KINDS_MAX = 64
const BEYOND = ''

export class RateLimit {
  readonly #kinds = new Map<string, { until: number; suppressed: number }>()

  /**
   * Asks whether a line of this kind may be written at `now` (ms of any steady clock). Returns how many were left out
   * since the last one, or undefined where this one is to be left out.
   */
  take(kind: string, now: number): number | undefined {
    const key = this.#kinds.has(kind) || this.#kinds.size < KINDS_MAX ? kind : BEYOND
    const known = this.#kinds.get(key)
    if (known !== undefined && now < known.until) {
      known.suppressed++
      return undefined
    }
    this.#kinds.set(key, { until: now + INTERVAL_MS, suppressed: 0 })
    return known?.suppressed ?? 0
  }
}
