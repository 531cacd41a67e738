// Who counts what limiters do. Every label is of a closed list; nothing here names a key or an ApiProxy.

import type { StoreFailure } from '../../errors/store-failures.ts'

export interface LimitObserver {
  /** The store answered a take after that long. */
  stored(durationMs: number): void
  /** The store was asked and did not decide. Requests that did not ask it, since it is known to be away, are not here. */
  storeFailed(cause: StoreFailure): void
  /** That many tokens were taken ahead. */
  leased(tokens: number): void
  /** A request was granted from tokens taken ahead. */
  leaseSpent(): void
  /** That many tokens taken ahead were not used in time. */
  leaseExpired(tokens: number): void
  /** How many rates and quotas this process counts in memory now. */
  entries(count: number): void
}

export const NO_OBSERVER: LimitObserver = {
  stored: () => undefined,
  storeFailed: () => undefined,
  leased: () => undefined,
  leaseSpent: () => undefined,
  leaseExpired: () => undefined,
  entries: () => undefined,
}
