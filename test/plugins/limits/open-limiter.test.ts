import { expect, test } from 'vitest'
import { DEFAULT_OPTIONS } from '../../../src/config/options.ts'
import { MemoryLimiter } from '../../../src/plugins/limits/memory-limiter.ts'
import { openLimiter } from '../../../src/plugins/limits/open-limiter.ts'
import { LogLines } from '../../support/log-lines.ts'

const log = new LogLines()

test('without an address of a store limits are counted in memory', async () => {
  expect(await openLimiter(DEFAULT_OPTIONS, { log })).toBeInstanceOf(MemoryLimiter)
})

test.each([
  ['allow', undefined],
  ['deny', 'limit_store_failed'],
  ['local_share', 'limit_store_failed'],
] as const)('memory that is full, with %s', async (onStoreFailure, failure) => {
  const options = {
    ...DEFAULT_OPTIONS,
    'limits.max_entries': 1,
    'limits.on_store_failure': onStoreFailure,
  } as const
  const limiter = await openLimiter(options, { log })
  if ('problem' in limiter) throw new Error(limiter.problem)
  await limiter.take({ id: 'a', quota: 1 })
  const verdict = await limiter.take({ id: 'b', quota: 1 })
  expect([verdict.failure, verdict.fallback?.cause]).toEqual([failure, 'full'])
})

test('a password file that cannot be read ends the start', async () => {
  const options = {
    ...DEFAULT_OPTIONS,
    'limits.redis_url': 'redis://127.0.0.1:9',
    'limits.redis_password_file': '/nowhere/password',
  }
  expect(await openLimiter(options, { log })).toEqual({
    problem: 'limits.redis_password_file: "/nowhere/password" cannot be read; allowed: a readable file',
  })
})
