// Opens the API server as the one live source of a process. What it is told back (statuses, Events) belongs to the source
// too. Loaded by open-source.ts, and only where no directory is watched.

import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Options } from './config/options.ts'
import { connect, type Connection } from './kube/connect.ts'
import { ensureCrds } from './kube/ensure-crds.ts'
import { kubernetesSource } from './kube/source.ts'
import { StatusWriter } from './kube/status-writer.ts'
import type { OpenedSource, SourceParts } from './opened-source.ts'
import type { Log } from './telemetry/log.ts'

/** @returns a problem, one line, where there is no access to any API server */
export async function openCluster(
  options: Options,
  { vault, log, restoredSince }: SourceParts,
): Promise<OpenedSource | { readonly problem: string }> {
  const connection = await connect(options)
  if ('problem' in connection) return connection
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
