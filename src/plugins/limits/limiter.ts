// What a guard asks before it lets a request pass: is there rate and quota left? Memory and shared store are behind this
// one interface. A take never throws, never rejects and never hangs.

import type { Fallback, StoreFailure } from '../../errors/store-failures.ts'

/** What an api key may use. Compiled once for each ApiProxy, key and entry of a binding; constant. */
export interface Allowance {
  /** One of a closed set, the same on every replica and after a restart; counted under it. */
  readonly id: string
  readonly rate?: Rate
  /** Requests in all, for ever. */
  readonly quota?: number
}

/** `amount` at once, then one more each `unit` divided by `amount`. An amount of 0 grants nothing. */
export interface Rate {
  readonly amount: number
  readonly unit: 'SECOND' | 'MINUTE' | 'HOUR'
}

/** Reasons of code 14. */
export type LimitFailure = 'rate_exceeded' | 'quota_exceeded' | 'limit_store_failed'

/** Who decided where the store did not. */
export interface LimitFallback {
  readonly by: Fallback
  readonly cause: StoreFailure
}

export interface RateLeft {
  readonly limit: number
  readonly remaining: number
  /** Whole seconds until all of it is there again; where nothing remains, until the next request is granted. */
  readonly resetSeconds: number
  readonly windowSeconds: number
}

export interface QuotaLeft {
  readonly limit: number
  readonly remaining: number
}

export interface LimitVerdict {
  /** Undefined: the request may pass, and has been counted. A refused one is not counted. */
  readonly failure?: LimitFailure
  /** Undefined where there is no rate, or nobody knows. */
  readonly rate?: RateLeft
  readonly quota?: QuotaLeft
  /** Whole seconds; undefined where waiting does not help. */
  readonly retryAfterSeconds?: number
  readonly fallback?: LimitFallback
}

export interface Limiter {
  /** Takes rate and quota together or not at all. A promise only where a store has to be asked; it never rejects. */
  take(allowance: Allowance): LimitVerdict | Promise<LimitVerdict>
  /** Lets go of connections and timers. Takes that still wait end as if the store were unreachable. */
  stop(): Promise<void>
}
