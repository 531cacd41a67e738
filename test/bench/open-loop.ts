// The arithmetic of load that does not wait for answers: when requests are due, and what their latencies are. A latency
// counts from the time a request was due, never from the time it was sent: a target that stalls would else be asked
// less just then, and look better than it is (coordinated omission).

/** The latencies of one run in milliseconds, and how far the generator itself can be trusted. */
export interface OpenLoopResult {
  /** Requests that count. */
  readonly requests: number
  /** Answers other than 2xx, broken connections, and requests without an answer at the end. */
  readonly errors: number
  /** Answers a second. */
  readonly answeredPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
  /** How late the generator sent what it could have sent: its own error, which is in the latencies. */
  readonly lagP50Ms: number
  readonly lagP99Ms: number
  readonly lagMaxMs: number
  /** Share of the requests that waited for a connection: in the latencies too, and the target's doing unless `spareShare` is small. */
  readonly waitedShare: number
  /** Share of the time in which the generator had nothing to do. */
  readonly spareShare: number
}

/** What the generator must have to spare: with less, it is the generator that is measured. */
const SPARE_SHARE_MIN = 0.1
/** Of the 99th percentile of the latencies, the generator's own lag may be so much. */
const LAG_SHARE_MAX = 0.2

/** Whether the latencies are the target's. */
export function trust({ spareShare, lagP99Ms, p99Ms }: OpenLoopResult): 'good' | 'busy' | 'late' {
  if (spareShare < SPARE_SHARE_MIN) return 'busy'
  return lagP99Ms > p99Ms * LAG_SHARE_MAX ? 'late' : 'good'
}

/**
 * When requests are due, in milliseconds from the start: a Poisson process, as many clients that know nothing of each
 * other make it. The same seed gives the same times, so that all targets get the same bursts.
 */
export function arrivals(perSecond: number, seconds: number, seed: number): Float64Array {
  const due: number[] = []
  const random = randomOf(seed)
  for (let at = 0; ; ) {
    at += (-Math.log(1 - random()) * 1000) / perSecond
    if (at >= seconds * 1000) return Float64Array.from(due)
    due.push(at)
  }
}

/** The smallest value that at least this share of the values does not exceed (nearest rank). NaN of none. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const rank = Math.ceil(share * sorted.length)
  return sorted[Math.min(Math.max(rank, 1), sorted.length) - 1] ?? Number.NaN
}

/** What became of each request that was due. Times are milliseconds from the start of the run. */
export class Ledger {
  readonly #due: Float64Array
  readonly #sent: Float64Array
  readonly #freeAt: Float64Array
  readonly #answered: Float64Array
  readonly #settleMs: number
  #errors = 0

  /** What is due before `settleMs` is sent like the rest and not counted. */
  constructor(due: Float64Array, settleMs: number) {
    this.#due = due
    this.#settleMs = settleMs
    this.#sent = new Float64Array(due.length).fill(Number.NaN)
    this.#freeAt = new Float64Array(due.length)
    this.#answered = new Float64Array(due.length).fill(Number.NaN)
  }

  /** `freeAtMs` is since when the connection that carries it could have. */
  sent(index: number, atMs: number, freeAtMs: number): void {
    this.#sent[index] = atMs
    this.#freeAt[index] = freeAtMs
  }

  answered(index: number, atMs: number, isGood: boolean): void {
    this.#answered[index] = atMs
    if (!isGood && this.#counts(index)) this.#errors++
  }

  /**
   * Requests that were never answered count as errors that took until `endMs`: leaving them out would flatter.
   * `spareMs` is how long the generator had nothing to do.
   */
  result(endMs: number, spareMs: number): OpenLoopResult {
    const latencies: number[] = []
    const lags: number[] = []
    let [unanswered, waited] = [0, 0]
    this.#due.forEach((due, index) => {
      if (!this.#counts(index)) return
      const answered = this.#answered[index] ?? Number.NaN
      if (Number.isNaN(answered)) unanswered++
      latencies.push((Number.isNaN(answered) ? endMs : answered) - due)
      const [sent = Number.NaN, freeAt = 0] = [this.#sent[index], this.#freeAt[index]]
      if (freeAt > due) waited++
      if (!Number.isNaN(sent)) lags.push(sent - Math.max(due, freeAt))
    })
    const sorted = Float64Array.from(latencies).sort()
    const sortedLags = Float64Array.from(lags).sort()
    const seconds = (endMs - this.#settleMs) / 1000
    return {
      requests: sorted.length,
      errors: this.#errors + unanswered,
      answeredPerSecond: (sorted.length - unanswered) / seconds,
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
      p999Ms: percentile(sorted, 0.999),
      maxMs: percentile(sorted, 1),
      lagP50Ms: percentile(sortedLags, 0.5),
      lagP99Ms: percentile(sortedLags, 0.99),
      lagMaxMs: percentile(sortedLags, 1),
      waitedShare: sorted.length === 0 ? 0 : waited / sorted.length,
      spareShare: spareMs / endMs,
    }
  }

  #counts(index: number): boolean {
    return (this.#due[index] ?? 0) >= this.#settleMs
  }
}

/** Mulberry32: uniform in [0, 1), small, and the same everywhere. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
