// The laws of rates: what a bucket grants is GCRA to the request, what may pass in any window has a bound, and leases
// raise that bound by what processes may hold and by nothing else.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { windowOf } from '../../src/plugins/limits/bucket.ts'
import type { Rate } from '../../src/plugins/limits/limiter.ts'
import { NO_OBSERVER } from '../../src/plugins/limits/limit-observer.ts'
import { MemoryLimiter } from '../../src/plugins/limits/memory-limiter.ts'
import { SharedLimiter } from '../../src/plugins/limits/shared-limiter.ts'
import { ModelLimitStore } from '../support/model-limit-store.ts'

const rates = fc.record({
  amount: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 2_000_000 })),
  unit: fc.constantFrom<Rate['unit'][]>('SECOND', 'MINUTE', 'HOUR'),
})

/** Pauses as parts of the window, many of them none at all and some of exactly one emission interval. */
const pauses = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.constant(-1) },
    { weight: 3, arbitrary: fc.double({ min: 0, max: 0.3, noNaN: true }) },
    { weight: 1, arbitrary: fc.double({ min: 0, max: 2, noNaN: true }) },
  ),
  { minLength: 1, maxLength: 120 },
)

/** Microseconds of a pause. */
const pauseUs = (part: number, rate: Rate): number =>
  part === -1 ? Math.ceil(windowOf(rate) / rate.amount) : Math.floor(part * windowOf(rate))

function limiterInMemory(now: () => number): MemoryLimiter {
  return new MemoryLimiter({ entriesMax: 10, onFull: 'deny', now, observer: NO_OBSERVER })
}

test('a bucket grants what virtual scheduling grants, the other form of GCRA, in whole numbers', () => {
  fc.assert(
    fc.property(rates, pauses, (rate, parts) => {
      // Microseconds that are whole in milliseconds with fractions, so that no clock rounds them.
      let atUs = 0
      const limiter = limiterInMemory(() => (atUs + 0.5) / 1000)
      const windowUs = BigInt(windowOf(rate))
      const amount = BigInt(rate.amount)
      // Theoretical arrival time, times `amount` so that it is whole.
      let tat = 0n
      for (const part of parts) {
        atUs += pauseUs(part, rate)
        const now = BigInt(atUs) * amount
        const isGranted = tat - now <= (amount - 1n) * windowUs
        if (isGranted) tat = (tat > now ? tat : now) + windowUs
        const verdict = limiter.take({ id: 'a', rate })
        expect(verdict.failure === undefined).toBe(isGranted)
      }
    }),
  )
})

test('in any time t at most amount + t * amount / window pass, so less than twice the amount in a window', () => {
  fc.assert(
    fc.property(rates, pauses, (rate, parts) => {
      let atUs = 0
      const limiter = limiterInMemory(() => (atUs + 0.5) / 1000)
      const granted: number[] = []
      for (const part of parts) {
        atUs += pauseUs(part, rate)
        if (limiter.take({ id: 'a', rate }).failure === undefined) granted.push(atUs)
      }
      expect(worstExcess(granted, rate)).toBeLessThanOrEqual(0)
    }),
  )
})

test('who comes back after Retry-After is served', () => {
  fc.assert(
    fc.property(rates, pauses, (rate, parts) => {
      // Whole microseconds: sums of fractions come short of what they should be.
      let atUs = 0
      const limiter = limiterInMemory(() => (atUs + 0.5) / 1000)
      for (const part of parts) {
        atUs += pauseUs(part, rate)
        const refused = limiter.take({ id: 'a', rate })
        if (refused.failure === undefined) continue
        atUs += (refused.retryAfterSeconds ?? Number.NaN) * 1_000_000
        expect(limiter.take({ id: 'a', rate }).failure).toBeUndefined()
      }
    }),
  )
})

test('with leases, all processes together exceed that by what they may hold: processes times `limits.lease`', async () => {
  const steps = fc.array(
    fc.record({
      process: fc.nat(3),
      takes: fc.integer({ min: 1, max: 12 }),
      pauseMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1_500 })),
    }),
    { minLength: 5, maxLength: 60 },
  )
  let spentEver = 0
  let excessEver = Number.NEGATIVE_INFINITY
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        amount: fc.integer({ min: 1, max: 60 }),
        unit: fc.constantFrom<Rate['unit'][]>('SECOND', 'MINUTE'),
      }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 4 }),
      steps,
      async (rate, leaseMost, processes, history) => {
        let atMs = 0
        const store = new ModelLimitStore(() => atMs)
        const observer = { ...NO_OBSERVER, leaseSpent: () => void (spentEver += 1) }
        const limiters = Array.from(
          { length: processes },
          () =>
            new SharedLimiter({
              store,
              onStoreFailure: 'deny',
              replicas: processes,
              leaseMost,
              entriesMax: 10,
              now: () => atMs,
              observer,
              onStore: () => undefined,
            }),
        )
        const granted: number[] = []
        for (const { process, takes, pauseMs } of history) {
          atMs += pauseMs
          const limiter = limiters[process % processes]
          // At once, so that some ask while others have a lease on its way.
          const verdicts = await Promise.all(
            Array.from({ length: takes }, async () => limiter?.take({ id: 'a', rate })),
          )
          for (const verdict of verdicts) if (verdict?.failure === undefined) granted.push(atMs * 1000)
        }
        const excess = worstExcess(granted, rate)
        excessEver = Math.max(excessEver, excess)
        expect(excess).toBeLessThanOrEqual(processes * leaseMost)
      },
    ),
    { numRuns: 300 },
  )
  // The law would hold for a limiter that leases nothing: it did lease, and the bound without leases was exceeded.
  expect(spentEver).toBeGreaterThan(100)
  expect(excessEver).toBeGreaterThan(0)
})

/** By how many requests any stretch of time holds more than GCRA grants in it; not above 0 where it never does. */
function worstExcess(grantedUs: readonly number[], rate: Rate): number {
  let worst = Number.NEGATIVE_INFINITY
  grantedUs.forEach((from, first) => {
    for (let last = first; last < grantedUs.length; last++) {
      const to = grantedUs[last] ?? 0
      const bound = rate.amount + Math.floor(((to - from) * rate.amount) / windowOf(rate))
      worst = Math.max(worst, last - first + 1 - bound)
    }
  })
  return worst
}
