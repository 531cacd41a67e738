// The upstream transport on undici 8: a lane is a Client of its own with one connection. Its Pool is not used: it opens
// more connections than its limit when they age, gives an aged one further requests while any wait, and opens a
// connection for each waiting request that has been given up.

import { Client } from 'undici'
import type { Options } from '../../config/options.ts'
import { createConnector, type Connecting, type Sessions } from './connector.ts'
import type { EndpointPool, Lane, LaneMaker } from './endpoint-pool.ts'
import { type EndpointSetting, PooledTransport, type TransportParts } from './pooled-transport.ts'
import { ANSWER_HEAD_BYTES_MAX, type UpstreamEvents, type UpstreamRequest } from './transport.ts'
import { UndiciCall } from './undici-call.ts'

/** `Transport` on undici. */
export function undiciTransport(parts: TransportParts): PooledTransport<UndiciCall> {
  return new PooledTransport(parts, false, (setting) => new UndiciLanes(setting, parts.options))
}

class UndiciLanes implements LaneMaker<UndiciCall> {
  readonly #setting: EndpointSetting
  readonly #options: Options
  readonly #origin: string
  readonly #sessions: Sessions = {}

  constructor(setting: EndpointSetting, options: Options) {
    this.#setting = setting
    this.#options = options
    this.#origin = `${setting.scheme}://${setting.authority}`
  }

  makeCall(pool: EndpointPool<UndiciCall>, request: UpstreamRequest, events: UpstreamEvents): UndiciCall {
    const serverName = this.#setting.connector.tls?.serverName
    const options = {
      origin: this.#origin,
      path: request.path,
      method: request.method,
      headers: request.headers,
      body: (request.body ?? null) as null,
      ...(serverName === undefined ? {} : { servername: serverName }),
    }
    return new UndiciCall(pool, options, events)
  }

  openLane(): Lane<UndiciCall> {
    const options = this.#options
    const connecting: Connecting = { phase: undefined, connectedAt: 0 }
    const connect = createConnector(this.#setting.connector, this.#sessions, connecting)
    const client = new Client(this.#origin, {
      keepAliveTimeout: options['proxy.idle_connection_timeout'],
      keepAliveMaxTimeout: options['proxy.idle_connection_timeout'],
      keepAliveTimeoutThreshold: 0,
      // Deadlines are the exchange's: one coarse tick, phases told apart.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: ANSWER_HEAD_BYTES_MAX,
      pipelining: 1,
      allowH2: false,
      connect: connect as never,
    })
    return new UndiciLane(client, connecting, options['proxy.max_connection_age'])
  }
}

/** It closes idle connections by itself. */
class UndiciLane implements Lane<UndiciCall> {
  readonly #client: Client
  readonly #connecting: Connecting
  readonly #ageMaxMs: number

  constructor(client: Client, connecting: Connecting, ageMaxMs: number) {
    this.#client = client
    this.#connecting = connecting
    this.#ageMaxMs = ageMaxMs
  }

  get connected(): boolean {
    return this.#client.stats.connected
  }

  start(call: UndiciCall): void {
    call.given(this, this.#connecting)
    this.#client.dispatch(call.options, call)
  }

  isSpent(now: number): boolean {
    const { connectedAt } = this.#connecting
    return connectedAt > 0 && now - connectedAt >= this.#ageMaxMs
  }

  destroy(): Promise<void> {
    return this.#client.destroy()
  }
}
