// The shape of rules, and how an alert with its levels becomes rules of Prometheus. Every alert gets its runbook and
// its dashboard here, so that none can be without.

import type { Blame } from '../../src/errors/catalogue-entry.ts'
import { runbookOfAlert } from '../links.ts'
import { promDuration } from './duration.ts'

export const SEVERITIES = ['page', 'ticket', 'info'] as const
export type Severity = (typeof SEVERITIES)[number]

export interface RecordingRule {
  readonly record: string
  readonly expr: string
}

export interface AlertingRule {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<'summary' | 'description' | 'runbook_url' | 'dashboard_url', string>>
}

export interface RuleGroup {
  readonly name: string
  readonly rules: readonly (RecordingRule | AlertingRule)[]
}

/** One severity of an alert. */
export interface Level {
  readonly severity: Severity
  /** Who has to act. Absent where the series of `expr` carry it. */
  readonly blame?: Blame
  readonly expr: string
  /** Seconds; absent: at once. */
  readonly forS?: number
  /** Beside severity and blame. No template sees them: `$labels` are those of the series alone. */
  readonly labels?: Readonly<Record<string, string>>
  /** Instead of that of the alert. */
  readonly description?: string
}

export interface Alert {
  readonly name: string
  /** One line of docs/alerts.md. */
  readonly when: string
  /** Does not change from one evaluation to the next. */
  readonly summary: string
  /** With values; a template of Prometheus. Absent where every level has its own. */
  readonly description?: string
  /** Made by `dashboardUrl`. */
  readonly dashboard: string
  /** Default: the page of its name. */
  readonly runbook?: string
  readonly levels: readonly Level[]
}

/** The rules of an alert: one for each level. */
export function rulesOf({ name, summary, description, dashboard, runbook, levels }: Alert): AlertingRule[] {
  return levels.map(({ severity, blame, expr, forS, labels, description: ofLevel }) => ({
    alert: name,
    expr,
    ...(forS !== undefined && { for: promDuration(forS) }),
    labels: { severity, ...(blame !== undefined && { blame }), ...labels },
    annotations: {
      summary,
      description: ofLevel ?? description ?? missing(name),
      runbook_url: runbook ?? runbookOfAlert(name),
      dashboard_url: dashboard,
    },
  }))
}

function missing(name: string): never {
  throw new Error(`${name} has a level without a description`)
}
