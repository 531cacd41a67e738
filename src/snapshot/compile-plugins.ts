// From the plugins that an ApiProxy names to those that were found, in the order in which they run. One that cannot run
// keeps its place with its failure (03, 04, 05): requests meet it there, after the plugins before it.

import { failure, type Failure, failureAt, type FailureSite } from '../errors/failure.ts'
import type { PluginFact } from '../events/event.ts'
import { NO_ITEMS } from '../resources/none.ts'
import type { ApiProxy, Meta, PluginRef } from '../resources/resource.ts'
import { siteOf } from './failure-site.ts'
import type { Lookup } from './lookup.ts'
import { compileGuard } from './guard.ts'
import { pluginName } from './plugin-index.ts'
import type { CompiledPlugin } from './snapshot.ts'

/** The file of a plugin that is part of the gateway. */
export const BUILT_IN = 'built-in'

/** What requests meet there because of how things are, whatever they carry. */
export function pluginFailure({ failure: found, guard }: CompiledPlugin): Failure | undefined {
  return found ?? guard?.failure
}

export function compilePlugins(
  { meta, plugins }: Pick<ApiProxy, 'meta' | 'plugins'>,
  lookup: Lookup,
): readonly CompiledPlugin[] {
  if (plugins.length === 0) return NO_ITEMS
  return plugins.map((ref, index) => compilePlugin(ref, index, meta, lookup))
}

function compilePlugin(ref: PluginRef, index: number, owner: Meta, lookup: Lookup): CompiledPlugin {
  const known = lookup.plugins(ref.name)
  if (known.some(({ file }) => file === BUILT_IN)) {
    // There is one of each, whatever version somebody writes.
    const name = pluginName(ref.name)
    return {
      name,
      file: BUILT_IN,
      config: ref.config,
      guard: compileGuard(name, ref.config, index, owner, lookup),
    }
  }
  const fact = known.find(({ version }) => version === ref.version)
  const found = fact === undefined ? missing(ref, index, owner, known) : loadFailure(ref, fact)
  return {
    name: pluginName(ref.name),
    ...(ref.version !== undefined && { version: ref.version }),
    file: fact?.file ?? '',
    config: ref.config,
    ...(fact?.publicConfig !== undefined && { publicConfig: fact.publicConfig }),
    ...(found !== undefined && { failure: found }),
  }
}

function missing(ref: PluginRef, index: number, owner: Meta, known: readonly PluginFact[]): Failure {
  const at = (field: string): FailureSite => siteOf('ApiProxy', owner, `spec.plugins[${index}].${field}`)
  if (known.length === 0) {
    const detail = `plugins.location has no file for plugin ${titleOf(ref)}`
    return failureAt('plugin_file_missing', at('name'), detail)
  }
  const others = known.map(({ version }) => version ?? 'no version').join(', ')
  return failureAt(
    'plugin_version_missing',
    at('version'),
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
