// Recording rules: requests, errors and their shares by code, reason, blame and ApiProxy. All of them come from counters
// of the gateway, never from spans, which are sampled.

import { NO_CODE } from '../../src/telemetry/names.ts'
import { METRIC } from './metric.ts'
import { RECORD } from './record-names.ts'
import type { RecordingRule, RuleGroup } from './rule.ts'
import { duration } from './thresholds.ts'
import { by, on } from './workload.ts'

const WINDOW = `[${duration('rate.window')}]`

/**
 * Counts every exchange and is there from the start of the gateway. kanali_requests_total counts the same, but its series
 * begin at their first request, which `rate` cannot see.
 */
export const ALL_REQUESTS = `${METRIC.gatewayDuration}_count`

export function requestRecords(): RuleGroup {
  return { name: 'kanali-requests.rules', rules: [...rates(), ...shares()] }
}

function rates(): RecordingRule[] {
  const { requests, errors, rejected } = METRIC
  return [
    { record: RECORD.requests, expr: `sum ${by()} (rate(${ALL_REQUESTS}${WINDOW}))` },
    {
      record: RECORD.requestsOfApiProxy,
      expr: `sum ${by('namespace', 'apiproxy')} (rate(${requests}${WINDOW}))`,
    },
    { record: RECORD.requestsByOutcome, expr: `sum ${by('outcome')} (rate(${requests}${WINDOW}))` },
    { record: RECORD.errors, expr: `sum ${by('code', 'reason', 'blame')} (rate(${errors}${WINDOW}))` },
    { record: RECORD.errorsByCode, expr: `sum ${by('code', 'blame')} (${RECORD.errors})` },
    { record: RECORD.errorsByBlame, expr: `sum ${by('blame')} (${RECORD.errors})` },
    {
      record: RECORD.errorsOfApiProxy,
      expr: `sum ${by('namespace', 'apiproxy', 'code')} (rate(${requests}{code!="${NO_CODE}"}${WINDOW}))`,
    },
    { record: RECORD.rejected, expr: `sum ${by('reason')} (rate(${rejected}${WINDOW}))` },
  ]
}

function shares(): RecordingRule[] {
  return [
    { record: RECORD.errorShareByReason, expr: ofAll(RECORD.errors) },
    { record: RECORD.errorShareByCode, expr: ofAll(RECORD.errorsByCode) },
    { record: RECORD.errorShareByBlame, expr: ofAll(RECORD.errorsByBlame) },
    {
      record: RECORD.errorShareOfApiProxy,
      expr: `${RECORD.errorsOfApiProxy} / ${on('namespace', 'apiproxy')} group_left () ${RECORD.requestsOfApiProxy}`,
    },
  ]
}

function ofAll(errors: string): string {
  return `${errors} / ${on()} group_left () ${RECORD.requests}`
}
