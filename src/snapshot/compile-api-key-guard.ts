// From the configuration of the `apikey` plugin to all that its verdict on a request needs: what the ApiKeyBinding grants
// to whom, or the failure that every key gets. Which key a request carries is not known here.

import { failure, type Failure, failureAt, type FailureSite } from '../errors/failure.ts'
import { escapeText } from '../resources/problems.ts'
import type { Meta } from '../resources/resource.ts'
import { DNS_SUBDOMAIN } from '../resources/text-rules.ts'
import { type CompiledGrant, compileBinding } from './compile-binding.ts'
import { siteOf } from './failure-site.ts'
import type { Lookup } from './lookup.ts'
import { problemText } from './problem-text.ts'

export interface ApiKeyGuard {
  readonly type: 'apikey'
  /** `<namespace>/<name>` of the ApiKeyBinding; empty where none can be named. */
  readonly binding: string
  /** By the name of the ApiKey. */
  readonly grants: ReadonlyMap<string, CompiledGrant>
  /** What every key gets. */
  readonly failure?: Failure
  /** What limits are counted under, before the name of the key: ApiProxy and binding. */
  readonly scope: string
}

/** The original's code and its documentation name it differently. */
const NAMES = ['bindingName', 'apiKeyBindingName'] as const
const NO_GRANTS: ReadonlyMap<string, CompiledGrant> = new Map()

export function compileApiKeyGuard(
  config: Readonly<Record<string, string>>,
  index: number,
  apiproxy: Pick<Meta, 'namespace' | 'name'>,
  lookup: Lookup,
): ApiKeyGuard {
  const { namespace } = apiproxy
  const key = NAMES.find((each) => Object.hasOwn(config, each)) ?? NAMES[0]
  const at = siteOf('ApiProxy', apiproxy, `spec.plugins[${index}].config.${key}`)
  const name = bindingName(config, at)
  const base = { type: 'apikey', scope: `${namespace}/${apiproxy.name}` } as const
  if (typeof name !== 'string') return { ...base, binding: '', grants: NO_GRANTS, failure: name.failure }
  const binding = `${namespace}/${name}`
  const found = keysFailure(lookup) ?? bindingFailure(namespace, name, at, lookup)
  const named = { ...base, binding, scope: `${base.scope}|${name}` }
  if (found !== undefined) return { ...named, grants: NO_GRANTS, failure: found }
  const object = lookup.object('ApiKeyBinding', namespace, name)
  const { grants } =
    object === undefined || 'problems' in object ? { grants: NO_GRANTS } : compileBinding(object)
  return { ...named, grants }
}

function bindingName(
  config: Readonly<Record<string, string>>,
  at: FailureSite,
): string | { readonly failure: Failure } {
  const given = new Set(
    NAMES.flatMap((key) => (Object.hasOwn(config, key) ? [config[key]?.trim() ?? ''] : [])),
  )
  given.delete('')
  const [name, other] = given
  if (name === undefined) {
    return {
      failure: failureAt('binding_unnamed', at, 'the configuration of plugin apikey has no bindingName'),
    }
  }
  if (other !== undefined) {
    const said = `bindingName and apiKeyBindingName differ: "${escapeText(name)}" and "${escapeText(other)}"`
    return { failure: failureAt('binding_unnamed', at, said) }
  }
  if (DNS_SUBDOMAIN.holds(name)) return name
  return {
    failure: failureAt('binding_unnamed', at, `bindingName "${escapeText(name)}" ${DNS_SUBDOMAIN.says}`),
  }
}

/** Why no key can be told from another. */
function keysFailure(lookup: Lookup): Failure | undefined {
  const { status, detail } = lookup.decryptionKey()
  if (status === 'unset') {
    return failure(
      'keys_not_loaded',
      'there is no private key: plugins.apiKey.decryption_key_file is not set',
    )
  }
  if (status === 'unusable') {
    return failure('keys_not_loaded', `plugins.apiKey.decryption_key_file cannot be used: ${detail}`)
  }
  return listFailure('ApiKey', '', lookup)
}

function bindingFailure(
  namespace: string,
  name: string,
  at: FailureSite,
  lookup: Lookup,
): Failure | undefined {
  const unlisted = listFailure('ApiKeyBinding', namespace, lookup)
  if (unlisted !== undefined) return unlisted
  const object = lookup.object('ApiKeyBinding', namespace, name)
  if (object === undefined) {
    return failureAt('binding_missing', at, `ApiKeyBinding ${namespace}/${name} does not exist`)
  }
  if (!('problems' in object)) return undefined
  const [{ field }] = object.problems
  return failureAt(
    'binding_invalid',
    siteOf('ApiKeyBinding', object.meta, field),
    `ApiKeyBinding ${namespace}/${name} cannot be read: ${problemText(object.problems)}`,
  )
}

function listFailure(
  kind: 'ApiKey' | 'ApiKeyBinding',
  namespace: string,
  lookup: Lookup,
): Failure | undefined {
  const { status, detail } = lookup.status(kind, namespace)
  if (status === 'refused') {
    return failure('keys_not_loaded', `the source may not list ${kind}s (${detail})`)
  }
  return status === 'synced' ? undefined : failure('keys_not_loaded', `${kind}s have not been listed yet`)
}
