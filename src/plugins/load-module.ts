// One plugin file: resolved inside the folder, imported once, and its export looked at.
// It never throws and never hangs: whatever the file does, what comes back is a plugin or a reason.

import { realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { PluginFact } from '../events/event.ts'
import type { Plugin } from './plugin.ts'
import { publicConfigOf } from './public-config.ts'
import { readThrown } from './thrown.ts'

type LoadFailure = NonNullable<PluginFact['failure']>

/** What became of one file: `plugin` is there where `failure` is not. */
export interface LoadedModule {
  readonly methods: PluginFact['methods']
  readonly plugin?: Plugin
  /** Names of `config` whose values it declares public; absent where there are none. */
  readonly publicConfig?: readonly string[]
  readonly failure?: LoadFailure
}

const METHODS = ['onRequest', 'onResponse'] as const

/** Loads `file` of the folder `root` (a real path); a module that has not settled after `deadlineMs` has failed. */
export async function loadModule(root: string, file: string, deadlineMs: number): Promise<LoadedModule> {
  let real: string
  try {
    real = await realpath(path.join(root, file))
    if (!real.startsWith(root.endsWith(path.sep) ? root : root + path.sep)) {
      return failed('plugin_load_failed', 'it is a link that leads out of plugins.location')
    }
    if (!(await stat(real)).isFile()) return failed('plugin_load_failed', 'it is not a regular file')
  } catch (thrown) {
    return failed('plugin_load_failed', `it cannot be opened: ${readThrown(thrown).text}`)
  }
  const imported = await importWithin(real, deadlineMs)
  return 'problem' in imported ? failed('plugin_load_failed', imported.problem) : inspect(imported.namespace)
}

/** Top-level code of a module may throw, never settle, or settle long after nobody waits for it any more. */
async function importWithin(
  file: string,
  deadlineMs: number,
): Promise<{ namespace: unknown } | { problem: string }> {
  const importing = import(/* @vite-ignore */ pathToFileURL(file).href).then(
    (namespace: unknown) => ({ namespace }),
    (thrown: unknown) => ({ problem: `its import failed: ${readThrown(thrown).text}` }),
  )
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<{ problem: string }>((resolve) => {
    timer = setTimeout(
      () => resolve({ problem: `its import did not settle within ${deadlineMs} ms` }),
      deadlineMs,
    )
  })
  try {
    return await Promise.race([importing, deadline])
  } finally {
    clearTimeout(timer)
  }
}

function inspect(namespace: unknown): LoadedModule {
  try {
    if (typeof namespace !== 'object' || namespace === null || !('Plugin' in namespace)) {
      return failed('plugin_export_missing', exportsOf(namespace))
    }
    const exported: unknown = namespace.Plugin
    const instance: unknown = typeof exported === 'function' ? Reflect.construct(exported, []) : exported
    const names = isObject(exported) ? publicConfigOf(exported) : []
    return { ...check(instance), ...(names.length > 0 && { publicConfig: names }) }
  } catch (thrown) {
    return failed('plugin_load_failed', `its Plugin could not be created or read: ${readThrown(thrown).text}`)
  }
}

function check(instance: unknown): LoadedModule {
  if (typeof instance !== 'object' || instance === null) {
    const what = instance === null ? 'null' : `of type ${typeof instance}`
    return failed('plugin_interface_incomplete', `Plugin is ${what}, neither an object nor a class`)
  }
  const methods = METHODS.filter((method) => typeof Reflect.get(instance, method) === 'function')
  const missing = METHODS.filter((method) => !methods.includes(method))
  if (missing.length === 0) return { methods, plugin: instance as Plugin }
  const detail = `Plugin lacks the method${missing.length > 1 ? 's' : ''} ${missing.join(' and ')}`
  return { ...failed('plugin_interface_incomplete', detail), methods }
}

function isObject(value: unknown): value is object {
  return typeof value === 'function' || (typeof value === 'object' && value !== null)
}

function exportsOf(namespace: unknown): string {
  const names = typeof namespace === 'object' && namespace !== null ? Object.keys(namespace) : []
  const shown = names.slice(0, 8).join(', ')
  return names.length === 0
    ? 'the module has no exports'
    : `the module exports ${shown}${names.length > 8 ? ', ...' : ''}, but not Plugin`
}

function failed(reason: LoadFailure['reason'], detail: string): LoadedModule {
  return { methods: [], failure: { reason, detail } }
}
