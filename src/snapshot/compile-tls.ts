// From the Secret that `ssl` names to the identity with which an upstream is spoken to, or to the failure that every
// request gets. It sees facts only: certificates and keys were looked at by the source, their bytes are in the vault.

import { failure, type Failure } from '../errors/failure.ts'
import type { PartFact, Secret, TlsFacts } from '../resources/resource.ts'
import type { Lookup } from './lookup.ts'
import type { UpstreamTls } from './snapshot.ts'

/** What finds the bytes of a Secret that can be used; `failure` where it cannot. */
export type SecretIdentity =
  | { readonly handle: string; readonly failure?: never }
  | { readonly failure: Failure }

/** The identity of an upstream that is spoken to by a Secret. */
export function tlsBySecret(handle: string, serverName: string): UpstreamTls {
  return { id: `${handle}/${serverName}`, secretHandle: handle, serverName }
}

/** The identity of an https upstream without a Secret: the system's trust roots, no client certificate. */
export function tlsBySystem(serverName: string): UpstreamTls {
  return { id: `system/${serverName}`, serverName }
}

/** Codes 06, 07 and 08 that a Secret can cause, in the order in which they are found. */
export function compileSecret(namespace: string, name: string, lookup: Lookup): SecretIdentity {
  const { status, detail } = lookup.status('Secret', namespace)
  const object = `Secret ${namespace}/${name}`
  if (status === 'refused') {
    return { failure: failure('secret_unreadable', `${object}: the source may not list Secrets (${detail})`) }
  }
  if (status !== 'synced') {
    return { failure: failure('secret_unreadable', `${object}: Secrets have not been listed yet`) }
  }
  const secret = lookup.object('Secret', namespace, name)
  if (secret === undefined) return { failure: failure('secret_missing', `${object} does not exist`) }
  if ('problems' in secret) {
    const [{ field, rule }] = secret.problems
    return { failure: failure('secret_data_missing', `${object} cannot be read: ${field} ${rule}`) }
  }
  const identity = identityOf(secret, object)
  if (identity.failure !== undefined || !lookup.isUnread(namespace, name)) return identity
  const why = 'what it holds is known from the journal, and its bytes have not been read since the start'
  return { failure: failure('secret_not_restored', `${object}: ${why}`) }
}

function identityOf(secret: Secret, object: string): SecretIdentity {
  const { enabled, tls } = secret
  if (!enabled) {
    return { failure: failure('secret_not_released', `${object} is not annotated kanali.io/enabled: 'true'`) }
  }
  const { certificate, key, ca, handle } = tls
  const parts = [certificate, key, ca]
  if (handle === undefined || parts.every(({ state }) => state === 'absent')) {
    const keys = parts.map(({ dataKey }) => dataKey).join(', ')
    return { failure: failure('secret_data_missing', `${object} has none of the data keys ${keys}`) }
  }
  const found = pairFailure(tls, object)
  if (found !== undefined) return { failure: found }
  if (ca.state === 'unparsable') return { failure: failure('ca_unparsable', unparsable(object, ca)) }
  return { handle }
}

function pairFailure({ certificate, key, pairFits }: TlsFacts, object: string): Failure | undefined {
  if (certificate.state === 'absent' && key.state === 'absent') return undefined
  if (certificate.state === 'unparsable')
    return failure('certificate_unparsable', unparsable(object, certificate))
  if (key.state === 'unparsable') return failure('key_unparsable', unparsable(object, key))
  if (certificate.state === 'absent') {
    return failure(
      'certificate_unparsable',
      `${object} has a key in ${key.dataKey} but no ${certificate.dataKey}`,
    )
  }
  if (key.state === 'absent') {
    return failure(
      'key_unparsable',
      `${object} has a certificate in ${certificate.dataKey} but no ${key.dataKey}`,
    )
  }
  if (pairFits) return undefined
  const keys = `${certificate.dataKey} and ${key.dataKey}`
  return failure('key_pair_mismatch', `${object}: ${keys} do not belong together`)
}

function unparsable(object: string, part: Extract<PartFact, { state: 'unparsable' }>): string {
  return `${object}: ${part.dataKey} does not parse: ${part.why}`
}
