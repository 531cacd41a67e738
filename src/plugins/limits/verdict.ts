// From what was counted to a verdict: the same for memory and store. Pure.

import { emptyAfterUs, roomFor, waitUs, windowOf } from './bucket.ts'
import type {
  Allowance,
  LimitFallback,
  LimitFailure,
  LimitVerdict,
  QuotaLeft,
  Rate,
  RateLeft,
} from './limiter.ts'

/** By what a store grants (StoreCount). */
export const LIMIT_FAILURES: Readonly<Record<number, LimitFailure>> = {
  0: 'rate_exceeded',
  [-1]: 'quota_exceeded',
}

/** Waiting for a store that is away: it is asked again about this often. */
const STORE_RETRY_SECONDS = 1

/**
 * The verdict on a take. `debt` is that of the bucket and `used` that of the quota after it; each is ignored where the
 * allowance has no such limit.
 */
export function verdictOf(
  { rate, quota }: Allowance,
  failure: LimitFailure | undefined,
  debt: number,
  used: number,
): LimitVerdict {
  const verdict: { -readonly [K in keyof LimitVerdict]: LimitVerdict[K] } = {}
  if (rate !== undefined) verdict.rate = rateLeft(rate, debt)
  if (quota !== undefined) verdict.quota = quotaLeft(quota, used)
  if (failure === undefined) return verdict
  verdict.failure = failure
  if (failure === 'rate_exceeded' && rate !== undefined && rate.amount > 0) {
    verdict.retryAfterSeconds = wholeSeconds(waitUs(debt, rate))
  }
  return verdict
}

/** The verdict where nobody counts: the request passes or is refused, and the signals say why. */
export function uncountedVerdict(by: 'allow' | 'deny', cause: LimitFallback['cause']): LimitVerdict {
  const fallback = { by, cause }
  if (by === 'allow') return { fallback }
  return { failure: 'limit_store_failed', retryAfterSeconds: STORE_RETRY_SECONDS, fallback }
}

function rateLeft(rate: Rate, debt: number): RateLeft {
  const remaining = roomFor(debt, rate)
  const us = remaining === 0 && rate.amount > 0 ? waitUs(debt, rate) : emptyAfterUs(debt, rate)
  return {
    limit: rate.amount,
    remaining,
    resetSeconds: debt === 0 ? 0 : wholeSeconds(us),
    windowSeconds: windowOf(rate) / 1_000_000,
  }
}

function quotaLeft(quota: number, used: number): QuotaLeft {
  return { limit: quota, remaining: Math.max(0, quota - used) }
}

/** Rounded up and at least 1: who comes back then is not too early. */
function wholeSeconds(us: number): number {
  return Math.max(1, Math.ceil(us / 1_000_000))
}
