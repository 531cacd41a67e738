// Limiters in tests: the one that a Redis shares, with a log that is kept and an observer that counts.

import { DEFAULT_OPTIONS, type Options } from '../../src/config/options.ts'
import type { LimitObserver } from '../../src/plugins/limits/limit-observer.ts'
import type { StoreFailure } from '../../src/errors/store-failures.ts'
import type { Limiter, LimitVerdict } from '../../src/plugins/limits/limiter.ts'
import { openLimiter } from '../../src/plugins/limits/open-limiter.ts'
import { LogLines } from './log-lines.ts'

export class CountingObserver implements LimitObserver {
  readonly durations: number[] = []
  readonly failures: StoreFailure[] = []
  tokensLeased = 0
  tokensSpent = 0
  tokensExpired = 0

  stored(durationMs: number): void {
    this.durations.push(durationMs)
  }

  storeFailed(cause: StoreFailure): void {
    this.failures.push(cause)
  }

  leased(tokens: number): void {
    this.tokensLeased += tokens
  }

  leaseSpent(): void {
    this.tokensSpent += 1
  }

  leaseExpired(tokens: number): void {
    this.tokensExpired += tokens
  }

  entries(): void {}
}

export interface SharedLimiterInTest {
  readonly limiter: Limiter
  readonly log: LogLines
  readonly observer: CountingObserver
}

/** A limiter on that Redis. A store that is slow because the machine is must not fail a test: the timeout is long. */
export async function openSharedLimiter(
  url: string,
  options: Partial<Options> = {},
  now: () => number = () => performance.now(),
): Promise<SharedLimiterInTest> {
  const log = new LogLines()
  const observer = new CountingObserver()
  const limiter = await openLimiter(
    { ...DEFAULT_OPTIONS, 'limits.redis_url': url, 'limits.store_timeout': 5_000, ...options },
    { log, observer, now },
  )
  if ('problem' in limiter) throw new Error(limiter.problem)
  return { limiter, log, observer }
}

/** Verdicts by what became of them: `granted`, a failure, and who fell in for the store. */
export function tally(verdicts: readonly LimitVerdict[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { failure, fallback } of verdicts) {
    const what = failure ?? 'granted'
    const key = fallback === undefined ? what : `${what} by ${fallback.by}: ${fallback.cause}`
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}
