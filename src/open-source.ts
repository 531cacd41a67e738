// Opens the one live source of a process, as the options name it: a watched directory, or the API server. What the API
// server is told back (statuses, Events) belongs to the source too.

import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Options } from './config/options.ts'
import { checkDirectory } from './directory/check-directory.ts'
import { directorySource } from './directory/source.ts'
import { connect, type Connection } from './kube/connect.ts'
import { ensureCrds } from './kube/ensure-crds.ts'
import { kubernetesSource } from './kube/source.ts'
import { StatusWriter } from './kube/status-writer.ts'
import type { PipelineOptions, Publication } from './pipeline.ts'
import type { Vault } from './resources/vault.ts'
import type { Log } from './telemetry/log.ts'

export interface OpenedSource {
  /** Label `source` of metrics. */
  readonly name: 'directory' | 'kubernetes'
  readonly sources: PipelineOptions['sources']
  /** To be called after each swap. */
  published(publication: Publication): void
  /** Ends what the pipeline's own end does not. */
  stop(): Promise<void>
}

interface SourceParts {
  readonly vault: Vault
  readonly log: Log
  /** What a former process knew, and until when (ms epoch), is served until the source is there. */
  readonly restoredSince?: number | undefined
}

/** @returns a problem, one line, where there is nothing to read from */
export async function openSource(
  options: Options,
  parts: SourceParts,
): Promise<OpenedSource | { readonly problem: string }> {
  const directory = options['source.directory']
  if (directory !== undefined) return openDirectory(directory, options['source.namespace'], parts)
  const connection = await connect(options)
  return 'problem' in connection ? connection : openCluster(connection, options, parts)
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
    sources: [directorySource({ directory, namespace, vault, log })],
    published: () => undefined,
    stop: () => Promise.resolve(),
  }
}

function openCluster(
  connection: Connection,
  options: Options,
  { vault, log, restoredSince }: SourceParts,
): OpenedSource {
  const { client, server } = connection
  const writer = options['kubernetes.write_status'] ? statusWriter(connection, options, log) : undefined
  const selector = options['kubernetes.secret_selector']
  log.info({ server, namespaces: options['kubernetes.namespaces'] }, 'watching the API server')
  return {
    name: 'kubernetes',
    sources: [
      kubernetesSource({
        client,
        namespaces: options['kubernetes.namespaces'],
        ...(selector !== '' && { secretSelector: selector }),
        syncTimeoutMs: options['kubernetes.sync_timeout'],
        stalenessLimitMs: options['kubernetes.staleness_limit'],
        vault,
        ...(restoredSince !== undefined && { restoredSince }),
        log,
        ...(options['kubernetes.ensure_crds'] && {
          prepare: (signal: AbortSignal) => ensureCrds({ client, log, signal }),
        }),
      }),
    ],
    published: (publication) => writer?.published(publication),
    async stop() {
      await writer?.stop()
      await client.close()
    },
  }
}

function statusWriter({ client, namespace }: Connection, options: Options, log: Log): StatusWriter {
  return new StatusWriter({
    client,
    leaseNamespace: options['kubernetes.lease_namespace'] || (namespace ?? 'default'),
    namespaces: options['kubernetes.namespaces'],
    // Pods of one Deployment differ in their host names; processes of one host in the rest.
    identity: `${hostname()}_${randomBytes(4).toString('hex')}`,
    log,
  })
}
