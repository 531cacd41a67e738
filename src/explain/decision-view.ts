// The decision on a request as `why` compares and tells it: equal signatures are equal decisions, whatever else changed.

import { type Decision, decide, type DecisionRequest } from '../decide.ts'
import { guardFailure } from '../decide-guards.ts'
import type { ApiKeyGuard } from '../snapshot/compile-api-key-guard.ts'
import type { CompiledGrant } from '../snapshot/compile-binding.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'

/** The decision under one revision. */
export interface DecisionView {
  readonly outcome: 'ok' | 'error'
  readonly code: string | null
  readonly reason: string | null
  readonly revision: number
  /** In words: which route, and where to or why not. */
  readonly said: string
}

export interface Decided {
  readonly view: DecisionView
  /** Equal for equal decisions. */
  readonly signature: string
}

/** What is decided on the request under a snapshot of that revision. */
export function decidedUnder(snapshot: Snapshot, request: DecisionRequest, revision: number): Decided {
  const decision = decide(snapshot, request)
  return { view: viewOf(snapshot, request, decision, revision), signature: signatureOf(decision) }
}

function viewOf(
  snapshot: Snapshot,
  request: DecisionRequest,
  decision: Decision,
  revision: number,
): DecisionView {
  const { route, outcome, targetPath } = decision
  const ended = guardFailure(snapshot, decision, { method: request.method, headerValues: () => [] })
  const failure =
    route?.invalid ?? ended?.failure ?? (outcome.type === 'failed' ? outcome.failure : undefined)
  const who = route === undefined ? '' : `ApiProxy ${route.namespace}/${route.apiproxy}: `
  if (failure !== undefined) {
    const { codeText, reason } = failure.fact
    return {
      outcome: 'error',
      code: codeText,
      reason,
      revision,
      said: `${who}code ${codeText}, ${reason}: ${failure.detail}`,
    }
  }
  const ok = { outcome: 'ok', code: null, reason: null, revision } as const
  if (outcome.type === 'answer') return { ...ok, said: `${who}a MockTarget answers ${outcome.route.status}` }
  if (outcome.type === 'failed') return { ...ok, said: who }
  const [{ host, port }, ...others] = outcome.endpoints
  const more = others.length === 0 ? '' : ` or one of ${others.length} others`
  return { ...ok, said: `${who}${outcome.scheme}://${host}:${port}${targetPath}${more}` }
}

/** All that is settled before an upstream is touched (design: the decision). */
function signatureOf({ route, outcome, targetPath }: Decision): string {
  const plugins = route?.plugins.map(({ name, version, config, failure, guard }) => [
    name,
    version,
    config,
    (failure ?? guard?.failure)?.detail,
    guard?.type === 'apikey' ? grantsText(guard.grants) : undefined,
  ])
  const end =
    outcome.type === 'failed'
      ? [outcome.failure.fact.reason, outcome.failure.detail]
      : outcome.type === 'answer'
        ? [outcome.route]
        : [
            outcome.scheme,
            outcome.endpoints.map(({ host, port }) => `${host}:${port}`).sort(),
            outcome.tls?.id,
          ]
  return JSON.stringify([
    route?.namespace,
    route?.apiproxy,
    route?.path,
    route?.invalid?.detail,
    targetPath,
    plugins,
    end,
  ])
}

function grantsText(grants: ApiKeyGuard['grants']): string {
  return JSON.stringify(
    Array.from(grants, ([name, { defaultRule, subpaths, rate, quota }]) => [
      name,
      ruleParts(defaultRule),
      subpaths.map(({ rule, pattern }) => [ruleParts(rule), pattern === undefined]),
      rate,
      quota,
    ]),
  )
}

function ruleParts({ place, global, verbs }: CompiledGrant['defaultRule']): readonly unknown[] {
  return [place, global, ...verbs]
}
