// What the plugins of a route make of a request, as far as that follows from snapshot and request alone: plugins that
// cannot run, and the verdict of the apikey guard, by the very function that exchanges call. Code of others does not run,
// tokens are not proven, nothing is counted.

import type { Decision, DecisionRequest } from './decide.ts'
import type { Failure } from './errors/failure.ts'
import { judgeKey, type KeyRequest } from './plugins/apikey/verdict.ts'
import type { Snapshot } from './snapshot/snapshot.ts'

/** How keys are found in a request and known. */
export interface KeyFinding {
  /** `plugins.apiKey.header_key`. */
  readonly apiKeyHeader: string
  readonly digestOf: KeyRequest['digestOf']
}

export interface GuardedRequest extends Pick<DecisionRequest, 'method'> {
  /** Every value of that header; the name is given in lower case. */
  readonly headerValues: (name: string) => readonly string[]
  /** Absent where there is no private key: then nobody can tell what the guard would say. */
  readonly keys?: KeyFinding
}

/** The first plugin that ends the request, and how; undefined where none is known to. */
export function guardFailure(
  snapshot: Snapshot,
  { route, targetPath }: Pick<Decision, 'route' | 'targetPath'>,
  { method, headerValues, keys }: GuardedRequest,
): { readonly plugin: string; readonly failure: Failure } | undefined {
  for (const { name, failure, guard } of route?.plugins ?? []) {
    if (failure !== undefined) return { plugin: name, failure }
    if (guard?.type === 'jwt' && guard.jwt === undefined) return { plugin: name, failure: guard.failure }
    if (guard?.type !== 'apikey' || keys === undefined) continue
    const { apiKeyHeader, digestOf } = keys
    const presented = headerValues(apiKeyHeader)
    const verdict = judgeKey(guard, snapshot.keys, { method, targetPath, presented, digestOf })
    if (verdict.failure !== undefined) return { plugin: name, failure: verdict.failure }
  }
  return undefined
}
