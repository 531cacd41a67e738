// Where the requests of one ApiProxy go: to addresses, to an answer of a MockTarget, or to a failure known beforehand.

import type { ApiProxy } from '../resources/resource.ts'
import { compileLabels } from './compile-labels.ts'
import { compileMockTarget } from './compile-mock-target.ts'
import { compileServiceByName } from './compile-service.ts'
import { compileSecret, type SecretIdentity, tlsBySecret, tlsBySystem } from './compile-tls.ts'
import type { Lookup } from './lookup.ts'
import type { FailedTarget, RouteTarget, Upstream } from './snapshot.ts'

export interface CompiledTarget {
  readonly target: RouteTarget
  /** What the owner of the ApiProxy should know although nothing fails because of it. */
  readonly notes: readonly string[]
}

export function compileTarget({ meta, target }: ApiProxy, lookup: Lookup): CompiledTarget {
  const { backend, sslSecretName } = target
  const { namespace } = meta
  if (backend.type === 'mock') {
    return { target: compileMockTarget(meta, backend.mockTargetName, lookup), notes: [] }
  }
  const identity = sslSecretName === undefined ? undefined : compileSecret(meta, sslSecretName, lookup)
  if (backend.type === 'service') {
    const { name, port } = backend
    return { target: compileServiceByName(meta, name, port, identity, lookup), notes: [] }
  }
  if (backend.type === 'labels') {
    const compiled = compileLabels(meta, backend.labels, backend.port, identity, lookup)
    return { target: compiled, notes: failingCandidates(compiled) }
  }
  const unused = backend.scheme === 'http' && sslSecretName !== undefined
  const note = `the endpoint's scheme is http: Secret ${namespace}/${sslSecretName} is read but not used`
  return { target: compileEndpoint(backend, identity), notes: unused ? [note] : [] }
}

/**
 * The scheme of the endpoint rules, as in the original: an http endpoint stays plain beside `ssl`. A Secret that
 * cannot be used fails there too: whoever names one does not expect to be served without it.
 */
function compileEndpoint(
  { scheme, host, port }: Extract<ApiProxy['target']['backend'], { type: 'endpoint' }>,
  identity: SecretIdentity | undefined,
): Upstream | FailedTarget {
  if (identity?.failure !== undefined) return { type: 'failed', failure: identity.failure }
  const endpoints = [{ host, port }] as const
  if (scheme === 'http') return { type: 'upstream', scheme, endpoints }
  const tls = identity === undefined ? tlsBySystem(host) : tlsBySecret(identity.handle, host)
  return { type: 'upstream', scheme, endpoints, tls }
}

function failingCandidates(compiled: RouteTarget): string[] {
  if (compiled.type !== 'dynamic') return []
  const failing = compiled.candidates.flatMap(({ target }) =>
    target.type === 'failed' ? [target.failure] : [],
  )
  const [first] = failing
  if (first === undefined) return []
  const share = `${failing.length} of the ${compiled.candidates.length} Services found cannot serve`
  return [`${share} (code ${first.fact.codeText}: ${first.detail})`]
}
