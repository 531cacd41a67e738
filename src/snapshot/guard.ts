// The guards that are built in, compiled: a plugin of a route that is one of them has it in the place of a file.

import { type Failure, failureAt } from '../errors/failure.ts'
import type { Meta } from '../resources/resource.ts'
import { type ApiKeyGuard, compileApiKeyGuard } from './compile-api-key-guard.ts'
import { compileJwt, type JwtGuard } from './compile-jwt.ts'
import { siteOf } from './failure-site.ts'
import type { Lookup } from './lookup.ts'

/** Without `jwt` the configuration breaks a rule, and every request gets the failure. */
export type TokenGuard =
  | {
      readonly type: 'jwt'
      readonly jwt: JwtGuard
      /** What is wrong with its key set, as far as was known when this was compiled. */
      readonly failure?: Failure
    }
  | { readonly type: 'jwt'; readonly jwt?: never; readonly failure: Failure }

export type Guard = ApiKeyGuard | TokenGuard

/**
 * @param name of a built-in plugin
 * @param index its place among the plugins of the ApiProxy
 */
export function compileGuard(
  name: string,
  config: Readonly<Record<string, string>>,
  index: number,
  apiproxy: Meta,
  lookup: Lookup,
): Guard {
  return name === 'jwt'
    ? compileTokenGuard(config, index, apiproxy, lookup)
    : compileApiKeyGuard(config, index, apiproxy, lookup)
}

function compileTokenGuard(
  config: Readonly<Record<string, string>>,
  index: number,
  apiproxy: Meta,
  lookup: Lookup,
): TokenGuard {
  const at = (field: string) => siteOf('ApiProxy', apiproxy, `spec.plugins[${index}].config${field}`)
  const { guard, failure: broken } = compileJwt(config)
  if (guard === undefined) return { type: 'jwt', failure: { ...broken, at: at('') } }
  if (guard.keys.type === 'inline') return { type: 'jwt', jwt: guard }
  const fact = lookup.keySet(guard.keys.url)
  if (fact?.status !== 'failed') return { type: 'jwt', jwt: guard }
  const detail = `the key set ${guard.keys.url}: ${fact.detail}`
  return { type: 'jwt', jwt: guard, failure: failureAt('key_set_unavailable', at('.jwksURI'), detail) }
}
