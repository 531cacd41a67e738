// Alerts on what guards rely on: the shared store of limits, and what decides while it is away.

import { dashboardUrl } from '../links.ts'
import { METRIC } from './metric.ts'
import type { Alert } from './rule.ts'
import { rateText } from './templates.ts'
import { duration, threshold } from './thresholds.ts'
import { by, on, WORKLOAD_NAME, WORKLOAD_VARIABLES } from './workload.ts'

const BOARD = dashboardUrl('kanali-guards', WORKLOAD_VARIABLES)
const WINDOW = `[${duration('rate.window')}]`

export function guardAlerts(): Alert[] {
  return [storeFailing(), fallback()]
}

function storeFailing(): Alert {
  const failed = `sum ${by()} (rate(${METRIC.limitStoreFailures}${WINDOW}))`
  const asked = `(${failed} + sum ${by()} (rate(${METRIC.limitStoreDuration}_count${WINDOW})))`
  return {
    name: 'KanaliLimitStoreFailing',
    when: 'the shared store of limits leaves a good part of the questions without an answer',
    summary: `The shared store of limits of ${WORKLOAD_NAME} fails`,
    description: `{{ $value | humanizePercentage }} of the questions of the last ${duration('rate.window')} to the shared store of limits of ${WORKLOAD_NAME} got no answer. Who decides instead is said by \`limits.on_store_failure\`.`,
    dashboard: BOARD,
    levels: [
      {
        severity: 'ticket',
        blame: 'gateway',
        expr: `${failed} / ${asked} > ${threshold('store.share')}
and ${on()} ${asked} >= ${threshold('store.traffic')}`,
        forS: threshold('store.for'),
      },
    ],
  }
}

function fallback(): Alert {
  return {
    name: 'KanaliLimitFallback',
    when: 'limits are decided without their shared store: by a share of each replica or by letting all through (ticket), or by denying all (page)',
    summary: `${WORKLOAD_NAME} decides limits without their store: {{ $labels.by }}`,
    description: `In the last ${duration('rate.window')} ${rateText('$value')} of requests were decided without the shared store of limits of ${WORKLOAD_NAME}, by {{ $labels.by }}.`,
    dashboard: BOARD,
    levels: [
      {
        severity: 'ticket',
        blame: 'gateway',
        expr: decidedBy('by!="deny"'),
        forS: threshold('fallback.for'),
      },
      { severity: 'page', blame: 'gateway', expr: decidedBy('by="deny"'), forS: threshold('fallback.for') },
    ],
  }
}

function decidedBy(matcher: string): string {
  return `sum ${by('by')} (rate(${METRIC.limitFallbacks}{${matcher}}${WINDOW})) > ${threshold('fallback.rate')}`
}
