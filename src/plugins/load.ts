// Reads `plugins.location` once, at the start: which plugin files are there, and what became of loading each.
// The facts enter the state as an event; the loaded plugins stay in the host. A change needs a restart.
// A bad file fails alone; only a folder that cannot be read, or holds too many files, is a problem of the start.

import { readdir, realpath } from 'node:fs/promises'
import type { PluginFact } from '../events/event.ts'
import { type HostedPlugin, PluginHost } from './host.ts'
import { type LoadedModule, loadModule } from './load-module.ts'
import { isReservedName, type PluginFile, pluginFile } from './plugin-file.ts'
import type { PluginLog } from './plugin-log.ts'
import { readThrown } from './thrown.ts'
import { Watchdog, type WatchdogOptions } from './watchdog.ts'

export interface PluginOptions {
  /** `plugins.deadline`: how long an asynchronous call may take. */
  readonly deadlineMs: number
  /** `plugins.watchdog_timeout`: how long the event loop may stand still. */
  readonly watchdogTimeoutMs: number
  readonly log: PluginLog
  /** How long the import of one file may take; 10 seconds where absent. */
  readonly loadDeadlineMs?: number
  /** Overrides of the watchdog's own figures. */
  readonly watchdog?: Pick<WatchdogOptions, 'repeatMs' | 'now'>
}

export interface LoadedPlugins {
  /** One for every name and version that a file can be found by, in the order of the file names. */
  readonly facts: readonly PluginFact[]
  readonly host: PluginHost
}

const FILES_MAX = 256
const LOAD_DEADLINE_MS = 10_000

/**
 * Loads every plugin of the folder, one after the other. No location, no plugins.
 * `problem` is one line that names the option and its value. The host is to be stopped.
 */
export async function loadPlugins(
  location: string | undefined,
  options: PluginOptions,
): Promise<LoadedPlugins | { problem: string }> {
  if (location === undefined || location === '') return { facts: [], host: new PluginHost([], options) }
  const folder = await readFolder(location)
  if ('problem' in folder) return folder
  const files = filesToLoad(folder.names, options.log)
  if (files.length > FILES_MAX) {
    return {
      problem: `plugins.location "${location}" holds ${files.length} plugin files: ${FILES_MAX} are allowed`,
    }
  }
  if (files.length === 0) {
    options.log.warn({ location }, 'plugins.location holds no plugin file')
    return { facts: [], host: new PluginHost([], options) }
  }
  const watchdog = await Watchdog.start({
    ...options.watchdog,
    files: files.map((each) => each.file),
    timeoutMs: options.watchdogTimeoutMs,
    log: options.log,
  })
  return loadAll(folder.root, files, options, watchdog)
}

async function loadAll(
  root: string,
  files: readonly PluginFile[],
  options: PluginOptions,
  watchdog: Watchdog,
): Promise<LoadedPlugins> {
  const facts: PluginFact[] = []
  const hosted: HostedPlugin[] = []
  for (const [index, each] of files.entries()) {
    // One at a time, so that the watchdog can name a file whose top-level code never gives the loop back.
    const slot = watchdog.hold(index, 'load', '', '', '')
    const loaded = await load(root, each, options.loadDeadlineMs ?? LOAD_DEADLINE_MS)
    watchdog.release(slot)
    if (loaded.plugin !== undefined) hosted.push({ index, file: each.file, plugin: loaded.plugin })
    for (const reading of each.readings) {
      const { methods, failure, publicConfig } = loaded
      facts.push({
        ...reading,
        file: each.file,
        methods,
        ...(publicConfig === undefined ? {} : { publicConfig }),
        ...(failure === undefined ? {} : { failure }),
      })
    }
    say(each.file, loaded, options.log)
  }
  // A slow import delays the start, and that is all: it must not fail the liveness of what has started.
  watchdog.forget()
  return { facts, host: new PluginHost(hosted, options, watchdog) }
}

async function load(root: string, each: PluginFile, deadlineMs: number): Promise<LoadedModule> {
  const reserved = each.readings.find((reading) => isReservedName(reading.name))
  if (reserved === undefined) return loadModule(root, each.file, deadlineMs)
  const detail = `the name ${reserved.name} belongs to a built-in plugin: give the file another name`
  return { methods: [], failure: { reason: 'plugin_load_failed', detail } }
}

async function readFolder(
  location: string,
): Promise<{ root: string; names: string[] } | { problem: string }> {
  try {
    const root = await realpath(location)
    return { root, names: await readdir(root) }
  } catch (thrown) {
    return { problem: `plugins.location "${location}" cannot be read: ${readThrown(thrown).text}` }
  }
}

/** In the order of their names. Of `x.mjs` and `x.js`, which an ApiProxy cannot tell apart, the first is taken. */
function filesToLoad(names: readonly string[], log: PluginLog): PluginFile[] {
  const byStem = new Map<string, PluginFile>()
  for (const name of [...names].sort()) {
    const file = pluginFile(name)
    if (file === undefined) continue
    const other = byStem.get(file.stem)
    if (other === undefined) {
      byStem.set(file.stem, file)
      continue
    }
    const [used, unused] = file.file.endsWith('.mjs') ? [file, other] : [other, file]
    byStem.set(file.stem, used)
    log.warn(
      { file: unused.file },
      `plugin file ${unused.file} is not loaded: ${used.file} has the same name`,
    )
  }
  return [...byStem.values()]
}

function say(file: string, { failure }: LoadedModule, log: PluginLog): void {
  if (failure === undefined) log.info({ file }, `plugin ${file} is loaded`)
  else log.error({ file, ...failure }, `plugin ${file} cannot be used: ${failure.detail}`)
}
