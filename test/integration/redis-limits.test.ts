// Limits that a real Redis counts: the contract of limiters, several processes, what is kept and what expires.

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LimitVerdict } from '../../src/plugins/limits/limiter.ts'
import { describeLimiter } from '../contracts/limiter.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { openSharedLimiter, tally } from '../support/limiters.ts'
import { type Redis, startRedis } from '../support/redis.ts'
import { RunningProcess } from '../support/running-process.ts'

const TAKER = fileURLToPath(new URL('limit-taker.ts', import.meta.url))

describeWithTools(['redis-server'], 'limits in a real Redis', (binary = '') => {
  let redis: Redis
  beforeAll(async () => {
    redis = await startRedis(binary)
  })
  afterAll(() => redis.stop())

  describeLimiter('in Redis', async () => {
    const { limiter } = await openSharedLimiter(redis.url)
    return {
      limiter,
      // The server's clock cannot be set: what was counted is made older instead.
      pass: async (id, ms) => {
        const key = `kanali:limits:{${id}}:rate`
        const script = `if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HINCRBY', KEYS[1], 'at', -ARGV[1]) end`
        await redis.command(['EVAL', script, '1', key, String(ms * 1000)])
      },
      stop: () => limiter.stop(),
    }
  })

  test('processes share an allowance to the last request, whoever asks first', async () => {
    const takers = Array.from(
      { length: 3 },
      () =>
        new RunningProcess(process.execPath, [
          TAKER,
          redis.url,
          JSON.stringify({ id: 'shared', rate: { amount: 700, unit: 'HOUR' }, quota: 10_000 }),
          '500',
        ]),
    )
    for (const taker of takers) await taker.until(() => taker.stdout.includes('ready'), 'a taker is ready')
    for (const taker of takers) taker.kill('SIGUSR2')
    const counted: Record<string, number> = {}
    for (const taker of takers) {
      expect(await taker.exited, taker.describe()).toEqual({ code: 0, signal: null })
      const counts = JSON.parse(taker.stdout.replace('ready', '')) as Record<string, number>
      for (const [what, count] of Object.entries(counts)) counted[what] = (counted[what] ?? 0) + count
    }
    expect(counted).toEqual({ granted: 700, rate_exceeded: 800 })
    expect(await redis.command(['GET', 'kanali:limits:{shared}:quota'])).toBe('700')
  })

  test('a rate is gone from Redis when nothing of it is in use, a quota stays', async () => {
    const { limiter } = await openSharedLimiter(redis.url)
    await limiter.take({ id: 'expiring', rate: { amount: 10, unit: 'MINUTE' }, quota: 5 })
    const left = await redis.command(['PTTL', 'kanali:limits:{expiring}:rate'])
    expect(left).toBeGreaterThan(3_000)
    expect(left).toBeLessThanOrEqual(6_002)
    expect(await redis.command(['PTTL', 'kanali:limits:{expiring}:quota'])).toBe(-1)
    await limiter.stop()
  })

  test('one command a request, also after the scripts were flushed', async () => {
    const { limiter } = await openSharedLimiter(redis.url)
    await redis.command(['CONFIG', 'RESETSTAT'])
    const once = { id: 'once', quota: 100 }
    for (let each = 0; each < 10; each++) await limiter.take(once)
    const calls = String(await redis.command(['INFO', 'commandstats']))
    expect(calls).toContain('cmdstat_evalsha:calls=10,')
    expect(calls).not.toContain('cmdstat_eval:')
    await redis.command(['SCRIPT', 'FLUSH'])
    expect(await limiter.take(once)).toEqual({ quota: { limit: 100, remaining: 89 } })
    expect(await limiter.take(once)).toEqual({ quota: { limit: 100, remaining: 88 } })
    await limiter.stop()
  })

  test('a key of a foreign kind under our name is an error of the store, not of the program', async () => {
    const { limiter, observer } = await openSharedLimiter(redis.url, { 'limits.on_store_failure': 'deny' })
    await redis.command(['SET', 'kanali:limits:{foreign}:rate', 'text'])
    const verdict = await limiter.take({ id: 'foreign', rate: { amount: 1, unit: 'HOUR' } })
    expect(verdict.fallback).toEqual({ by: 'deny', cause: 'error' })
    expect(observer.failures).toEqual(['error'])
    await limiter.stop()
  })

  test('leases: a busy rate asks for few of its requests, and all processes together stay within the bound', async () => {
    let clock = 0
    const [amount, lease] = [400, 20]
    const opened = await Promise.all(
      [1, 2].map(() => openSharedLimiter(redis.url, { 'limits.lease': lease }, () => clock)),
    )
    const rate = { id: 'leased', rate: { amount, unit: 'HOUR' } } as const
    const verdicts: LimitVerdict[] = []
    for (let second = 0; second < 10; second++) {
      for (const { limiter } of opened)
        for (let each = 0; each < 25; each++) verdicts.push(await limiter.take(rate))
      clock += 1_000
    }
    const asked = opened.reduce((sum, { observer }) => sum + observer.durations.length, 0)
    const spent = opened.reduce((sum, { observer }) => sum + observer.tokensSpent, 0)
    expect(asked + spent).toBe(verdicts.length)
    expect(spent).toBeGreaterThan(asked / 2)
    // The hour goes on while this runs, by far less than one request.
    const granted = tally(verdicts)['granted'] ?? 0
    expect(granted).toBeGreaterThan(amount - 2 * lease)
    expect(granted).toBeLessThanOrEqual(amount)
    for (const { limiter } of opened) await limiter.stop()
  })
})
