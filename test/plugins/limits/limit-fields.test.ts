import { expect, test } from 'vitest'
import { limitFields } from '../../../src/plugins/limits/limit-fields.ts'

test('a good answer says the policies and what is left of them', () => {
  const rate = { limit: 10, remaining: 5, resetSeconds: 1, windowSeconds: 1 }
  expect(limitFields({ rate, quota: { limit: 1000, remaining: 12 } })).toEqual([
    'ratelimit-policy',
    '"rate";q=10;w=1, "quota";q=1000',
    'ratelimit',
    '"rate";r=5;t=1, "quota";r=12',
  ])
  expect(limitFields({ rate })).toEqual([
    'ratelimit-policy',
    '"rate";q=10;w=1',
    'ratelimit',
    '"rate";r=5;t=1',
  ])
  expect(limitFields({ quota: { limit: 3, remaining: 0 } })).toEqual([
    'ratelimit-policy',
    '"quota";q=3',
    'ratelimit',
    '"quota";r=0',
  ])
})

test('a refused one says when to come back, the same in both fields', () => {
  const rate = { limit: 10, remaining: 0, resetSeconds: 60, windowSeconds: 60 }
  expect(limitFields({ failure: 'rate_exceeded', rate, retryAfterSeconds: 6 })).toEqual([
    'retry-after',
    '6',
    'ratelimit-policy',
    '"rate";q=10;w=60',
    'ratelimit',
    '"rate";r=0;t=6',
  ])
})

test('where waiting does not help, nothing says that it would', () => {
  const fields = limitFields({ failure: 'quota_exceeded', quota: { limit: 3, remaining: 0 } })
  expect(fields).not.toContain('retry-after')
})

test('where nobody counted there is nothing to tell, and not why', () => {
  expect(limitFields({ fallback: { by: 'allow', cause: 'timeout' } })).toEqual([])
  expect(
    limitFields({
      failure: 'limit_store_failed',
      retryAfterSeconds: 1,
      fallback: { by: 'deny', cause: 'access_refused' },
    }),
  ).toEqual(['retry-after', '1'])
})

test('numbers stay integers of a structured field', () => {
  const rate = { limit: Number.MAX_SAFE_INTEGER, remaining: -1, resetSeconds: 0.2, windowSeconds: 3600 }
  expect(limitFields({ rate }).filter((_, index) => index % 2 === 1)).toEqual([
    '"rate";q=999999999999999;w=3600',
    '"rate";r=0;t=1',
  ])
})
