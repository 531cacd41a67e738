// A plugin folder on disk and what loading it gave, for the tests of the plugin host.

import type { PluginFact } from '../../src/events/event.ts'
import { type LoadedPlugins, loadPlugins, type PluginOptions } from '../../src/plugins/load.ts'
import type { PluginLog } from '../../src/plugins/plugin-log.ts'
import { RequestView } from '../../src/plugins/request-view.ts'
import { StepContext } from '../../src/plugins/step-context.ts'
import type { CompiledPlugin } from '../../src/snapshot/snapshot.ts'
import { seeLogFields } from '../support/registry/watch.ts'
import { tempFolder } from '../support/temp-folder.ts'

export const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'
export const ROUTE = { namespace: 'shop', apiproxy: 'orders' }

/** A log that keeps its lines. */
export class KeptLog implements PluginLog {
  readonly lines: { level: string; message: string; fields: object }[] = []

  info(fields: object, message: string): void {
    this.#keep('info', fields, message)
  }

  warn(fields: object, message: string): void {
    this.#keep('warn', fields, message)
  }

  error(fields: object, message: string): void {
    this.#keep('error', fields, message)
  }

  #keep(level: string, fields: object, message: string): void {
    seeLogFields(fields, message)
    this.lines.push({ level, message, fields })
  }

  messages(level: string): string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.message)
  }
}

export interface LoadedFolder extends LoadedPlugins, AsyncDisposable {
  readonly path: string
  readonly log: KeptLog
}

/** Writes the files (content by name) into a new folder and loads them; fails where the start would. */
export async function loadFolder(
  files: Readonly<Record<string, string>>,
  options: Partial<PluginOptions> = {},
): Promise<LoadedFolder> {
  const folder = await tempFolder('plugins')
  for (const [name, content] of Object.entries(files)) await folder.write(name, content)
  const log = new KeptLog()
  const loaded = await loadPlugins(folder.path, pluginOptions(log, options))
  if ('problem' in loaded) throw new Error(loaded.problem)
  const end = async (): Promise<void> => {
    await loaded.host.stop()
    await folder.remove()
  }
  return { ...loaded, path: folder.path, log, [Symbol.asyncDispose]: end }
}

/** Options of a test: no deadline and no watchdog timeout that a slow machine could meet by itself. */
export function pluginOptions(log: PluginLog, options: Partial<PluginOptions> = {}): PluginOptions {
  return { deadlineMs: 60_000, watchdogTimeoutMs: 60_000, log, ...options }
}

/** A module whose Plugin has these bodies as its methods. */
export function moduleWith(onRequest: string, onResponse = ''): string {
  return `export const Plugin = {
    onRequest(context, request) { ${onRequest} },
    onResponse(context, request, response) { ${onResponse} },
  }`
}

/** The one fact of a folder with one file that has one reading. */
export function onlyFact(folder: LoadedFolder): PluginFact {
  const [fact, ...others] = folder.facts
  if (fact === undefined || others.length > 0) throw new Error(`${folder.facts.length} facts`)
  return fact
}

/** A plugin as a route has it, and a context for one call of it. */
export function step(
  file: string,
  config: Readonly<Record<string, string>> = {},
): { compiled: CompiledPlugin; context: StepContext } {
  const compiled = { name: file.replace(/\.m?js$/, ''), file, config }
  return { compiled, context: new StepContext(compiled, ROUTE, TRACE_ID) }
}

/** A request with these header fields. */
export function requestView(rawHeaders: readonly string[] = []): RequestView {
  const facts = {
    method: 'GET',
    path: '/orders/7',
    query: 'full=1',
    host: 'shop.example',
    clientAddress: '192.0.2.7',
  }
  return new RequestView({ ...facts, traceId: TRACE_ID, rawHeaders }, '/v1/7')
}
