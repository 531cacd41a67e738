// The metric families of limits, with what each is for.

import type { Family } from './exposition.ts'
import type { LimitMetrics } from './limit-metrics.ts'
import { METRIC } from './names.ts'

export function limitFamilies(limits: LimitMetrics): Family[] {
  return [
    {
      name: METRIC.limitStoreDuration,
      help: 'How long the shared store of limits took to answer.',
      type: 'histogram',
      samples: () => limits.storeDuration(),
    },
    {
      name: METRIC.limitStoreFailures,
      help: 'Times that the shared store was asked and did not decide.',
      type: 'counter',
      samples: () => limits.failures(),
    },
    {
      name: METRIC.limitFallbacks,
      help: 'Requests whose limits were decided without the store: by whom, and what was wrong with it.',
      type: 'counter',
      samples: () => limits.fallbacks(),
    },
    {
      name: METRIC.limitLeaseTokens,
      help: 'Tokens that this process took ahead from the store, spent, or let expire.',
      type: 'counter',
      samples: () => limits.leases(),
    },
    {
      name: METRIC.limitEntries,
      help: 'Rates and quotas that this process counts in memory.',
      type: 'gauge',
      samples: () => limits.counted(),
    },
  ]
}
