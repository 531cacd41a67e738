// From the plugins that an ApiProxy names to those that were found, in the order in which they run. One that cannot run
// keeps its place with its failure (03, 04, 05): requests meet it there, after the plugins before it.

import { failure, type Failure } from '../errors/failure.ts'
import type { PluginFact } from '../events/event.ts'
import type { ApiProxy, Meta, PluginRef } from '../resources/resource.ts'
import type { Lookup } from './lookup.ts'
import { compileGuard } from './guard.ts'
import { pluginName } from './plugin-index.ts'
import type { CompiledPlugin } from './snapshot.ts'

/** The file of a plugin that is part of the gateway. */
export const BUILT_IN = 'built-in'

export function compilePlugins({ plugins, meta }: ApiProxy, lookup: Lookup): readonly CompiledPlugin[] {
  return plugins.map((ref) => compilePlugin(ref, meta, lookup))
}

/** What requests meet there because of how things are, whatever they carry. */
export function pluginFailure({ failure: found, guard }: CompiledPlugin): Failure | undefined {
  return found ?? guard?.failure
}

function compilePlugin(ref: PluginRef, meta: Meta, lookup: Lookup): CompiledPlugin {
  const known = lookup.plugins(ref.name)
  if (known.some(({ file }) => file === BUILT_IN)) {
    // There is one of each, whatever version somebody writes.
    const name = pluginName(ref.name)
    return { name, file: BUILT_IN, config: ref.config, guard: compileGuard(name, ref.config, meta, lookup) }
  }
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
