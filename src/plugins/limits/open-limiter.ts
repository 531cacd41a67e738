// The limiter that the options ask for: in memory, or shared by Redis. What the latter needs is loaded only for it.

import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import type { Options } from '../../config/options.ts'
import { RateLimit } from '../../telemetry/rate-limit.ts'
import type { PluginLog } from '../plugin-log.ts'
import { NO_OBSERVER, type LimitObserver } from './limit-observer.ts'
import type { StoreFailure } from '../../errors/store-failures.ts'
import type { Limiter } from './limiter.ts'
import { MemoryLimiter } from './memory-limiter.ts'
import type { LocationOptions } from './redis-location.ts'

export type LimitOptions = LocationOptions &
  Pick<
    Options,
    | 'limits.store_timeout'
    | 'limits.on_store_failure'
    | 'limits.replicas'
    | 'limits.lease'
    | 'limits.max_entries'
  >

export interface LimiterParts {
  readonly log: PluginLog
  readonly observer?: LimitObserver
  /** Milliseconds, with fractions, of a clock that never goes back. */
  readonly now?: () => number
}

/** Opens it; with a store, after the first attempt to reach it, whatever came of that. Says what is wrong otherwise. */
export async function openLimiter(
  options: LimitOptions,
  { log, observer = NO_OBSERVER, now = () => performance.now() }: LimiterParts,
): Promise<Limiter | { readonly problem: string }> {
  const onStoreFailure = options['limits.on_store_failure']
  const entriesMax = options['limits.max_entries']
  if (options['limits.redis_url'] === '') {
    const onFull = onStoreFailure === 'allow' ? 'allow' : 'deny'
    return new MemoryLimiter({ entriesMax, onFull, now, observer })
  }
  const problem = await unreadable(options['limits.redis_password_file'])
  if (problem !== undefined) return { problem }
  const { RedisConnection } = await import('./redis-connection.ts')
  const { RedisLocation } = await import('./redis-location.ts')
  const { RedisStore } = await import('./redis-store.ts')
  const { SharedLimiter } = await import('./shared-limiter.ts')
  const connection = new RedisConnection({ location: new RedisLocation(options), log, now })
  const timeoutMs = options['limits.store_timeout']
  await connection.start()
  return new SharedLimiter({
    store: new RedisStore({ connection, timeoutMs, now, observer }),
    onStoreFailure,
    replicas: options['limits.replicas'],
    leaseMost: options['limits.lease'],
    entriesMax,
    now,
    observer,
    onStore: storeLines(log, now, onStoreFailure),
  })
}

async function unreadable(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined
  try {
    await access(file, constants.R_OK)
    return undefined
  } catch {
    return `limits.redis_password_file: ${JSON.stringify(file)} cannot be read; allowed: a readable file`
  }
}

/** One line a kind and ten seconds, however often the store comes and goes. */
function storeLines(
  log: PluginLog,
  now: () => number,
  by: string,
): (cause: StoreFailure | undefined) => void {
  const limit = new RateLimit()
  return (cause) => {
    const suppressed = limit.take(cause ?? 'back', now())
    if (suppressed === undefined) return
    if (cause === undefined) log.info({ suppressed }, 'limits are counted in the store again')
    else log.warn({ cause, by, suppressed }, 'limits are not counted in the store for now')
  }
}
