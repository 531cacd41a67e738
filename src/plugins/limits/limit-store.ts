// What the shared limiter needs of a store that several processes count in. Behind it stands Redis, or a model in tests.

import type { StoreFailure } from '../../errors/store-failures.ts'
import type { Allowance } from './limiter.ts'

/** What the store counted. */
export interface StoreCount {
  /** Requests granted: this one and those taken ahead. 0: refused by the rate, -1: refused by the quota. */
  readonly granted: number
  /** Debt of the rate's bucket afterwards, as in bucket.ts; 0 without a rate. */
  readonly debt: number
  /** Requests counted against the quota; 0 without one. */
  readonly used: number
}

export interface StoreRefusal {
  readonly cause: StoreFailure
  /** True where the store may have counted the take, or may still do it. */
  readonly mayHaveCounted: boolean
}

export type StoreAnswer = StoreCount | StoreRefusal

export interface TakeRequest {
  readonly allowance: Allowance
  /** Tokens of the rate to take ahead, at most; the store gives fewer where little is left. */
  readonly ahead: number
  /** Requests that were granted while the store was away, to be added to the quota first. */
  readonly owed: number
}

export interface LimitStore {
  /** One round trip. Never rejects, and settles within the time that the store may take. */
  take(request: TakeRequest): Promise<StoreAnswer>
  stop(): Promise<void>
}
