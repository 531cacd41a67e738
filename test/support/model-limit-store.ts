// A store of limits without a network: counts like the script in Redis, by a clock that the test sets, and fails when told
// to. It keeps what it granted and when, so that bounds can be checked.

import { type Bucket, drain, roomFor, windowOf } from '../../src/plugins/limits/bucket.ts'
import type { StoreFailure } from '../../src/errors/store-failures.ts'
import type { LimitStore, StoreAnswer, TakeRequest } from '../../src/plugins/limits/limit-store.ts'

export class ModelLimitStore implements LimitStore {
  readonly #now: () => number
  readonly #buckets = new Map<string, Bucket>()
  readonly #used = new Map<string, number>()
  readonly requests: TakeRequest[] = []
  /** Given: the answer to every take. `counts` says whether it is counted all the same. */
  failure:
    | { readonly cause: StoreFailure; readonly mayHaveCounted: boolean; readonly counts: boolean }
    | undefined
  /** Given: takes wait for it before they are answered, but are counted at once. */
  gate: Promise<void> | undefined

  constructor(now: () => number) {
    this.#now = now
  }

  async take(request: TakeRequest): Promise<StoreAnswer> {
    this.requests.push(request)
    const { failure } = this
    const answer = failure === undefined || failure.counts ? this.#count(request) : undefined
    await this.gate
    if (failure !== undefined) return { cause: failure.cause, mayHaveCounted: failure.mayHaveCounted }
    if (answer === undefined) throw new Error('nothing was counted')
    return answer
  }

  stop(): Promise<void> {
    return Promise.resolve()
  }

  #count({ allowance, ahead, owed }: TakeRequest): StoreAnswer {
    const { id, rate, quota } = allowance
    let used = 0
    if (quota !== undefined) {
      used = (this.#used.get(id) ?? 0) + owed
      this.#used.set(id, used)
      if (used >= quota) return { granted: -1, debt: 0, used }
    }
    let granted = 1
    let debt = 0
    if (rate !== undefined) {
      const windowUs = windowOf(rate)
      const atUs = this.#now() * 1000
      const bucket = this.#buckets.get(id) ?? { debt: 0, atUs, windowUs, amount: rate.amount }
      drain(bucket, rate, atUs)
      const room = roomFor(bucket.debt, rate)
      granted = room < 1 ? 0 : 1 + Math.max(0, Math.min(ahead, Math.floor((room - 1) / 2)))
      bucket.debt += granted * windowUs
      this.#buckets.set(id, bucket)
      debt = bucket.debt
    }
    if (quota !== undefined && granted > 0) this.#used.set(id, (used += 1))
    return { granted, debt, used }
  }
}
