// Names of the series that recording rules make, as alerts and boards use them: level:metric:operation, where `gateway`
// is one deployment of gateways and what follows it in the level are further labels.

import { promDuration } from './duration.ts'
import { duration } from './thresholds.ts'

const RATE = `rate${duration('rate.window')}`

export const RECORD = {
  /** All requests a second. */
  requests: `gateway:kanali_requests:${RATE}`,
  requestsOfApiProxy: `gateway_namespace_apiproxy:kanali_requests:${RATE}`,
  requestsByOutcome: `gateway_outcome:kanali_requests:${RATE}`,
  errors: `gateway_code_reason_blame:kanali_errors:${RATE}`,
  errorsByCode: `gateway_code_blame:kanali_errors:${RATE}`,
  errorsByBlame: `gateway_blame:kanali_errors:${RATE}`,
  errorsOfApiProxy: `gateway_namespace_apiproxy_code:kanali_errors:${RATE}`,
  rejected: `gateway_reason:kanali_rejected:${RATE}`,
  /** Shares of all requests of the deployment. */
  errorShareByCode: `gateway_code_blame:kanali_errors:ratio_${RATE}`,
  errorShareByReason: `gateway_code_reason_blame:kanali_errors:ratio_${RATE}`,
  errorShareByBlame: `gateway_blame:kanali_errors:ratio_${RATE}`,
  /** Share of the requests of the ApiProxy. */
  errorShareOfApiProxy: `gateway_namespace_apiproxy_code:kanali_errors:ratio_${RATE}`,
  /** What the objective counts. */
  sloRequests: `gateway:kanali_slo_requests:${RATE}`,
  sloErrors: `gateway_blame:kanali_slo_errors:${RATE}`,
} as const

/** Share of the requests that the objective counts that failed, over a window of that many seconds, by blame. */
export function sloShareByBlame(windowS: number): string {
  return `gateway_blame:kanali_slo_errors:ratio_rate${promDuration(windowS)}`
}

/** The same of all blames together. */
export function sloShare(windowS: number): string {
  return `gateway:kanali_slo_errors:ratio_rate${promDuration(windowS)}`
}
