// What becomes of requests while the store of limits is slow, down, restarted, a replica, locked, or not a Redis at all:
// always a verdict in time, with what was wrong, and the store is used again once it is well.

import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Options } from '../../src/config/options.ts'
import type { Allowance, Limiter, LimitVerdict } from '../../src/plugins/limits/limiter.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { freePort } from '../support/free-ports.ts'
import { openSharedLimiter, type SharedLimiterInTest, tally } from '../support/limiters.ts'
import { type Redis, startRedis } from '../support/redis.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

const PASSWORD = 'pw-5ecre7-store'
const HOURLY: Allowance = { id: 'hourly', rate: { amount: 1_000, unit: 'HOUR' } }
const COUNTED: Allowance = { id: 'counted', quota: 100 }
const OTHER: Allowance = { id: 'other', quota: 1_000_000 }

async function take(limiter: Limiter, allowance: Allowance, count: number): Promise<LimitVerdict[]> {
  const verdicts: LimitVerdict[] = []
  for (let each = 0; each < count; each++) verdicts.push(await limiter.take(allowance))
  return verdicts
}

/** Asks until the store decides again. */
function untilStored(limiter: Limiter, allowance: Allowance): Promise<LimitVerdict> {
  return waitUntil(async () => {
    const verdict = await limiter.take(allowance)
    return verdict.fallback === undefined && verdict
  }, 'the store decides again')
}

/** Asks until the store does not decide for this reason. */
function untilCause(limiter: Limiter, allowance: Allowance, cause: string): Promise<LimitVerdict> {
  return waitUntil(async () => {
    const verdict = await limiter.take(allowance)
    return verdict.fallback?.cause === cause && verdict
  }, `the store fails by ${cause}`)
}

const causesLogged = ({ log }: SharedLimiterInTest): unknown[] =>
  log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => (fields as { cause?: unknown }).cause)

