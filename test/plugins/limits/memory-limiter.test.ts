import { expect, test } from 'vitest'
import type { Allowance } from '../../../src/plugins/limits/limiter.ts'
import { NO_OBSERVER } from '../../../src/plugins/limits/limit-observer.ts'
import { MemoryLimiter, type MemoryLimiterOptions } from '../../../src/plugins/limits/memory-limiter.ts'
import { describeLimiter } from '../../contracts/limiter.ts'

const perMinute = (id: string, amount = 1): Allowance => ({ id, rate: { amount, unit: 'MINUTE' } })

function limiterAt(options: Partial<MemoryLimiterOptions> = {}) {
  const clock = { ms: 0 }
  const limiter = new MemoryLimiter({
    entriesMax: 1000,
    onFull: 'deny',
    now: () => clock.ms,
    observer: NO_OBSERVER,
    ...options,
  })
  return { clock, limiter }
}

describeLimiter('in memory', () => {
  const { clock, limiter } = limiterAt()
  return Promise.resolve({
    limiter,
    pass: (_id, ms) => {
      clock.ms += ms
    },
    stop: () => limiter.stop(),
  })
})

test('answers without a promise', () => {
  expect(limiterAt().limiter.take(perMinute('a'))).not.toBeInstanceOf(Promise)
})

test('at the limit what is not in use any more makes room, which changes nothing for it', () => {
  const { clock, limiter } = limiterAt({ entriesMax: 3 })
  for (const id of ['a', 'b', 'c']) limiter.take(perMinute(id))
  clock.ms = 60_000
  expect(limiter.take(perMinute('d')).failure).toBeUndefined()
  expect(limiter.take(perMinute('a')).failure).toBeUndefined()
  expect(limiter.take(perMinute('a')).failure).toBe('rate_exceeded')
})

test('at the limit a rate in use is never dropped, and what is new is decided by the option', () => {
  for (const onFull of ['deny', 'allow'] as const) {
    const { limiter } = limiterAt({ entriesMax: 2, onFull })
    for (const id of ['a', 'b']) limiter.take(perMinute(id))
    expect(limiter.take(perMinute('c'))).toEqual(
      onFull === 'allow'
        ? { fallback: { by: 'allow', cause: 'full' } }
        : {
            failure: 'limit_store_failed',
            retryAfterSeconds: 1,
            fallback: { by: 'deny', cause: 'full' },
          },
    )
    expect(limiter.take(perMinute('a')).failure).toBe('rate_exceeded')
  }
})

test('at the limit a quota is never dropped, however long it is not used', () => {
  const { clock, limiter } = limiterAt({ entriesMax: 2 })
  for (const id of ['a', 'b']) limiter.take({ id, quota: 1 })
  clock.ms = 1e12
  expect(limiter.take({ id: 'c', quota: 1 }).fallback?.cause).toBe('full')
  expect(limiter.take({ id: 'a', quota: 1 }).failure).toBe('quota_exceeded')
})

test('an allowance with rate and quota needs room for both, or takes neither', () => {
  const { limiter } = limiterAt({ entriesMax: 2 })
  limiter.take(perMinute('a'))
  expect(limiter.take({ ...perMinute('b'), quota: 5 }).fallback?.cause).toBe('full')
  expect(limiter.take(perMinute('c')).failure).toBeUndefined()
})

test('finds room as soon as the first rate falls idle, though it does not look at each request', () => {
  const { clock, limiter } = limiterAt({ entriesMax: 2 })
  limiter.take(perMinute('slow'))
  limiter.take({ id: 'quick', rate: { amount: 10, unit: 'SECOND' } })
  expect(limiter.take(perMinute('new')).fallback?.cause).toBe('full')
  clock.ms = 99
  expect(limiter.take(perMinute('new')).fallback?.cause).toBe('full')
  clock.ms = 100
  expect(limiter.take(perMinute('new')).failure).toBeUndefined()
})

test('a refused request that would be the first of its allowance takes no room', () => {
  const counts: number[] = []
  const { limiter } = limiterAt({ observer: { entries: (count) => counts.push(count) } })
  limiter.take({ id: 'a', quota: 0 })
  limiter.take(perMinute('b', 0))
  expect(counts).toEqual([])
  limiter.take({ ...perMinute('c'), quota: 1 })
  expect(counts).toEqual([2])
})
