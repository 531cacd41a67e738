// Opens the one live source of a process, as the options name it: a watched directory, or the API server
// (open-cluster.ts).

import type { Options } from './config/options.ts'
import { checkDirectory } from './directory/check-directory.ts'
import { directorySource } from './directory/source.ts'
import type { OpenedSource, SourceParts } from './opened-source.ts'

/** @returns a problem, one line, where there is nothing to read from */
export async function openSource(
  options: Options,
  parts: SourceParts,
): Promise<OpenedSource | { readonly problem: string }> {
  const directory = options['source.directory']
  if (directory !== undefined) return openDirectory(directory, options['source.namespace'], parts)
  // What speaks to an API server, undici among it: 130 ms and 35 MB that a watched directory does not need.
  const { openCluster } = await import('./open-cluster.ts')
  return openCluster(options, parts)
}

async function openDirectory(
  directory: string,
  namespace: string,
  { vault, log, restoredSince }: SourceParts,
): Promise<OpenedSource | { readonly problem: string }> {
  const problem = await checkDirectory(directory)
  if (problem !== undefined && restoredSince === undefined) return { problem }
  if (problem !== undefined) log.warn({ problem }, 'the watched directory is not there: it is waited for')
  return {
    name: 'directory',
    sources: [
      directorySource({ directory, namespace, vault, log, isWaitedFor: restoredSince === undefined }),
    ],
    published: () => undefined,
    stop: () => Promise.resolve(),
  }
}
