// The metric families of limits, with what each is for.

import { counter, type Family, gauge, histogram } from './exposition.ts'
import type { LimitMetrics } from './limit-metrics.ts'
import { METRIC } from './names.ts'

export function limitFamilies(limits: LimitMetrics): Family[] {
  return [
    histogram(METRIC.limitStoreDuration, 'How long the shared store of limits took to answer.', () =>
      limits.storeDuration(),
    ),
    counter(METRIC.limitStoreFailures, 'Times that the shared store was asked and did not decide.', () =>
      limits.failures(),
    ),
    counter(
      METRIC.limitFallbacks,
      'Requests whose limits were decided without the store: by whom, and what was wrong with it.',
      () => limits.fallbacks(),
    ),
    counter(
      METRIC.limitLeaseTokens,
      'Tokens that this process took ahead from the store, spent, or let expire.',
      () => limits.leases(),
    ),
    gauge(METRIC.limitEntries, 'Rates and quotas that this process counts in memory.', () =>
      limits.counted(),
    ),
  ]
}
