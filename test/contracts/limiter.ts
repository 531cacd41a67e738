// What every limiter does, wherever it counts. Run by the one in memory and by the one in Redis.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Allowance, Limiter, LimitVerdict } from '../../src/plugins/limits/limiter.ts'

export interface LimiterUnderTest {
  readonly limiter: Limiter
  /** Lets that much time pass for what is counted under the id. */
  pass(id: string, ms: number): Promise<void> | void
  stop(): Promise<void>
}

/** An id of its own for each allowance: what was counted under another must not matter. */
let ids = 0
function allowance(parts: Omit<Allowance, 'id'>): Allowance {
  ids += 1
  return { id: `shop/cart-${ids}|partner|shop/partners`, ...parts }
}

export function describeLimiter(name: string, start: () => Promise<LimiterUnderTest>): void {
  describe(`the limiter ${name}`, () => {
    let tested: LimiterUnderTest
    beforeEach(async () => {
      tested = await start()
    })
    afterEach(() => tested.stop())

    const take = async (allowed: Allowance, count = 1): Promise<LimitVerdict[]> => {
      const verdicts: LimitVerdict[] = []
      for (let each = 0; each < count; each++) verdicts.push(await tested.limiter.take(allowed))
      return verdicts
    }
    const failures = async (allowed: Allowance, count: number): Promise<unknown[]> =>
      (await take(allowed, count)).map(({ failure }) => failure)

    test('grants the amount of a rate at once, and says what is left', async () => {
      const hourly = allowance({ rate: { amount: 3, unit: 'HOUR' } })
      const verdicts = await take(hourly, 4)
      expect(verdicts.map(({ failure }) => failure)).toEqual([
        undefined,
        undefined,
        undefined,
        'rate_exceeded',
      ])
      expect(verdicts.map(({ rate }) => rate?.remaining)).toEqual([2, 1, 0, 0])
      expect(verdicts[0]).toEqual({
        rate: { limit: 3, remaining: 2, resetSeconds: 1200, windowSeconds: 3600 },
      })
      const after = verdicts[3]?.retryAfterSeconds ?? 0
      expect(after).toBeGreaterThan(1190)
      expect(after).toBeLessThanOrEqual(1200)
      expect(verdicts[3]?.rate?.resetSeconds).toBe(after)
    })

    test('then one more each time that a part of the window has passed', async () => {
      const hourly = allowance({ rate: { amount: 3, unit: 'HOUR' } })
      await take(hourly, 3)
      await tested.pass(hourly.id, 1_200_000)
      expect(await failures(hourly, 2)).toEqual([undefined, 'rate_exceeded'])
      await tested.pass(hourly.id, 2_400_000)
      expect(await failures(hourly, 3)).toEqual([undefined, undefined, 'rate_exceeded'])
    })

    test('never holds more than the amount, however long nobody asks', async () => {
      const minutely = allowance({ rate: { amount: 2, unit: 'MINUTE' } })
      await take(minutely)
      await tested.pass(minutely.id, 7_200_000)
      expect(await failures(minutely, 3)).toEqual([undefined, undefined, 'rate_exceeded'])
    })

    test.each(['SECOND', 'MINUTE', 'HOUR'] as const)('knows the unit %s', async (unit) => {
      const [verdict] = await take(allowance({ rate: { amount: 5, unit } }))
      expect(verdict?.rate?.windowSeconds).toBe({ SECOND: 1, MINUTE: 60, HOUR: 3600 }[unit])
    })

    test('counts a quota for ever', async () => {
      const counted = allowance({ quota: 2 })
      expect(await take(counted, 2)).toEqual([
        { quota: { limit: 2, remaining: 1 } },
        { quota: { limit: 2, remaining: 0 } },
      ])
      await tested.pass(counted.id, 86_400_000)
      expect(await take(counted)).toEqual([{ failure: 'quota_exceeded', quota: { limit: 2, remaining: 0 } }])
    })

    test('keeps what was used of a quota that is raised, and of one that is lowered', async () => {
      const counted = allowance({ quota: 3 })
      await take(counted, 3)
      expect(await failures({ ...counted, quota: 5 }, 3)).toEqual([undefined, undefined, 'quota_exceeded'])
      expect(await failures({ ...counted, quota: 1 }, 1)).toEqual(['quota_exceeded'])
    })

    test('keeps what was used of a rate that is changed, as far as it fits', async () => {
      const hourly = allowance({ rate: { amount: 10, unit: 'HOUR' } })
      await take(hourly, 4)
      expect((await take({ ...hourly, rate: { amount: 6, unit: 'HOUR' } }))[0]?.rate?.remaining).toBe(1)
      const minutely = { ...hourly, rate: { amount: 20, unit: 'MINUTE' } } as const
      // Some of the minute passes while this runs.
      expect((await take(minutely))[0]?.rate?.remaining).toBeGreaterThanOrEqual(14)
      expect(await failures({ ...hourly, rate: { amount: 2, unit: 'HOUR' } }, 1)).toEqual(['rate_exceeded'])
    })

    test('takes nothing of the quota where the rate refuses', async () => {
      const both = allowance({ rate: { amount: 2, unit: 'HOUR' }, quota: 5 })
      await take(both, 20)
      await tested.pass(both.id, 3_600_000)
      const verdicts = await take(both, 2)
      expect(verdicts.map(({ quota }) => quota?.remaining)).toEqual([2, 1])
    })

    test('takes nothing of the rate where the quota refuses', async () => {
      const both = allowance({ rate: { amount: 10, unit: 'HOUR' }, quota: 2 })
      await take(both, 20)
      const [verdict] = await take({ ...both, quota: 3 })
      expect(verdict?.rate?.remaining).toBe(7)
      expect(verdict?.quota).toEqual({ limit: 3, remaining: 0 })
    })

    test('names the quota where both are used up: waiting does not help', async () => {
      const [, verdict] = await take(allowance({ rate: { amount: 1, unit: 'HOUR' }, quota: 1 }), 2)
      expect(verdict?.failure).toBe('quota_exceeded')
      expect(verdict?.retryAfterSeconds).toBeUndefined()
    })

    test('grants nothing of an amount or a quota of 0, and promises nothing', async () => {
      const [none] = await take(allowance({ rate: { amount: 0, unit: 'SECOND' } }))
      expect(none).toEqual({
        failure: 'rate_exceeded',
        rate: { limit: 0, remaining: 0, resetSeconds: 0, windowSeconds: 1 },
      })
      expect(await failures(allowance({ quota: 0 }), 1)).toEqual(['quota_exceeded'])
    })

    test('lets everything pass where there is no limit', async () => {
      expect(await take(allowance({}))).toEqual([{}])
    })

    test('keeps allowances apart', async () => {
      const [one, other] = [allowance({ quota: 1 }), allowance({ quota: 1 })]
      expect(await failures(one, 2)).toEqual([undefined, 'quota_exceeded'])
      expect(await failures(other, 2)).toEqual([undefined, 'quota_exceeded'])
    })

    test('grants exactly the allowance to requests that come at once', async () => {
      const both = allowance({ rate: { amount: 30, unit: 'HOUR' }, quota: 100 })
      const verdicts = await Promise.all(Array.from({ length: 200 }, async () => tested.limiter.take(both)))
      expect(verdicts.filter(({ failure }) => failure === undefined)).toHaveLength(30)
      await tested.pass(both.id, 3_600_000)
      expect((await take(both))[0]?.quota?.remaining).toBe(69)
    })

    test('bears the largest amounts that a binding may name', async () => {
      const { MAX_SAFE_INTEGER } = Number
      const large = allowance({ rate: { amount: MAX_SAFE_INTEGER, unit: 'HOUR' }, quota: MAX_SAFE_INTEGER })
      const [verdict] = await take(large)
      expect(verdict?.failure).toBeUndefined()
      expect(verdict?.rate?.remaining).toBeGreaterThan(MAX_SAFE_INTEGER - 4)
      expect(verdict?.quota?.remaining).toBe(MAX_SAFE_INTEGER - 1)
    })
  })
}
