// All rules, in the order in which they are evaluated and documented. Both forms of the rules file are made of this list.

import { codeAlerts } from './code-alerts.ts'
import { controlPlaneAlerts } from './control-plane-alerts.ts'
import { errorAlerts } from './error-alerts.ts'
import { guardAlerts } from './guard-alerts.ts'
import { processAlerts } from './process-alerts.ts'
import { replicaAlerts } from './replica-alerts.ts'
import { requestRecords } from './request-records.ts'
import { type Alert, type RuleGroup, rulesOf } from './rule.ts'
import { burnAlert, sloRecords } from './slo.ts'

export interface AlertGroup {
  readonly name: string
  /** Its heading in docs/alerts.md. */
  readonly title: string
  readonly alerts: readonly Alert[]
}

export const ALERT_GROUPS: readonly AlertGroup[] = [
  { name: 'kanali-codes', title: 'Codes', alerts: codeAlerts() },
  { name: 'kanali-errors', title: 'Other errors', alerts: errorAlerts() },
  { name: 'kanali-slo', title: 'Objective', alerts: [burnAlert()] },
  { name: 'kanali-replicas', title: 'Replicas', alerts: replicaAlerts() },
  { name: 'kanali-control-plane', title: 'Control plane and journal', alerts: controlPlaneAlerts() },
  { name: 'kanali-guards', title: 'Guards', alerts: guardAlerts() },
  { name: 'kanali-process', title: 'Certificates and process', alerts: processAlerts() },
]

export const ALERTS: readonly Alert[] = ALERT_GROUPS.flatMap(({ alerts }) => alerts)

/** The groups of the rules file: what is recorded first, so that alerts see the values of the same evaluation. */
export const RULE_GROUPS: readonly RuleGroup[] = [
  requestRecords(),
  sloRecords(),
  ...ALERT_GROUPS.map(({ name, alerts }) => ({ name, rules: alerts.flatMap(rulesOf) })),
]