describeWithTools(['redis-server'], 'a store of limits', (binary = '') => {
  let redis: Redis
  const opened: SharedLimiterInTest[] = []
  const open = async (options: Partial<Options> = {}, url = redis.url): Promise<SharedLimiterInTest> => {
    const limiter = await openSharedLimiter(url, options)
    opened.push(limiter)
    return limiter
  }
  beforeEach(async () => {
    redis = await startRedis(binary)
  })
  afterEach(async () => {
    for (const { limiter } of opened.splice(0)) await limiter.stop()
    redis.thaw()
    await redis.stop()
  })

  test('that does not answer: each request has a verdict, and soon none waits any more', async () => {
    const shared = await open({ 'limits.store_timeout': 50 })
    await take(shared.limiter, HOURLY, 1)
    redis.freeze()
    const first = await Promise.all(Array.from({ length: 20 }, async () => shared.limiter.take(HOURLY)))
    expect(tally(first)).toEqual({ 'granted by local_share: timeout': 20 })
    const asked = shared.observer.failures.length
    const verdict = shared.limiter.take(HOURLY)
    // Decided without asking: not even a promise.
    expect(verdict).toMatchObject({ fallback: { by: 'local_share', cause: 'timeout' } })
    expect(shared.observer.failures).toHaveLength(asked)
    redis.thaw()
    await untilStored(shared.limiter, HOURLY)
    expect(causesLogged(shared)).toContain('timeout')
  })

  test('that is killed and comes back: without persistence it has counted nothing', async () => {
    const { limiter } = await open()
    await take(limiter, COUNTED, 10)
    await redis.kill()
    await untilCause(limiter, OTHER, 'unreachable')
    await redis.start()
    // By another key: what the wait is granted by the share would be owed to the store.
    await untilStored(limiter, OTHER)
    expect((await limiter.take(COUNTED)).quota?.remaining).toBe(99)
  })

  test('that is killed and comes back with its append-only file: everything counted is still there', async () => {
    await redis.stop()
    redis = await startRedis(binary, { appendOnly: true })
    const { limiter } = await open()
    await take(limiter, COUNTED, 10)
    await redis.kill()
    await untilCause(limiter, OTHER, 'unreachable')
    await redis.start()
    await untilStored(limiter, OTHER)
    expect((await limiter.take(COUNTED)).quota?.remaining).toBe(89)
  })

  test('that was away is told what was granted of a quota meanwhile', async () => {
    await redis.stop()
    redis = await startRedis(binary, { appendOnly: true })
    const { limiter } = await open()
    await take(limiter, COUNTED, 10)
    await redis.kill()
    await untilCause(limiter, OTHER, 'unreachable')
    const away = await take(limiter, COUNTED, 60)
    // Half of the 90 that were left.
    expect(tally(away)).toEqual({
      'granted by local_share: unreachable': 45,
      'quota_exceeded by local_share: unreachable': 15,
    })
    await redis.start()
    await untilStored(limiter, OTHER)
    expect((await limiter.take(COUNTED)).quota?.remaining).toBe(100 - 10 - 45 - 1)
  })

  test('that is down from the start: the gateway starts, and finds it later', async () => {
    await redis.kill()
    const shared = await open({ 'limits.on_store_failure': 'deny' })
    expect(await shared.limiter.take(HOURLY)).toEqual({
      failure: 'limit_store_failed',
      retryAfterSeconds: 1,
      fallback: { by: 'deny', cause: 'unreachable' },
    })
    expect(causesLogged(shared)).toContain('unreachable')
    await redis.start()
    await untilStored(shared.limiter, HOURLY)
  })

  test('that is down, and all may pass', async () => {
    await redis.kill()
    const { limiter } = await open({ 'limits.on_store_failure': 'allow' })
    const never: Allowance = { id: 'never', rate: { amount: 0, unit: 'HOUR' } }
    expect(await limiter.take(never)).toEqual({ fallback: { by: 'allow', cause: 'unreachable' } })
  })

  test('that became a replica takes no writes, and is asked again when it is a master', async () => {
    const shared = await open()
    await take(shared.limiter, HOURLY, 1)
    await redis.command(['REPLICAOF', '127.0.0.1', String(await freePort())])
    await untilCause(shared.limiter, HOURLY, 'read_only')
    expect(causesLogged(shared)).toContain('read_only')
    await redis.command(['REPLICAOF', 'NO', 'ONE'])
    await untilStored(shared.limiter, HOURLY)
  })

  test('whose password changes: refused until the file says the new one', async () => {
    await using folder = await tempFolder('redis-password')
    const file = await folder.write('password', `${PASSWORD}\n`)
    await redis.command(['CONFIG', 'SET', 'requirepass', PASSWORD])
    const shared = await open({ 'limits.redis_password_file': file })
    expect((await take(shared.limiter, HOURLY, 1))[0]?.fallback).toBeUndefined()
    const changed = `${PASSWORD}-2`
    await redis.command(['CONFIG', 'SET', 'requirepass', changed], PASSWORD)
    // The connection that is open stays: Redis asks for a password at its beginning only.
    await redis.command(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'], changed)
    await untilCause(shared.limiter, HOURLY, 'access_refused')
    await folder.write('password', changed)
    await untilStored(shared.limiter, HOURLY)
    expect(JSON.stringify(shared.log.lines)).not.toContain(PASSWORD)
    expect(causesLogged(shared)).toContain('access_refused')
  })

  test('with a password in its address, a wrong one, and one that it does not want', async () => {
    await redis.command(['CONFIG', 'SET', 'requirepass', PASSWORD])
    const right = await open({}, `redis://:${PASSWORD}@127.0.0.1:${redis.port}/3`)
    expect((await take(right.limiter, HOURLY, 1))[0]?.fallback).toBeUndefined()
    const wrong = await open({}, `redis://:${PASSWORD}x@127.0.0.1:${redis.port}`)
    expect((await wrong.limiter.take(HOURLY)).fallback?.cause).toBe('access_refused')
    const none = await open()
    expect((await none.limiter.take(HOURLY)).fallback?.cause).toBe('access_refused')
    await redis.command(['CONFIG', 'SET', 'requirepass', ''], PASSWORD)
    const unwanted = await open({}, `redis://:${PASSWORD}@127.0.0.1:${redis.port}`)
    // A server without passwords takes any for the default user, or says that it wants none: both end in a verdict.
    expect((await unwanted.limiter.take(HOURLY)).failure).toBeUndefined()
    expect(JSON.stringify([right, wrong, none, unwanted].map(({ log }) => log.lines))).not.toContain(PASSWORD)
  })

  test('that is killed and restarted again and again under load: no request hangs, none is lost', async () => {
    const shared = await open({ 'limits.store_timeout': 200 })
    const unlimited: Allowance = {
      id: 'load',
      rate: { amount: 10_000_000, unit: 'SECOND' },
      quota: 10_000_000,
    }
    const stop = new AbortController()
    let longestMs = 0
    const verdicts: LimitVerdict[] = []
    const worker = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        const from = performance.now()
        verdicts.push(await shared.limiter.take(unlimited))
        longestMs = Math.max(longestMs, performance.now() - from)
        await new Promise(setImmediate)
      }
    }
    const workers = Array.from({ length: 20 }, worker)
    for (let round = 0; round < 4; round++) {
      await untilStored(shared.limiter, unlimited)
      if (round % 2 === 0) await redis.kill()
      else redis.freeze()
      await untilCause(shared.limiter, unlimited, round % 2 === 0 ? 'unreachable' : 'timeout')
      if (round % 2 === 0) await redis.start()
      else redis.thaw()
    }
    await untilStored(shared.limiter, unlimited)
    stop.abort()
    await Promise.all(workers)
    const counts = tally(verdicts)
    expect(Object.keys(counts).filter((what) => !what.startsWith('granted'))).toEqual([])
    // Far beyond the timeout of 200 ms, for slow machines; a hung request would never end.
    expect(longestMs).toBeLessThan(10_000)
    // A line a kind and ten seconds, not one a request.
    expect(shared.log.lines.length).toBeLessThan(60)
  })
})

