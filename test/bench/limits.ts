// What a take costs: in memory, and with a Redis on this machine one at a time, many at once, and with a lease. CPU time is
// of this process; the server's own is beside it. Figures are of this machine and this moment: compare ratios.

import { DEFAULT_OPTIONS } from '../../src/config/options.ts'
import { limitFields } from '../../src/plugins/limits/limit-fields.ts'
import { NO_OBSERVER } from '../../src/plugins/limits/limit-observer.ts'
import type { Allowance, Limiter } from '../../src/plugins/limits/limiter.ts'
import { MemoryLimiter } from '../../src/plugins/limits/memory-limiter.ts'
import { openLimiter } from '../../src/plugins/limits/open-limiter.ts'
import { startRedis } from '../support/redis.ts'
import { findTool } from '../tools/find.ts'
import { cpuNanoseconds } from './cpu-time.ts'

const ALLOWANCES = 10_000
const TAKES = 1_000_000
const ROUNDS = 5
const SHARED_TAKES = 40_000
const WARMUP_MS = 2_000
const LOG = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** Prints two tables; says why where Redis is missing. */
export async function benchLimits(): Promise<void> {
  say('| in memory | ns a take |\n|---|---:|')
  say(`| rate | ${inMemory((id) => ({ id, rate: { amount: 1_000_000, unit: 'HOUR' } })).toFixed(0)} |`)
  say(`| rate, refused | ${inMemory((id) => ({ id, rate: { amount: 1, unit: 'HOUR' } })).toFixed(0)} |`)
  const both = (id: string): Allowance => ({
    id,
    rate: { amount: 1_000_000, unit: 'HOUR' },
    quota: 1_000_000_000,
  })
  say(`| rate and quota | ${inMemory(both).toFixed(0)} |`)
  say(`| rate and quota, with response fields | ${inMemory(both, true).toFixed(0)} |\n`)
  const tool = findTool('redis-server')
  if ('missing' in tool) return say(`left out: ${tool.missing}`)
  await using redis = await startRedis(tool.path)
  say(
    '| in Redis | at once | us a take | CPU us of this process | CPU us of Redis |\n|---|---:|---:|---:|---:|',
  )
  for (const [lease, atOnce] of [
    [0, 1],
    [0, 100],
    [1_000, 100],
  ] as const) {
    const limiter = await openLimiter(
      {
        ...DEFAULT_OPTIONS,
        'limits.redis_url': redis.url,
        'limits.store_timeout': 5_000,
        'limits.lease': lease,
      },
      { log: LOG },
    )
    if ('problem' in limiter) throw new Error(limiter.problem)
    // Leases learn from the use in whole seconds.
    const warmUntil = performance.now() + WARMUP_MS
    while (performance.now() < warmUntil) await shared(limiter, atOnce, redis.pid)
    const { wallUs, ownUs, redisUs } = await shared(limiter, atOnce, redis.pid)
    const what = lease === 0 ? 'rate' : `rate, lease of ${lease}`
    say(`| ${what} | ${atOnce} | ${wallUs.toFixed(1)} | ${ownUs.toFixed(1)} | ${redisUs.toFixed(1)} |`)
    await limiter.stop()
  }
}

/** Nanoseconds a take, best of several rounds. */
function inMemory(allowanceOf: (id: string) => Allowance, withFields = false): number {
  const limiter = new MemoryLimiter({
    entriesMax: 100_000,
    onFull: 'deny',
    now: () => performance.now(),
    observer: NO_OBSERVER,
  })
  const allowances = Array.from({ length: ALLOWANCES }, (_, index) =>
    allowanceOf(`shop/cart-${index}|partner-${index}|shop/partners`),
  )
  let best = Number.POSITIVE_INFINITY
  let fields = 0
  for (let round = 0; round < ROUNDS; round++) {
    const from = performance.now()
    for (let index = 0; index < TAKES; index++) {
      const verdict = limiter.take(allowances[(index * 7919) % ALLOWANCES] as Allowance)
      if (withFields) fields += limitFields(verdict).length
    }
    best = Math.min(best, ((performance.now() - from) * 1e6) / TAKES)
  }
  if (withFields && fields === 0) throw new Error('no response fields were made')
  return best
}

async function shared(limiter: Limiter, atOnce: number, redisPid: number) {
  const allowance: Allowance = { id: 'bench', rate: { amount: 1_000_000_000, unit: 'SECOND' } }
  const cpuFrom = process.cpuUsage()
  const redisFrom = cpuNanoseconds(redisPid)
  const from = performance.now()
  let left = SHARED_TAKES
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const verdict = await limiter.take(allowance)
      if (verdict.fallback !== undefined) throw new Error(`the store failed: ${verdict.fallback.cause}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  const cpu = process.cpuUsage(cpuFrom)
  return {
    wallUs: ((performance.now() - from) * 1000) / SHARED_TAKES,
    ownUs: (cpu.user + cpu.system) / SHARED_TAKES,
    redisUs: Number(cpuNanoseconds(redisPid) - redisFrom) / 1000 / SHARED_TAKES,
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

if (import.meta.main) await benchLimits()
