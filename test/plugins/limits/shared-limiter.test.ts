import { describe, expect, test } from 'vitest'
import type { StoreFailure } from '../../../src/errors/store-failures.ts'
import type { Allowance, LimitVerdict } from '../../../src/plugins/limits/limiter.ts'
import { SharedLimiter, type SharedLimiterOptions } from '../../../src/plugins/limits/shared-limiter.ts'
import { CountingObserver, tally } from '../../support/limiters.ts'
import { ModelLimitStore } from '../../support/model-limit-store.ts'

const AWAY = { cause: 'unreachable', mayHaveCounted: false, counts: false } as const
const LATE = { cause: 'timeout', mayHaveCounted: true, counts: true } as const

function shared(options: Partial<SharedLimiterOptions> = {}) {
  const clock = { ms: 0 }
  const observer = new CountingObserver()
  const said: (StoreFailure | undefined)[] = []
  const store = new ModelLimitStore(() => clock.ms)
  const limiter = new SharedLimiter({
    store,
    onStoreFailure: 'local_share',
    replicas: 2,
    leaseMost: 0,
    entriesMax: 100,
    now: () => clock.ms,
    observer,
    onStore: (cause) => said.push(cause),
    ...options,
  })
  const take = async (allowance: Allowance, count = 1): Promise<LimitVerdict[]> => {
    const verdicts: LimitVerdict[] = []
    for (let each = 0; each < count; each++) verdicts.push(await limiter.take(allowance))
    return verdicts
  }
  return { clock, observer, said, store, limiter, take }
}

const hourly = (amount: number): Allowance => ({ id: `hourly-${amount}`, rate: { amount, unit: 'HOUR' } })

describe('while the store is away', () => {
  test.each([
    [10, 2, 5],
    [9, 2, 5],
    [1, 4, 1],
    [0, 2, 0],
    [7, 1, 7],
  ])('of a rate of %i among %i processes one grants %i', async (amount, replicas, share) => {
    const { store, take } = shared({ replicas })
    store.failure = AWAY
    const verdicts = await take(hourly(amount), amount + 1)
    expect(tally(verdicts)['granted by local_share: unreachable'] ?? 0).toBe(share)
    expect(verdicts.at(-1)?.rate?.limit).toBe(amount)
    expect(verdicts[0]?.rate?.remaining).toBe(Math.max(0, share - 1))
  })

  test('of a quota it grants its part of what was left, and the store is told once', async () => {
    const { clock, store, take } = shared()
    const counted: Allowance = { id: 'counted', quota: 21 }
    await take(counted, 10)
    store.failure = AWAY
    const away = await take(counted, 10)
    // Half of 11, rounded up.
    expect(tally(away)).toEqual({
      'granted by local_share: unreachable': 6,
      'quota_exceeded by local_share: unreachable': 4,
    })
    expect(away[0]?.quota).toEqual({ limit: 21, remaining: 5 })
    store.failure = undefined
    clock.ms = 5_000
    // The probe tells nothing yet; what comes after it does.
    expect((await take(counted))[0]?.quota?.remaining).toBe(10)
    expect((await take(counted))[0]?.quota?.remaining).toBe(21 - 10 - 1 - 6 - 1)
    expect(store.requests.at(-1)?.owed).toBe(6)
    expect((await take(counted))[0]?.quota?.remaining).toBe(2)
    expect(store.requests.at(-1)?.owed).toBe(0)
  })

  test('a debt that surely did not arrive is told again, one that may have arrived is not', async () => {
    for (const [failure, told] of [
      [AWAY, [1, 2]],
      [LATE, [1]],
    ] as const) {
      const { store, take } = shared()
      const counted: Allowance = { id: 'counted', quota: 100 }
      await take(counted)
      store.failure = AWAY
      await take(counted)
      store.failure = failure
      await take(counted)
      store.failure = undefined
      await take(counted, 3)
      expect(store.requests.map(({ owed }) => owed).filter((owed) => owed > 0)).toEqual(told)
    }
  })

  test('a request whose take came too late is not counted a second time', async () => {
    const { store, take } = shared()
    const counted: Allowance = { id: 'counted', quota: 100 }
    store.failure = LATE
    await take(counted, 2)
    store.failure = undefined
    expect((await take(counted))[0]?.quota?.remaining).toBe(97)
  })

  test('rate and quota are taken together or not at all by the share too', async () => {
    const { store, take } = shared()
    store.failure = AWAY
    const both: Allowance = { id: 'both', rate: { amount: 4, unit: 'HOUR' }, quota: 100 }
    const verdicts = await take(both, 5)
    expect(verdicts.map(({ failure }) => failure)).toEqual([
      undefined,
      undefined,
      'rate_exceeded',
      'rate_exceeded',
      'rate_exceeded',
    ])
    expect(verdicts.at(-1)?.quota?.remaining).toBe(48)
  })

  test('at the limit of entries the share denies what it cannot count', async () => {
    const { store, take } = shared({ entriesMax: 1 })
    store.failure = AWAY
    const denied = {
      failure: 'limit_store_failed',
      retryAfterSeconds: 1,
      fallback: { by: 'deny', cause: 'unreachable' },
    }
    await take({ id: 'q1', quota: 5 })
    expect(await take({ id: 'q2', quota: 5 })).toEqual([denied])
    await take(hourly(10))
    expect(await take(hourly(11))).toEqual([denied])
  })

  test('quotas that are only known make room for those that are used', async () => {
    const { store, take } = shared({ entriesMax: 2 })
    for (const id of ['a', 'b', 'c']) await take({ id, quota: 5 })
    store.failure = AWAY
    expect(tally(await take({ id: 'd', quota: 5 }))).toEqual({ 'granted by local_share: unreachable': 1 })
  })

  test('allow lets pass and owes the quota, deny does neither', async () => {
    for (const [onStoreFailure, owed] of [
      ['allow', 2],
      ['deny', 0],
    ] as const) {
      const { store, take } = shared({ onStoreFailure })
      const counted: Allowance = { id: 'counted', quota: 5 }
      store.failure = AWAY
      await take(counted, 2)
      store.failure = undefined
      await take(counted)
      expect(store.requests.at(-1)?.owed).toBe(owed)
    }
  })
})

