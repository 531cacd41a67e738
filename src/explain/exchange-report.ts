// What is known of one exchange, as plain JSON: from the flight recorder, from a trace, or of a request that was only
// decided on. Whatever explains an exchange reads this and nothing else, so that all ways of asking give one answer.

import type { FailureSite } from '../errors/failure.ts'
import type { RouteRole } from '../snapshot/snapshot.ts'
import { causeOf } from './cause.ts'
import { checksOf } from './checks.ts'
import type { CandidateFacts } from './route-facts.ts'
import { stepsOf } from './steps.ts'

export interface ReportedRequest {
  readonly method: string
  readonly scheme: string
  readonly host: string
  /** 0: the Host field names none. */
  readonly port: number
  readonly path: string
  /** Values masked; empty where there is none. */
  readonly query: string
  readonly http_version: string
  readonly client: string
  /** Of failed exchanges: secrets masked, long ones cut. */
  readonly headers?: readonly (readonly [name: string, value: string])[]
  readonly headers_cut?: boolean
}

/** Times are milliseconds from the start of the exchange; null is "has not happened" or "is not known". */
export interface ReportedAttempt {
  /** `scheme://host:port`. */
  readonly endpoint: string
  readonly path: string
  readonly span_id: string | null
  readonly start_ms: number
  /** Head of the answer. */
  readonly head_ms: number | null
  readonly end_ms: number
  readonly status: number | null
  readonly reason: string | null
}

/** What became of a plugin of the route. */
export interface PluginDecision {
  readonly name: string
  readonly version: string | null
  readonly config: Readonly<Record<string, string>>
  readonly decision: 'passed' | 'answered' | 'failed' | 'not run' | 'unknown'
  readonly method: 'onRequest' | 'onResponse' | null
}

export interface ReportedObject {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  /** Of its last change of content; null where its source gives none. */
  readonly resourceVersion: string | null
  readonly role: RouteRole
}

export interface ReportedSpan {
  readonly span_id: string
  readonly name: string
  readonly kind: 'server' | 'client'
  readonly start_ms: number
  readonly duration_ms: number
  readonly children: readonly ReportedSpan[]
}

/** What is known, before anything is concluded from it. */
export interface ExchangeFacts {
  /** Null for a request that was only decided on. */
  readonly trace_id: string | null
  readonly span_id: string | null
  readonly parent_span_id: string | null
  /** When it began, RFC 3339. */
  readonly time: string | null
  readonly request: ReportedRequest
  readonly outcome: string
  /** Null where no answer was sent, or the upstream's is not known. */
  readonly status: number | null
  readonly code: string | null
  readonly reason: string | null
  readonly blame: string | null
  /** Empty where there is nothing to say beyond the reason. */
  readonly detail: string
  readonly truncated: boolean
  readonly apiproxy: { readonly namespace: string; readonly name: string } | null
  readonly route: { readonly path: string; readonly virtual_host: string | null } | null
  /** What the route leads to: `upstream`, `dynamic`, `mock`, `failed`; null where it is not known. */
  readonly target: string | null
  readonly revision: number | null
  readonly hash: string | null
  readonly stale: boolean
  readonly timing: {
    readonly total_ms: number | null
    readonly gateway_ms: number | null
    readonly upstream_ms: number | null
    readonly plugins_ms: number | null
    /** Head of our answer. */
    readonly responded_ms: number | null
  }
  readonly bytes_in: number | null
  readonly bytes_out: number | null
  readonly spans: readonly ReportedSpan[]
  readonly attempts: readonly ReportedAttempt[]
  readonly plugins: readonly PluginDecision[]
  readonly objects: readonly ReportedObject[]
  /** Objects that the ApiProxy names and that are not there. */
  readonly missing: readonly { readonly kind: string; readonly namespace: string; readonly name: string }[]
  readonly candidates: readonly CandidateFacts[]
  /** True where the snapshot that decided is kept no longer, and something was not written down. */
  readonly candidates_cut: boolean
  /** Where the failure lies, as the gateway knew it when it happened. */
  readonly at: FailureSite | null
}

export interface Step {
  readonly name: string
  /** Milliseconds from the start of the exchange. */
  readonly start_ms: number | null
  readonly duration_ms: number | null
  readonly note: string
}

/** The object and the field at fault. */
export interface Cause extends FailureSite {
  readonly message: string
}

export interface ExchangeReport extends Omit<ExchangeFacts, 'at'> {
  readonly steps: readonly Step[]
  readonly cause: Cause | null
  /** Commands, names filled in and quoted for a shell. */
  readonly checks: readonly string[]
}

/** Concludes from the facts what happened step by step, what is at fault, and what to look at next. */
export function reportOf(facts: ExchangeFacts): ExchangeReport {
  const { at: _, ...known } = facts
  return { ...known, steps: stepsOf(facts), cause: causeOf(facts), checks: checksOf(facts) }
}
