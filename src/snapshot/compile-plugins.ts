// From the plugins that an ApiProxy names to those that were found, in the order in which they run. One that cannot run
// keeps its place with its failure (03, 04, 05): requests meet it there, after the plugins before it.

import { failure, type Failure } from '../errors/failure.ts'
import type { PluginFact } from '../events/event.ts'
import type { PluginRef } from '../resources/resource.ts'
import type { Lookup } from './lookup.ts'
import { pluginName } from './plugin-index.ts'
import type { CompiledPlugin } from './snapshot.ts'

export function compilePlugins(refs: readonly PluginRef[], lookup: Lookup): readonly CompiledPlugin[] {
  return refs.map((ref) => compilePlugin(ref, lookup))
}

function compilePlugin(ref: PluginRef, lookup: Lookup): CompiledPlugin {
  const known = lookup.plugins(ref.name)
  const fact = known.find(({ version }) => version === ref.version)
  const found = fact === undefined ? missing(ref, known) : loadFailure(ref, fact)
  return {
    name: pluginName(ref.name),
    ...(ref.version !== undefined && { version: ref.version }),
    file: fact?.file ?? '',
    config: ref.config,
    ...(found !== undefined && { failure: found }),
  }
}

function missing(ref: PluginRef, known: readonly PluginFact[]): Failure {
  if (known.length === 0) {
    return failure('plugin_file_missing', `plugins.location has no file for plugin ${titleOf(ref)}`)
  }
  const others = known.map(({ version }) => version ?? 'no version').join(', ')
  return failure(
    'plugin_version_missing',
    `plugin ${titleOf(ref)} is not there; of that name there is ${others}`,
  )
}

function loadFailure(ref: PluginRef, { failure: found, file }: PluginFact): Failure | undefined {
  if (found === undefined) return undefined
  return failure(found.reason, `plugin ${titleOf(ref)} (${file}): ${found.detail}`)
}

function titleOf({ name, version }: PluginRef): string {
  return version === undefined ? name : `${name} in version ${version}`
}
