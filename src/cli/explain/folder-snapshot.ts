// The snapshot of a folder of manifests, read once: what a gateway that watches it would decide by. The options that
// matter to a build come from where a gateway takes them, but for flags: variables, the configuration file, defaults.

import { loadOptions } from '../../config/load.ts'
import type { Options } from '../../config/options.ts'
import { checkDirectory } from '../../directory/check-directory.ts'
import { directorySource } from '../../directory/source.ts'
import { runPipeline } from '../../pipeline.ts'
import { assumedDecryptionKey, BUILT_IN_PLUGINS } from '../../plugins/built-in.ts'
import { loadPlugins } from '../../plugins/load.ts'
import { Vault } from '../../resources/vault.ts'
import { Current } from '../../snapshot/current.ts'
import type { Snapshot } from '../../snapshot/snapshot.ts'
import { type Refused, refuse } from './refusal.ts'

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined }

export interface FolderSnapshot {
  readonly snapshot: Snapshot
  readonly options: Options
}

export async function snapshotOfFolder(directory: string): Promise<FolderSnapshot | Refused> {
  const loaded = loadOptions({ argv: [], env: process.env })
  if ('problem' in loaded) return refuse('usage', loaded.problem)
  const { options } = loaded
  const problem = await checkDirectory(directory)
  if (problem !== undefined) return refuse('unreachable', problem.replace('source.directory', '--directory'))
  const plugins = await loadPlugins(options['plugins.location'], {
    deadlineMs: options['plugins.deadline'],
    watchdogTimeoutMs: options['plugins.watchdog_timeout'],
    log: SILENT,
  })
  if ('problem' in plugins) return refuse('unreachable', plugins.problem)
  const current = new Current()
  const pipeline = runPipeline({
    sources: [
      directorySource({
        directory,
        namespace: options['source.namespace'],
        vault: new Vault(),
        log: SILENT,
        isWaitedFor: true,
      }),
    ],
    initial: [
      { type: 'plugins', source: 'plugins', observedAt: 0, plugins: [...BUILT_IN_PLUGINS, ...plugins.facts] },
      assumedDecryptionKey('plugins'),
    ],
    options,
    current,
    log: SILENT,
    onPublished: () => undefined,
  })
  try {
    await pipeline.settled
    return { snapshot: current.snapshot, options }
  } finally {
    pipeline.stop()
    await plugins.host.stop()
  }
}

/** One line for each object and file that cannot be used: a decision without them may surprise. */
export function unusableLines({ conditions }: Snapshot): string[] {
  const lines: string[] = []
  for (const { kind, namespace, name, type, reason, message } of conditions) {
    if (type !== 'Accepted' || (reason !== 'Invalid' && kind !== 'File')) continue
    lines.push(`${kind} ${namespace === '' ? '' : `${namespace}/`}${name}: ${reason}: ${message}`)
  }
  return lines
}
