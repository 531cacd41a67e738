// What a process needs to serve requests: transport, deadlines, and the ports that the options name, opened and closed.
// A gateway of one process has it in that process, one of several in each worker. It decides nothing.

import type { Server } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import type { Options } from '../config/options.ts'
import { errorBodies } from '../errors/bodies.ts'
import type { Vault } from '../resources/vault.ts'
import type { Log } from '../telemetry/log.ts'
import type { Certificates } from './certificates.ts'
import { Deadlines } from './deadlines.ts'
import { finishRequests } from './drain.ts'
import type { ExchangeServices } from './exchange-services.ts'
import { listen } from './listen.ts'
import { createListener } from './server.ts'
import { trustedProxies } from './trusted-proxies.ts'
import type { AddressGuard } from './upstream/address-guard.ts'
import { openTransport } from './upstream/open-transport.ts'
import type { Transport } from './upstream/transport.ts'
import { WriteBatch } from './write-batch.ts'

export interface DataPathParts
  extends Pick<ExchangeServices, 'current' | 'recorder' | 'plugins' | 'guards' | 'load' | 'more'> {
  readonly options: Options
  readonly vault: Vault
  readonly addressGuard: AddressGuard
  readonly log: Log
  /** Stands between exchanges and the transport. */
  readonly wrap?: ((made: Transport) => Transport) | undefined
}

export interface OpenOptions {
  /** Present where a port is to speak TLS. */
  readonly certificates: Certificates | undefined
  /** Every port is one of the system's choice, but for those that are known. */
  readonly freePorts: boolean
  /** Ports that another process of this gateway has got already, by the option that opened them. */
  readonly known?: ReadonlyMap<string, number>
  /** Other processes listen on the same ports. */
  readonly reusePort?: boolean
}

type Prefix = 'server.insecure' | 'server.secure'

export class DataPath {
  /** By the option that opened them. */
  readonly #ports = new Map<string, number>()
  readonly #parts: DataPathParts
  readonly #services: ExchangeServices
  readonly #servers: Server[] = []

  static async make(parts: DataPathParts): Promise<DataPath> {
    const { options, vault, addressGuard: guard, load, wrap } = parts
    const writes = new WriteBatch()
    const made = await openTransport({ options, vault, guard, load, writes })
    return new DataPath(parts, wrap?.(made) ?? made, writes)
  }

  private constructor(parts: DataPathParts, transport: Transport, writes: WriteBatch) {
    this.#parts = parts
    const { options, current, recorder, plugins, guards, load, more } = parts
    this.#services = {
      options,
      current,
      recorder,
      plugins,
      guards,
      transport,
      deadlines: new Deadlines((now) => transport.sweep(now)),
      writes,
      answers: {
        bodyOf: errorBodies(options['errors.details_base']),
        proxyStatus: options['proxy.proxy_status'],
      },
      headerRules: {
        apiKeyHeader: options['plugins.apiKey.header_key'],
        passBaggage: options['tracing.inbound'] === 'trust',
        takesTrailers: transport.isEndToEnd,
      },
      trusted: trustedProxies(options['server.trusted_proxies']),
      load,
      more,
    }
  }

  /** Opens every port that the options name; on failure returns the line that says why. */
  async open(
    how: OpenOptions,
  ): Promise<{ readonly ports: ReadonlyMap<string, number> } | { readonly problem: string }> {
    const problem = await this.#open(how)
    return problem === undefined ? { ports: this.#ports } : { problem }
  }

  async #open(how: OpenOptions): Promise<string | undefined> {
    const { options } = this.#parts
    const { certificates } = how
    if (options['server.insecure_port'] !== 0) {
      const problem = await this.#listen('server.insecure', createListener(this.#services), how)
      if (problem !== undefined) return problem
    }
    if (options['server.secure_port'] === 0 || certificates === undefined) return undefined
    const server = createListener(this.#services, certificates.listenerOptions())
    certificates.keepFresh((pem) => (server as SecureServer).setSecureContext(pem))
    return this.#listen('server.secure', server, how)
  }

  stopAccepting(): void {
    this.#parts.load.draining = true
    for (const server of this.#servers) {
      server.close()
      server.closeIdleConnections()
    }
  }

  /** Waits for exchanges under way; what is left when the signal aborts is cut off. */
  async finish(signal: AbortSignal): Promise<void> {
    const { load, log } = this.#parts
    const { deadlines, transport } = this.#services
    await finishRequests({ load, servers: this.#servers, log, deadlines }, signal)
    await transport.close()
  }

  /** Ends what is left once nothing is served any more. */
  stop(): void {
    this.#services.deadlines.stop()
  }

  async #listen(prefix: Prefix, server: Server, how: OpenOptions): Promise<string | undefined> {
    this.#servers.push(server)
    const { options } = this.#parts
    const option = `${prefix}_port` as const
    const port = how.known?.get(option) ?? (how.freePorts ? 0 : options[option])
    const address = options[`${prefix}_bind_address`]
    const listening = await listen(server, { option, port, address, reusePort: how.reusePort === true })
    if ('problem' in listening) return listening.problem
    this.#ports.set(option, listening.port)
    return undefined
  }
}
