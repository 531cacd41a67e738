// A failover by a real Sentinel: the master dies, its replica takes over, and the limiter finds it.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { openSharedLimiter } from '../support/limiters.ts'
import { type Redis, startRedis } from '../support/redis.ts'
import { freePort } from '../support/free-ports.ts'
import { waitUntil } from '../support/wait-until.ts'

describeWithTools(['redis-server'], 'limits in a Redis that Sentinels watch', (binary = '') => {
  let master: Redis
  let replica: Redis
  let sentinel: Redis
  beforeEach(async () => {
    master = await startRedis(binary)
    replica = await startRedis(binary, { args: ['--replicaof', '127.0.0.1', String(master.port)] })
    sentinel = await startRedis(binary, {
      sentinel: `sentinel monitor limits 127.0.0.1 ${master.port} 1
sentinel down-after-milliseconds limits 300
sentinel failover-timeout limits 3000
`,
    })
    await waitUntil(
      async () => String(await sentinel.command(['SENTINEL', 'replicas', 'limits'])).includes('slave,'),
      'the Sentinel knows the replica',
      { timeoutMs: 30_000 },
    )
  })
  afterEach(async () => {
    for (const each of [sentinel, replica, master]) await each.stop()
  })

  test('the counts are the replica’s after the master died', async () => {
    const dead = `127.0.0.1:${await freePort()}`
    const { limiter, log } = await openSharedLimiter('redis://unused.invalid', {
      'limits.redis_sentinels': [dead, `127.0.0.1:${sentinel.port}`],
      'limits.redis_sentinel_master': 'limits',
    })
    const counted = { id: 'counted', quota: 100 }
    for (let each = 0; each < 10; each++) expect((await limiter.take(counted)).fallback).toBeUndefined()
    const key = 'kanali:limits:{counted}:quota'
    await waitUntil(async () => (await replica.command(['GET', key])) === '10', 'the replica has the count')
    await master.kill()
    await waitUntil(
      async () => (await limiter.take({ id: 'probe', quota: 1_000_000 })).fallback === undefined,
      'the replica decides',
      { timeoutMs: 45_000 },
    )
    expect((await limiter.take(counted)).quota?.remaining).toBe(89)
    expect(JSON.stringify(log.lines)).toContain('limits of 2 sentinels')
    await limiter.stop()
  }, 90_000)

  test('a master that no Sentinel knows is a store that cannot be reached', async () => {
    const { limiter, log } = await openSharedLimiter('redis://unused.invalid', {
      'limits.redis_sentinels': [`127.0.0.1:${sentinel.port}`],
      'limits.redis_sentinel_master': 'other',
    })
    expect((await limiter.take({ id: 'a', quota: 1 })).fallback?.cause).toBe('unreachable')
    expect(log.lines[0]?.fields).toMatchObject({ cause: 'unreachable', word: 'MASTER_UNKNOWN' })
    await limiter.stop()
  })
})
