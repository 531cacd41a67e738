// What the objective counts: requests that are not the fault of their clients, and those of them that failed. The alerts
// on the error budget count the same.

import { METRIC } from '../src/telemetry/names.ts'
import { counted, rate, select, sum } from './promql.ts'
import { REJECTED_BY_GATEWAY } from './alerts/slo.ts'
import { threshold } from './alerts/thresholds.ts'

/** Share of good requests: 0.999. */
export const OBJECTIVE = threshold('slo.objective')
/** Share of requests that may fail. */
export const BUDGET = Number((1 - OBJECTIVE).toPrecision(6))

const OVERLOADED = REJECTED_BY_GATEWAY.join('|')

/** Share of failed requests in the time shown. */
export function failedShare(): string {
  return shareOf(counted)
}

/** The same at each point of a graph. */
export function failedShareOverTime(): string {
  return shareOf(rate)
}

function shareOf(over: (selector: string) => string): string {
  const failed = `(${sum(over(select(METRIC.errors, 'blame!="client"')))} + ${sum(over(select(METRIC.rejected, `reason=~"${OVERLOADED}"`)))})`
  const byClients = `${sum(over(select(METRIC.errors, 'blame="client"')))} - ${sum(over(select(METRIC.rejected, `reason!~"${OVERLOADED}"`)))}`
  const all = `${sum(over(select(`${METRIC.gatewayDuration}_count`)))} - ${byClients}`
  // Less than nothing is no traffic: the counters of a scrape are not read at one moment.
  return `${failed} / clamp_min(${all}, 1e-9)`
}
