// A report on a request that is only decided on: the very `decide` that an exchange calls, on a snapshot that is given,
// and nothing else. No traffic is sent and no plugin runs. Where the snapshot comes from (the running gateway, a folder,
// a journal at some revision) is the caller's matter.

import { decide, type Decision, type DecisionRequest } from '../decide.ts'
import { type GuardedRequest, guardFailure } from '../decide-guards.ts'
import type { Failure } from '../errors/failure.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { objectsOf } from './exchange-facts.ts'
import { type ExchangeFacts, type ExchangeReport, type ReportedRequest, reportOf } from './exchange-report.ts'
import { pluginDecisions } from './plugin-decisions.ts'
import { routeFacts } from './route-facts.ts'

export interface AskedRequest extends DecisionRequest, GuardedRequest {
  readonly scheme: string
  /** 0: none named. */
  readonly port: number
  /** Masked. */
  readonly query: string
}

/** What this snapshot decides on this request. */
export function decisionReport(snapshot: Snapshot, request: AskedRequest): ExchangeReport {
  const decision = decide(snapshot, request)
  const { route } = decision
  const facts = routeFacts({ snapshot, route, path: request.path, host: request.host }, 'all')
  const ended = guardFailure(snapshot, decision, request)
  const failure = route?.invalid ?? ended?.failure ?? outcomeFailure(decision)
  return reportOf({
    ...NOTHING_SENT,
    request: requestOf(request),
    outcome: failure === undefined ? 'ok' : 'error',
    status: failure?.fact.status ?? answerStatus(decision),
    code: failure?.fact.codeText ?? null,
    reason: failure?.fact.reason ?? null,
    blame: failure?.fact.blame ?? null,
    detail: failure?.detail ?? '',
    at: failure?.at ?? null,
    apiproxy: route === undefined ? null : { namespace: route.namespace, name: route.apiproxy },
    route: route === undefined ? null : { path: route.path, virtual_host: route.virtualHost ?? null },
    target: route?.target.type ?? null,
    forward: failure === undefined ? forwardOf(decision) : null,
    revision: snapshot.revision,
    hash: snapshot.hash,
    stale: snapshot.staleSince !== undefined,
    plugins: pluginDecisions(facts.route?.plugins ?? [], {
      ended: ended?.plugin,
      method: ended === undefined ? undefined : 'onRequest',
      failed: ended !== undefined,
      ran: ended !== undefined,
    }),
    ...objectsOf(facts),
    candidates: facts.candidates,
  })
}

/** A report on a request that HTTP refuses, whatever is configured. */
export function rejectionReport(
  snapshot: Snapshot,
  request: ReportedRequest,
  rejection: { readonly reason: string; readonly status: number },
): ExchangeReport {
  const { revision, hash } = snapshot
  return reportOf({ ...NOTHING_SENT, request, outcome: 'rejected', ...rejection, revision, hash })
}

function outcomeFailure({ outcome }: Decision): Failure | undefined {
  return outcome.type === 'failed' ? outcome.failure : undefined
}

/** The first endpoint with the path that it gets, and how many others might get it. */
function forwardOf({ outcome, targetPath }: Decision): string | null {
  if (outcome.type !== 'upstream') return null
  const [{ host, port }, ...others] = outcome.endpoints
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const more = others.length === 0 ? '' : ` or one of ${others.length} others`
  return `${outcome.scheme}://${authority}${targetPath}${more}`
}

function answerStatus({ outcome }: Decision): number | null {
  return outcome.type === 'answer' ? outcome.route.status : null
}

function requestOf({ method, scheme, host, port, path, query }: AskedRequest): ReportedRequest {
  return { method, scheme, host, port, path, query, http_version: '1.1', client: '' }
}

const NOTHING_SENT: Omit<ExchangeFacts, 'request' | 'outcome'> = {
  trace_id: null,
  span_id: null,
  parent_span_id: null,
  time: null,
  status: null,
  code: null,
  reason: null,
  blame: null,
  detail: '',
  truncated: false,
  apiproxy: null,
  route: null,
  target: null,
  forward: null,
  revision: null,
  hash: null,
  stale: false,
  timing: { total_ms: null, gateway_ms: null, upstream_ms: null, plugins_ms: null, responded_ms: null },
  bytes_in: null,
  bytes_out: null,
  spans: [],
  attempts: [],
  plugins: [],
  objects: [],
  missing: [],
  candidates: [],
  candidates_cut: false,
  at: null,
}
