// The limiter of a worker: with a Redis, like that of any process that shares it; else the primary is the store, so that
// a rate or quota is counted once for all workers, exactly.

import { type LimiterParts, openLimiter } from '../plugins/limits/open-limiter.ts'
import type { LimitObserver } from '../plugins/limits/limit-observer.ts'
import type { Limiter } from '../plugins/limits/limiter.ts'
import { SharedLimiter } from '../plugins/limits/shared-limiter.ts'
import type { WorkerStart } from './messages.ts'
import type { PrimaryLink } from './primary-link.ts'
import { PrimaryStore } from './primary-store.ts'

export function openWorkerLimiter(
  { options, workers }: Pick<WorkerStart, 'options' | 'workers'>,
  link: PrimaryLink,
  { log, observer }: LimiterParts & { readonly observer: LimitObserver },
): Promise<Limiter | { readonly problem: string }> {
  if (options['limits.redis_url'] !== '') {
    // Each worker is one of the processes among which a share is divided.
    const replicas = options['limits.replicas'] * workers
    return openLimiter({ ...options, 'limits.replicas': replicas }, { log, observer, now })
  }
  const store = new PrimaryStore({
    send: (first, takes) => link.send({ type: 'takes', first, takes }),
    timeoutMs: options['limits.store_timeout'],
    now,
    observer,
  })
  link.onTakes = (first, answers) => store.answered(first, answers)
  return Promise.resolve(
    new SharedLimiter({
      store,
      onStoreFailure: options['limits.on_store_failure'],
      replicas: workers,
      // Asking the primary is cheap, and a token that was taken ahead could not be granted by another worker.
      leaseMost: 0,
      entriesMax: options['limits.max_entries'],
      now,
      observer,
      onStore: () => undefined,
    }),
  )
}

function now(): number {
  return performance.now()
}
