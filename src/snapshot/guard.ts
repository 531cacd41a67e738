// The guards that are built in, compiled: a plugin of a route that is one of them has it in the place of a file.

import type { Meta } from '../resources/resource.ts'
import { type ApiKeyGuard, compileApiKeyGuard } from './compile-api-key-guard.ts'
import type { Lookup } from './lookup.ts'

export type Guard = ApiKeyGuard

/**
 * @param name of a built-in plugin
 * @param index its place among the plugins of the ApiProxy
 */
export function compileGuard(
  _name: string,
  config: Readonly<Record<string, string>>,
  index: number,
  apiproxy: Meta,
  lookup: Lookup,
): Guard {
  return compileApiKeyGuard(config, index, apiproxy, lookup)
}
