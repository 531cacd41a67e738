// What pages may show of a plugin's configuration: nothing but the values that the plugin itself declares public.

import type { CompiledPlugin } from '../snapshot/snapshot.ts'

/** What stands in place of a value that is not public. */
export const REDACTED = '<redacted>'

/** The configuration with every value redacted that is not declared public. */
export function shownConfig({
  config,
  publicConfig = [],
}: Pick<CompiledPlugin, 'config' | 'publicConfig'>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [name, publicConfig.includes(name) ? value : REDACTED]),
  )
}
