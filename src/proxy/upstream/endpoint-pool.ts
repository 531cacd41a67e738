// The connections to one endpoint under one TLS identity: so many lanes at most, each an undici Client with one
// connection and one request at a time, and a queue in front of them. No pipelining: a slow answer must never hold up
// another request. undici's own Pool is not used: it opens more connections than its limit when they age, gives an aged
// one further requests while any wait, and opens a connection for each waiting request that has been given up.

import { Client, type Dispatcher } from 'undici'
import { createConnector, type Connecting, type ConnectorOptions, type Sessions } from './connector.ts'
import type { Call, UpstreamEvents, UpstreamRequest } from './transport.ts'
import { UndiciCall, type CallPool } from './undici-call.ts'

export interface EndpointPoolOptions {
  readonly origin: string
  /** Name for SNI and the certificate; absent without TLS. */
  readonly serverName: string | undefined
  readonly connector: ConnectorOptions
  readonly client: Client.Options
  readonly connectionsMax: number
  readonly pendingMax: number
  /** A connection of this age takes no new request. */
  readonly ageMaxMs: number
}

/** An endpoint that takes no connections has nothing under way: it must not look like the idlest of all. */
const UNREACHABLE_LOAD = 1_000_000
const UNREACHABLE_MS = 5_000

interface Lane {
  readonly client: Client
  readonly connecting: Connecting
}

export class EndpointPool implements CallPool {
  lastUsedAt = performance.now()
  readonly #options: EndpointPoolOptions
  /** `performance.now()`. */
  #unreachableUntil = 0
  readonly #sessions: Sessions = {}
  readonly #lanes = new Set<Lane>()
  /** The one used last is taken first, so that those that are not needed fall idle and close. */
  readonly #free: Lane[] = []
  readonly #running = new Map<UndiciCall, Lane>()
  /** In the order in which they came. */
  readonly #waiting = new Map<UndiciCall, Dispatcher.DispatchOptions>()

  constructor(options: EndpointPoolOptions) {
    this.#options = options
  }

  /** Requests that run or wait. */
  get active(): number {
    return this.#running.size + this.#waiting.size
  }

  /** Requests under way, and many more for a while after a connection could not be made. */
  get load(): number {
    const reachable = this.#unreachableUntil === 0 || performance.now() >= this.#unreachableUntil
    return reachable ? this.active : this.active + UNREACHABLE_LOAD
  }

  get connected(): number {
    return [...this.#lanes].filter(({ client }) => client.stats.connected).length
  }

  /** Undefined where every connection is in use and as many requests wait as may. */
  dispatch(request: UpstreamRequest, events: UpstreamEvents): Call | undefined {
    const lane = this.#waiting.size > 0 ? undefined : this.#take()
    if (lane === undefined && this.#waiting.size >= this.#options.pendingMax) return undefined
    const call = new UndiciCall(this, events)
    const { origin, serverName } = this.#options
    const options = {
      origin,
      path: request.path,
      method: request.method,
      headers: request.headers,
      body: (request.body ?? null) as null,
      ...(serverName === undefined ? {} : { servername: serverName }),
    }
    if (lane === undefined) this.#waiting.set(call, options)
    else this.#start(lane, call, options)
    return call
  }

  forget(call: UndiciCall): void {
    this.#waiting.delete(call)
  }

  unreachable(): void {
    this.#unreachableUntil = performance.now() + UNREACHABLE_MS
  }

  release(call: UndiciCall, failed: boolean): void {
    const lane = this.#running.get(call)
    if (lane === undefined) return
    this.#running.delete(call)
    this.lastUsedAt = performance.now()
    // undici is in the middle of its own work on this connection: what waits, or follows an error, comes after that.
    if (failed || this.#waiting.size > 0) setImmediate(() => this.#next(lane))
    else this.#free.push(lane)
  }

  /** Ends every connection; what runs or waits fails. */
  async destroy(): Promise<void> {
    const waiting = [...this.#waiting.keys()]
    this.#waiting.clear()
    for (const call of waiting) call.onResponseError(undefined, new Error('the gateway is shutting down'))
    const lanes = [...this.#lanes]
    this.#lanes.clear()
    this.#free.length = 0
    await Promise.all(lanes.map(({ client }) => client.destroy()))
  }

  /** Gives a lane that has become free to whoever waits longest. */
  #next(lane: Lane): void {
    if (!this.#lanes.has(lane)) return
    this.#free.push(lane)
    const [first] = this.#waiting
    if (first === undefined) return
    const [call, options] = first
    const taken = this.#take()
    if (taken === undefined) return
    this.#waiting.delete(call)
    this.#start(taken, call, options)
  }

  #take(): Lane | undefined {
    for (;;) {
      const lane = this.#free.pop()
      if (lane === undefined)
        return this.#lanes.size < this.#options.connectionsMax ? this.#open() : undefined
      if (!this.#isAged(lane)) return lane
      this.#lanes.delete(lane)
      void lane.client.destroy()
    }
  }

  #isAged({ connecting: { connectedAt } }: Lane): boolean {
    return connectedAt > 0 && performance.now() - connectedAt >= this.#options.ageMaxMs
  }

  #start(lane: Lane, call: UndiciCall, options: Dispatcher.DispatchOptions): void {
    call.connecting = lane.connecting
    this.#running.set(call, lane)
    lane.client.dispatch(options, call)
  }

  #open(): Lane {
    const connecting: Connecting = { phase: undefined, connectedAt: 0 }
    const connect = createConnector(this.#options.connector, this.#sessions, connecting)
    const client = new Client(this.#options.origin, { ...this.#options.client, connect: connect as never })
    const lane = { client, connecting }
    this.#lanes.add(lane)
    return lane
  }
}