describe('the store', () => {
  test('is not asked any more after three failures, then by one request at a time', async () => {
    const { clock, observer, said, store, take, limiter } = shared()
    store.failure = AWAY
    await take(hourly(1_000), 20)
    expect(store.requests).toHaveLength(3)
    expect(observer.failures).toHaveLength(3)
    expect(said).toEqual(['unreachable'])
    clock.ms = 5_000
    const gate = Promise.withResolvers<void>()
    store.gate = gate.promise
    store.failure = undefined
    const verdicts = Array.from({ length: 10 }, () => limiter.take(hourly(1_000)))
    expect(store.requests).toHaveLength(4)
    expect(verdicts.filter((each) => each instanceof Promise)).toHaveLength(1)
    gate.resolve()
    for (const verdict of verdicts) await verdict
    expect(said).toEqual(['unreachable', undefined])
    await take(hourly(1_000), 5)
    expect(store.requests).toHaveLength(9)
  })

  test('is asked on where too many wait for it: that is no fault of its own', async () => {
    const { store, take } = shared()
    store.failure = { cause: 'overloaded', mayHaveCounted: false, counts: false }
    await take(hourly(1_000), 20)
    expect(store.requests).toHaveLength(20)
  })

  test('is asked again also where there was no room for a probe', async () => {
    const { clock, store, take } = shared()
    store.failure = AWAY
    await take(hourly(1_000), 3)
    store.failure = { cause: 'overloaded', mayHaveCounted: false, counts: false }
    clock.ms = 5_000
    await take(hourly(1_000), 3)
    expect(store.requests).toHaveLength(4)
    store.failure = undefined
    clock.ms = 10_000
    expect((await take(hourly(1_000)))[0]?.fallback).toBeUndefined()
  })
})

describe('leases', () => {
  test('a lease is spent without a promise, and without the store', async () => {
    const { clock, store, take, limiter, observer } = shared({ leaseMost: 10 })
    await take(hourly(1_000), 8)
    clock.ms = 1_000
    const [asked] = await take(hourly(1_000))
    expect(store.requests.at(-1)?.ahead).toBe(7)
    store.failure = AWAY
    for (let each = 1; each <= 7; each++) {
      const verdict = limiter.take(hourly(1_000))
      expect(verdict).toMatchObject({ rate: { remaining: (asked?.rate?.remaining ?? 0) - each } })
    }
    expect((await limiter.take(hourly(1_000))).fallback?.cause).toBe('unreachable')
    expect(observer.tokensSpent).toBe(7)
  })

  test('never more than half of what is left is taken ahead', async () => {
    const { clock, take, observer } = shared({ leaseMost: 100 })
    await take(hourly(20), 10)
    clock.ms = 1_000
    await take(hourly(20))
    // Ten were left, one of them for the request itself.
    expect(observer.tokensLeased).toBe(4)
  })

  test('an allowance with a quota is never leased', async () => {
    const { clock, store, take } = shared({ leaseMost: 100 })
    const both: Allowance = { id: 'both', rate: { amount: 100, unit: 'HOUR' }, quota: 100 }
    await take(both, 20)
    clock.ms = 1_000
    await take(both, 20)
    expect(store.requests.map(({ ahead }) => ahead).filter((ahead) => ahead > 0)).toEqual([])
  })
})
