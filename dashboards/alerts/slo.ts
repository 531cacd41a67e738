// The objective: which requests it counts, its windows as recording rules, and the alerts on how fast its error budget is
// used up. What a client brings on itself never uses up any of it.

import { REJECTIONS } from '../../src/errors/rejections.ts'
import { dashboardUrl } from '../links.ts'
import { BURN_WINDOWS, type BurnWindows, SLO_WINDOWS_S } from './burn-windows.ts'
import { promDuration } from './duration.ts'
import { METRIC } from './metric.ts'
import { RECORD, sloShare, sloShareByBlame } from './record-names.ts'
import { ALL_REQUESTS } from './request-records.ts'
import type { Alert, Level, RecordingRule, RuleGroup } from './rule.ts'
import { listOf, topReasons } from './templates.ts'
import { duration, threshold } from './thresholds.ts'
import { by, on, SAME_WORKLOAD, WORKLOAD_NAME, WORKLOAD_VALUES, WORKLOAD_VARIABLES } from './workload.ts'

/** Rejections that say nothing of the request: the gateway was at a limit of its own, or on its way out. */
export const REJECTED_BY_GATEWAY = REJECTIONS.filter(({ status }) => status === 503).map(
  ({ reason }) => reason,
)

const WINDOW = `[${duration('rate.window')}]`
const OF_GATEWAY = `reason=~"${REJECTED_BY_GATEWAY.join('|')}"`
const OF_CLIENT = `reason!~"${REJECTED_BY_GATEWAY.join('|')}"`

export function sloRecords(): RuleGroup {
  return { name: 'kanali-slo.rules', rules: [...counted(), ...SLO_WINDOWS_S.flatMap(sharesOver)] }
}

function counted(): RecordingRule[] {
  const { errors, rejected } = METRIC
  return [
    {
      record: RECORD.sloRequests,
      expr: `clamp_min(
  sum ${by()} (rate(${ALL_REQUESTS}${WINDOW}))
    - sum ${by()} (rate(${errors}{blame="client"}${WINDOW}))
    - sum ${by()} (rate(${rejected}{${OF_CLIENT}}${WINDOW})),
  0
)`,
    },
    {
      record: RECORD.sloErrors,
      expr: `sum ${by('blame')} (
  rate(${errors}{blame!="client"}${WINDOW})
  or label_replace(rate(${rejected}{${OF_GATEWAY}}${WINDOW}), "blame", "gateway", "", "")
)`,
    },
  ]
}

/** Averages of rates, divided: the same as a rate over the window, from four series instead of hundreds. */
function sharesOver(windowS: number): RecordingRule[] {
  const over = (record: string) =>
    windowS <= threshold('rate.window') ? record : `avg_over_time(${record}[${promDuration(windowS)}])`
  return [
    {
      record: sloShareByBlame(windowS),
      expr: `${over(RECORD.sloErrors)} / ${on()} group_left () ${over(RECORD.sloRequests)}`,
    },
    { record: sloShare(windowS), expr: `sum ${by()} (${sloShareByBlame(windowS)})` },
  ]
}

/** Its label `blame` is that of whoever uses up most of the budget in the short window. */
export function burnAlert(): Alert {
  return {
    name: 'KanaliErrorBudgetBurn',
    when: `the error budget of the objective (${threshold('slo.objective') * 100} %) is used up too fast, over a long and a short window; \`blame\` is who uses up most of it`,
    summary: `${WORKLOAD_NAME} uses up its error budget too fast, most of it by {{ $labels.blame }}`,
    dashboard: dashboardUrl('kanali-overview', WORKLOAD_VARIABLES),
    levels: BURN_WINDOWS.map(level),
  }
}

function description({ longS, shortS }: BurnWindows): string {
  return (
    `Of the requests to ${WORKLOAD_NAME} that are not the fault of their clients, ` +
    `${shareOver(longS)} failed in the last ${promDuration(longS)} and ${shareOver(shortS)} in the last ${promDuration(shortS)}; ` +
    `{{ $value | humanizePercentage }} by {{ $labels.blame }}.${topReasons('blame=%q', '$labels.blame')}`
  )
}

function shareOver(windowS: number): string {
  return listOf(
    `${sloShare(windowS)}{${SAME_WORKLOAD}}`,
    WORKLOAD_VALUES,
    '{{ .Value | humanizePercentage }}',
  )
}

function level(windows: BurnWindows): Level {
  const { severity, factor, longS, shortS } = windows
  const budget = Number((1 - threshold('slo.objective')).toPrecision(6))
  const byBlame = sloShareByBlame(shortS)
  const tooFast = (windowS: number) => `${sloShare(windowS)} > ${factor} * ${budget}`
  return {
    severity,
    expr: `(${byBlame} == ${on()} group_left () max ${by()} (${byBlame}))
and ${on()} (${tooFast(longS)})
and ${on()} (${tooFast(shortS)})
and ${on()} (avg_over_time(${RECORD.sloRequests}[${promDuration(longS)}]) >= ${threshold('slo.traffic')})`,
    labels: { long: promDuration(longS), short: promDuration(shortS) },
    description: description(windows),
  }
}
