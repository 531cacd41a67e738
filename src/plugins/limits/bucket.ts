// The arithmetic of a rate: GCRA as a leaky bucket (ITU-T I.371 gives both forms and shows that they are the same). The
// script of the Redis store computes the same, step by step. No clock here: who calls says what time it is.
//
// The debt of a bucket is counted in microseconds times `amount`, so that one request adds the window and one microsecond
// takes `amount` away: whole numbers, and so exact while amount times window stays below 2^53 (2.5 million an hour).

import type { Rate } from './limiter.ts'

const WINDOW_US: Readonly<Record<Rate['unit'], number>> = {
  SECOND: 1_000_000,
  MINUTE: 60_000_000,
  HOUR: 3_600_000_000,
}

export interface Bucket {
  /** What has been used and has not come back yet; 0 for a bucket that is not there. */
  debt: number
  /** Microseconds of the clock of whoever keeps the bucket. */
  atUs: number
  /** Window that the debt was counted with. */
  windowUs: number
  amount: number
}

/** Length of the window in microseconds. */
export function windowOf(rate: Rate): number {
  return WINDOW_US[rate.unit]
}

/**
 * Brings the bucket to `nowUs` and to the rate that holds now: a changed rate keeps the requests that were counted, as
 * far as they fit. A clock that was set back gives nothing and costs nothing.
 */
export function drain(bucket: Bucket, rate: Rate, nowUs: number): void {
  const windowUs = windowOf(rate)
  if (bucket.windowUs !== windowUs) bucket.debt = (bucket.debt / bucket.windowUs) * windowUs
  const elapsed = Math.min(Math.max(0, nowUs - bucket.atUs), windowUs)
  const full = rate.amount * windowUs
  bucket.debt = Math.max(0, Math.min(bucket.debt, full) - elapsed * rate.amount)
  bucket.atUs = nowUs
  bucket.windowUs = windowUs
  bucket.amount = rate.amount
}

/** How many requests a bucket with this debt has room for. */
export function roomFor(debt: number, rate: Rate): number {
  const windowUs = windowOf(rate)
  return Math.max(0, Math.floor((rate.amount * windowUs - debt) / windowUs))
}

/** Microseconds until there is room for one request; 0 where there is. Infinity where there never is. */
export function waitUs(debt: number, rate: Rate): number {
  if (rate.amount === 0) return Number.POSITIVE_INFINITY
  return Math.max(0, (debt - (rate.amount - 1) * windowOf(rate)) / rate.amount)
}

/** Microseconds until nothing of the debt is left. */
export function emptyAfterUs(debt: number, rate: Pick<Rate, 'amount'>): number {
  return rate.amount === 0 ? 0 : debt / rate.amount
}
