// Rates and quotas counted in the memory of one process: exact, and answered without a promise. Bounded: a rate that is
// not in use any more is dropped when room is needed, which changes nothing; a quota never is.

import { type Bucket, drain, emptyAfterUs, roomFor, windowOf } from './bucket.ts'
import type { LimitObserver } from './limit-observer.ts'
import type { StoreCount } from './limit-store.ts'
import type { Allowance, Limiter, LimitVerdict, Rate } from './limiter.ts'
import { LIMIT_FAILURES, uncountedVerdict, verdictOf } from './verdict.ts'

export interface MemoryLimiterOptions {
  /** Rates and quotas together. */
  readonly entriesMax: number
  /** What becomes of an allowance that is new when there is no room. */
  readonly onFull: 'allow' | 'deny'
  /** Milliseconds, with fractions, of a clock that never goes back. */
  readonly now: () => number
  readonly observer: Pick<LimitObserver, 'entries'>
}

/** However full it is, unused rates are looked for at most this often: looking at 100,000 takes milliseconds. */
const SEARCH_EVERY_US = 20_000
/** And at least this often, since a rate that was changed can be unused sooner than it seemed. */
const SEARCH_AFTER_US = 1_000_000

export class MemoryLimiter implements Limiter {
  readonly #options: MemoryLimiterOptions
  readonly #buckets = new Map<string, Bucket>()
  readonly #quotas = new Map<string, { used: number }>()
  /** Before this moment nothing has become unused that was not, or it is too early to look again. */
  #searchFromUs = 0

  constructor(options: MemoryLimiterOptions) {
    this.#options = options
  }

  take(allowance: Allowance): LimitVerdict {
    const counted = this.count(allowance)
    if (counted === undefined) return uncountedVerdict(this.#options.onFull, 'full')
    return verdictOf(allowance, LIMIT_FAILURES[counted.granted], counted.debt, counted.used)
  }

  /**
   * The same as what a store answers.
   * @param owed requests that were granted elsewhere, to be added to the quota first
   * @returns undefined where it is new and there is no room
   */
  count({ id, rate, quota }: Allowance, owed = 0): StoreCount | undefined {
    const nowUs = Math.floor(this.#options.now() * 1000)
    const bucket = rate === undefined ? undefined : this.#buckets.get(id)
    const counted = quota === undefined ? undefined : this.#quotaOf(id, owed, nowUs)
    if (bucket !== undefined && rate !== undefined) drain(bucket, rate, nowUs)
    const debt = bucket?.debt ?? 0
    const used = counted?.used ?? 0
    const refused = refusal(rate, debt, quota, used)
    if (refused !== undefined) return { granted: refused, debt, used }
    const isNewRate = rate !== undefined && bucket === undefined
    const isNewQuota = quota !== undefined && counted === undefined
    if ((isNewRate || isNewQuota) && !this.#makeRoom(Number(isNewRate) + Number(isNewQuota), nowUs)) {
      return undefined
    }
    if (counted !== undefined) counted.used += 1
    else if (isNewQuota) this.#quotas.set(id, { used: 1 })
    const windowUs = rate === undefined ? 0 : windowOf(rate)
    if (bucket !== undefined) bucket.debt += windowUs
    else if (isNewRate) {
      this.#buckets.set(id, { debt: windowUs, atUs: nowUs, windowUs, amount: rate.amount })
    }
    if (isNewRate || isNewQuota) this.#options.observer.entries(this.#size)
    return { granted: 1, debt: debt + windowUs, used: used + 1 }
  }

  stop(): Promise<void> {
    return Promise.resolve()
  }

  #quotaOf(id: string, owed: number, nowUs: number): { used: number } | undefined {
    const known = this.#quotas.get(id)
    if (known !== undefined) {
      known.used += owed
      return known
    }
    if (owed === 0 || !this.#makeRoom(1, nowUs)) return undefined
    const made = { used: owed }
    this.#quotas.set(id, made)
    return made
  }

  get #size(): number {
    return this.#buckets.size + this.#quotas.size
  }

  #makeRoom(wanted: number, nowUs: number): boolean {
    const { entriesMax } = this.#options
    if (this.#size + wanted <= entriesMax) return true
    if (nowUs < this.#searchFromUs) return false
    // A take only moves the moment at which its bucket is empty further away, so little is missed until then.
    let idleFirstUs = Number.POSITIVE_INFINITY
    for (const [id, bucket] of this.#buckets) {
      const idleAtUs = bucket.atUs + emptyAfterUs(bucket.debt, bucket)
      if (idleAtUs <= nowUs) this.#buckets.delete(id)
      else if (idleAtUs < idleFirstUs) idleFirstUs = idleAtUs
    }
    const hasRoom = this.#size + wanted <= entriesMax
    const nextUs = Math.min(idleFirstUs, nowUs + SEARCH_AFTER_US)
    this.#searchFromUs = hasRoom ? nowUs : Math.max(nowUs + SEARCH_EVERY_US, nextUs)
    return hasRoom
  }
}

/** Quota before rate: where both are used up, waiting does not help. */
function refusal(
  rate: Rate | undefined,
  debt: number,
  quota: number | undefined,
  used: number,
): StoreCount['granted'] | undefined {
  if (quota !== undefined && used >= quota) return -1
  return rate !== undefined && roomFor(debt, rate) < 1 ? 0 : undefined
}
