// A transport as a set of pools: one for each endpoint and TLS identity, found by reference where it can be, and closed
// when nobody has used it for a while. It must never give a connection of one identity to another.

import type { SecureContext } from 'node:tls'
import type { Options } from '../../config/options.ts'
import type { Vault } from '../../resources/vault.ts'
import type { Endpoint, Upstream } from '../../snapshot/snapshot.ts'
import type { AddressGuard } from './address-guard.ts'
import { TLS_MATERIAL_REFUSED, type ConnectorOptions, type UpstreamLoad } from './connector.ts'
import { EndpointPool, type LaneMaker, type PooledCall } from './endpoint-pool.ts'
import type { WriteBatch } from '../write-batch.ts'
import type { Call, Transport, UpstreamEvents, UpstreamRequest } from './transport.ts'

const { createSecureContext } = process.getBuiltinModule('node:tls')

/** A pool that nobody has used for this long is closed. */
const UNUSED_POOL_MS = 60_000

/** The call of a request that failed before it was one. */
const NO_CALL: Call = {
  phase: 'tls',
  pause: () => undefined,
  resume: () => undefined,
  abort: () => undefined,
}

/** What a lane must know of its endpoint. */
export interface EndpointSetting {
  /** `host:port` as it stands in an authority. */
  readonly authority: string
  readonly scheme: Upstream['scheme']
  readonly connector: ConnectorOptions
}

/** What every transport is made of. */
export interface TransportParts {
  readonly options: Options
  readonly vault: Vault
  readonly guard: AddressGuard
  readonly load: UpstreamLoad
  readonly writes: WriteBatch
}

interface PoolEntry<C extends PooledCall> {
  readonly key: string
  readonly pool: EndpointPool<C>
}

export class PooledTransport<C extends PooledCall> implements Transport {
  readonly isEndToEnd: boolean
  readonly #parts: TransportParts
  readonly #makerOf: (setting: EndpointSetting) => LaneMaker<C>
  readonly #pools = new Map<string, PoolEntry<C>>()
  /** Finds a pool without building its key: endpoints are kept by reference while they do not change. */
  readonly #byEndpoint = new WeakMap<Endpoint, PoolEntry<C>>()

  constructor(
    parts: TransportParts,
    isEndToEnd: boolean,
    makerOf: (setting: EndpointSetting) => LaneMaker<C>,
  ) {
    this.isEndToEnd = isEndToEnd
    this.#parts = parts
    this.#makerOf = makerOf
  }

  dispatch(
    upstream: Upstream,
    endpoint: Endpoint,
    request: UpstreamRequest,
    events: UpstreamEvents,
  ): Call | undefined {
    const entry = this.#entry(upstream, endpoint)
    if (entry instanceof Error) {
      events.failed({ phase: 'tls', error: entry })
      return NO_CALL
    }
    return entry.pool.dispatch(request, events)
  }

  load(upstream: Upstream, endpoint: Endpoint): number {
    const near = this.#byEndpoint.get(endpoint)
    if (near !== undefined && this.#pools.get(near.key) === near) return near.pool.load
    return this.#pools.get(keyOf(upstream, endpoint))?.pool.load ?? 0
  }

  sweep(now: number): void {
    for (const entry of this.#pools.values()) {
      entry.pool.sweep(now)
      if (entry.pool.active > 0 || now - entry.pool.lastUsedAt < UNUSED_POOL_MS) continue
      this.#pools.delete(entry.key)
      void entry.pool.destroy()
    }
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values()]
    this.#pools.clear()
    await Promise.all(pools.map((entry) => entry.pool.destroy()))
  }

  /** Number of pools and of requests under way in each, for tests and the debug page. */
  stats(): readonly { readonly key: string; readonly active: number; readonly connections: number }[] {
    return [...this.#pools.values()].map(({ key, pool }) => ({
      key,
      active: pool.active,
      connections: pool.connected,
    }))
  }

  #entry(upstream: Upstream, endpoint: Endpoint): PoolEntry<C> | Error {
    const near = this.#byEndpoint.get(endpoint)
    if (near !== undefined && this.#pools.get(near.key) === near) return near
    const key = keyOf(upstream, endpoint)
    const found = this.#pools.get(key) ?? this.#open(key, upstream, endpoint)
    if (!(found instanceof Error)) this.#byEndpoint.set(endpoint, found)
    return found
  }

  /** An error where OpenSSL refuses material that did parse: a weak key, a weak digest. */
  #open(key: string, upstream: Upstream, endpoint: Endpoint): PoolEntry<C> | Error {
    const { options, guard, load } = this.#parts
    const tls = upstream.scheme === 'https' ? this.#tls(upstream, endpoint) : undefined
    if (tls instanceof Error) return tls
    const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host
    const maker = this.#makerOf({
      authority: `${host}:${endpoint.port}`,
      scheme: upstream.scheme,
      connector: {
        host: endpoint.host,
        port: endpoint.port,
        timeoutMs: options['proxy.connect_timeout'],
        guard,
        load,
        ...(tls === undefined ? {} : { tls }),
      },
    })
    const limits = {
      connectionsMax: options['proxy.max_connections_per_endpoint'],
      pendingMax: options['proxy.max_pending_per_endpoint'],
    }
    const entry: PoolEntry<C> = { key, pool: new EndpointPool(limits, maker) }
    this.#pools.set(key, entry)
    return entry
  }

  #tls(upstream: Upstream, endpoint: Endpoint) {
    const context = this.#secureContext(upstream.tls?.secretHandle)
    if (context instanceof Error) return context
    return {
      context,
      serverName: upstream.tls?.serverName ?? endpoint.host,
      checkName: this.#parts.options['proxy.tls_common_name_validation'],
    }
  }

  /** With a Secret, its CA is the only trust root: none in it means that nothing is trusted, never the system's. */
  #secureContext(handle: string | undefined): SecureContext | Error {
    if (handle === undefined) return createSecureContext()
    const material = this.#parts.vault.get(handle)
    try {
      return createSecureContext({
        ca: material?.ca ?? [],
        ...(material?.certificate === undefined ? {} : { cert: material.certificate }),
        ...(material?.key === undefined ? {} : { key: material.key }),
      })
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      return Object.assign(new Error(message), { code: TLS_MATERIAL_REFUSED })
    }
  }
}

function keyOf(upstream: Upstream, endpoint: Endpoint): string {
  return `${upstream.scheme}://${endpoint.host}:${endpoint.port}|${upstream.tls?.id ?? ''}`
}