describe('what listens where the store should be', () => {
  let server: Server
  const listen = async (answer: string | undefined): Promise<string> => {
    server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.on('data', () => answer !== undefined && socket.write(answer))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return `redis://:${PASSWORD}@127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  afterEach(() => {
    server.close()
  })

  test.each([
    ['no Redis', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'answer_invalid'],
    ['a Redis that answers something else', '+OK\r\n', 'answer_invalid'],
    ['a Redis that answers more than it is asked', '+OK\r\n+OK\r\n+OK\r\n+OK\r\n', 'answer_invalid'],
    ['a Redis that is loading', '-LOADING Redis is loading the dataset in memory\r\n', 'error'],
    [
      'a server that repeats what it was sent',
      `-ERR unknown command 'AUTH', with args beginning with: '${PASSWORD}'\r\n`,
      'access_refused',
    ],
    ['a server that wants other rights', '-NOPERM this user has no permissions\r\n', 'access_refused'],
  ])('is %s', async (_what, answer, cause) => {
    const { limiter, log } = await openSharedLimiter(await listen(answer))
    const verdict = await limiter.take(HOURLY)
    await limiter.stop()
    expect(verdict.fallback).toEqual({ by: 'local_share', cause })
    expect(JSON.stringify(log.lines)).not.toContain(PASSWORD)
  })

  test('is deaf: the start goes on, and requests do not wait for it', async () => {
    const { limiter } = await openSharedLimiter(await listen(undefined))
    expect((await limiter.take(HOURLY)).fallback?.cause).toBe('timeout')
    // It connects again now and then, and does not keep the end waiting for that.
    const from = performance.now()
    await limiter.stop()
    expect(performance.now() - from).toBeLessThan(1_500)
  })
})
