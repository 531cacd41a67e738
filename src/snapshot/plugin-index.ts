// Plugin facts by the name under which ApiProxies ask for them.

import type { PluginFact } from '../events/event.ts'

/** Facts by `pluginName`, each in the order of the event. */
export type PluginIndex = ReadonlyMap<string, readonly PluginFact[]>

const BUILT_IN_NAMES: ReadonlySet<string> = new Set(['apikey', 'jwt'])

/** The name that is looked up: of the built-in plugins in lower case, any other as written. */
export function pluginName(written: string): string {
  const lower = written.toLowerCase()
  return BUILT_IN_NAMES.has(lower) ? lower : written
}

export function indexPlugins(facts: readonly PluginFact[]): PluginIndex {
  const index = new Map<string, PluginFact[]>()
  for (const fact of facts) {
    const name = pluginName(fact.name)
    const known = index.get(name)
    if (known === undefined) index.set(name, [fact])
    else known.push(fact)
  }
  return index
}
