// The answer of `kanali explain` as JSON: exactly these fields, whatever else is known.

import type { Cause, ExchangeReport, ReportedObject, Step } from './exchange-report.ts'
import type { Verdict } from '../snapshot/candidates.ts'

export interface Explanation {
  /** Null for a request that was only decided on. */
  readonly trace_id: string | null
  readonly request: { readonly method: string; readonly host: string; readonly path: string }
  readonly outcome: string
  readonly status: number | null
  readonly code: string | null
  readonly reason: string | null
  readonly blame: string | null
  readonly apiproxy: { readonly namespace: string; readonly name: string } | null
  readonly revision: number | null
  readonly hash: string | null
  readonly objects: readonly ReportedObject[]
  readonly candidates: readonly { readonly apiproxy: string; readonly verdict: Verdict }[]
  readonly steps: readonly Step[]
  /** Null where the fault lies in no resource. */
  readonly cause: Cause | null
  readonly checks: readonly string[]
}

export function explanationOf(report: ExchangeReport): Explanation {
  const { method, host, path } = report.request
  return {
    trace_id: report.trace_id,
    request: { method, host, path },
    outcome: report.outcome,
    status: report.status,
    code: report.code,
    reason: report.reason,
    blame: report.blame,
    apiproxy: report.apiproxy,
    revision: report.revision,
    hash: report.hash,
    objects: report.objects,
    candidates: report.candidates.map(({ apiproxy, verdict }) => ({ apiproxy, verdict })),
    steps: report.steps,
    cause: report.cause,
    checks: report.checks,
  }
}
