// Opens the ports for operators that the options ask for: debug pages, and metrics with health, plain and over TLS.
// What was opened before something failed is in the lists that it was given, for the caller to close.

import type { AdminServer } from './admin-server.ts'
import { createMetricsServer, type MetricsServerInputs } from './metrics-server.ts'
import { createProfilingServer, type ProfilingServerInputs } from './profiling-server.ts'
import type { Options } from '../config/options.ts'
import type { Certificates } from '../proxy/certificates.ts'

type FromOptions = 'maxHeaderCount' | 'allowedHosts' | 'heapSnapshotAllowed'

export interface AdminParts
  extends Omit<ProfilingServerInputs, FromOptions>,
    Pick<MetricsServerInputs, 'metrics'> {
  readonly options: Options
  /** Present where a port is to speak TLS. */
  readonly certificates: Certificates | undefined
  /** Every port is one of the system's choice. */
  readonly freePorts: boolean
  /** Gets every server that listens. */
  readonly servers: AdminServer[]
  /** Gets every port, by the option that opened it. */
  readonly ports: Map<string, number>
}

type Prefix = 'profiling.insecure' | 'prometheus.insecure' | 'prometheus.secure'

/** @returns one line that says what is wrong, where something is */
export async function openAdmin(parts: AdminParts): Promise<string | undefined> {
  const { options, certificates } = parts
  const profiling = () =>
    createProfilingServer({
      ...parts,
      maxHeaderCount: options['server.max_header_count'],
      allowedHosts: options['profiling.allowed_hosts'],
      heapSnapshotAllowed: options['profiling.heap_snapshot'],
    })
  const secure = () => {
    const server = createMetricsServer({
      ...parts,
      ...(certificates === undefined ? {} : { tls: certificates.pem() }),
    })
    certificates?.keepFresh((pem) => server.renewTls(pem))
    return server
  }
  return (
    (await open('profiling.insecure', parts, profiling)) ??
    (await open('prometheus.insecure', parts, () => createMetricsServer(parts))) ??
    (await open('prometheus.secure', parts, secure))
  )
}

async function open(
  prefix: Prefix,
  { options, freePorts, servers, ports }: AdminParts,
  make: () => AdminServer,
): Promise<string | undefined> {
  const option = `${prefix}_port` as const
  const port = options[option]
  if (port === 0) return undefined
  const server = make()
  const address = options[`${prefix}_bind_address`]
  const listening = await server.listen({ option, port: freePorts ? 0 : port, address })
  servers.push(server)
  if ('problem' in listening) return listening.problem
  ports.set(option, listening.port)
  return undefined
}
