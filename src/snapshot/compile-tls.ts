// From the Secret that `ssl` names to the identity with which an upstream is spoken to, or to the failure that every
// request gets. It sees facts only: certificates and keys were looked at by the source, their bytes are in the vault.

import { failure, type Failure, failureAt, type FailureSite } from '../errors/failure.ts'
import type { Meta, PartFact, Secret, TlsFacts } from '../resources/resource.ts'
import { dataField, siteOf } from './failure-site.ts'
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
export function compileSecret(owner: Meta, name: string, lookup: Lookup): SecretIdentity {
  const { namespace } = owner
  const { status, detail } = lookup.status('Secret', namespace)
  const object = `Secret ${namespace}/${name}`
  if (status === 'refused') {
    return { failure: failure('secret_unreadable', `${object}: the source may not list Secrets (${detail})`) }
  }
  if (status !== 'synced') {
    return { failure: failure('secret_unreadable', `${object}: Secrets have not been listed yet`) }
  }
  const secret = lookup.object('Secret', namespace, name)
  if (secret === undefined) {
    const at = siteOf('ApiProxy', owner, 'spec.target.ssl.secretName')
    return { failure: failureAt('secret_missing', at, `${object} does not exist`) }
  }
  if ('problems' in secret) {
    const [{ field, rule }] = secret.problems
    const at = siteOf('Secret', secret.meta, field)
    return { failure: failureAt('secret_data_missing', at, `${object} cannot be read: ${field} ${rule}`) }
  }
  const identity = identityOf(secret, object)
  if (identity.failure !== undefined || !lookup.isUnread(namespace, name)) return identity
  const why = 'what it holds is known from the journal, and its bytes have not been read since the start'
  return { failure: failure('secret_not_restored', `${object}: ${why}`) }
}

function identityOf(secret: Secret, object: string): SecretIdentity {
  const { meta, enabled, tls } = secret
  if (!enabled) {
    const at = siteOf('Secret', meta, 'metadata.annotations["kanali.io/enabled"]')
    const detail = `${object} is not annotated kanali.io/enabled: 'true'`
    return { failure: failureAt('secret_not_released', at, detail) }
  }
  const { certificate, key, ca, handle } = tls
  const parts = [certificate, key, ca]
  if (handle === undefined || parts.every(({ state }) => state === 'absent')) {
    const keys = parts.map(({ dataKey }) => dataKey).join(', ')
    const detail = `${object} has none of the data keys ${keys}`
    return { failure: failureAt('secret_data_missing', siteOf('Secret', meta, 'data'), detail) }
  }
  const found = pairFailure(tls, meta, object)
  if (found !== undefined) return { failure: found }
  if (ca.state === 'unparsable') {
    return { failure: unparsable('ca_unparsable', meta, ca, object) }
  }
  return { handle }
}

function pairFailure(
  { certificate, key, pairFits }: TlsFacts,
  meta: Meta,
  object: string,
): Failure | undefined {
  if (certificate.state === 'absent' && key.state === 'absent') return undefined
  if (certificate.state === 'unparsable') {
    return unparsable('certificate_unparsable', meta, certificate, object)
  }
  if (key.state === 'unparsable') return unparsable('key_unparsable', meta, key, object)
  if (certificate.state === 'absent') {
    const detail = `${object} has a key in ${key.dataKey} but no ${certificate.dataKey}`
    return failureAt('certificate_unparsable', partOf(meta, certificate), detail)
  }
  if (key.state === 'absent') {
    const detail = `${object} has a certificate in ${certificate.dataKey} but no ${key.dataKey}`
    return failureAt('key_unparsable', partOf(meta, key), detail)
  }
  if (pairFits) return undefined
  const keys = `${certificate.dataKey} and ${key.dataKey}`
  return failureAt('key_pair_mismatch', partOf(meta, key), `${object}: ${keys} do not belong together`)
}

function unparsable(
  reason: 'certificate_unparsable' | 'key_unparsable' | 'ca_unparsable',
  meta: Meta,
  part: Extract<PartFact, { state: 'unparsable' }>,
  object: string,
): Failure {
  return failureAt(reason, partOf(meta, part), `${object}: ${part.dataKey} does not parse: ${part.why}`)
}

function partOf(meta: Meta, { dataKey }: PartFact): FailureSite {
  return siteOf('Secret', meta, dataField(dataKey))
}
