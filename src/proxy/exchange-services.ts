// What every exchange of one gateway shares. Made once by the composition root; nothing in it belongs to one request.

import type { Options } from '../config/options.ts'
import type { Guards } from '../plugins/guards.ts'
import type { PluginHost } from '../plugins/host.ts'
import type { Current } from '../snapshot/current.ts'
import type { Recorder } from '../telemetry/record.ts'
import type { Deadlines } from './deadlines.ts'
import type { RequestHeaderRules } from './request-headers.ts'
import type { ErrorAnswers } from './respond.ts'
import type { TrustedProxies } from './trusted-proxies.ts'
import type { Transport } from './upstream/transport.ts'
import type { WriteBatch } from './write-batch.ts'

/** How much is going on, and whether it is to end. */
export interface Load {
  /** Exchanges under way. */
  requests: number
  /** Of clients. */
  connections: number
  upstreamConnections: number
  /** Most exchanges: option server.max_requests, or the share of it that this process has now. */
  requestsMax: number
  /** Most connections of clients: option server.max_connections, or the share of it. */
  connectionsMax: number
  /** Answers close their connections: the gateway is going away. */
  draining: boolean
}

/** Of what a gateway may have so much at once. */
export type Limited = 'requests' | 'connections'

/** A load of nothing, whose limits are those of the options. */
export function emptyLoad(options: Pick<Options, 'server.max_requests' | 'server.max_connections'>): Load {
  return {
    requests: 0,
    connections: 0,
    upstreamConnections: 0,
    requestsMax: options['server.max_requests'],
    connectionsMax: options['server.max_connections'],
    draining: false,
  }
}

export interface ExchangeServices {
  readonly options: Options
  readonly current: Current
  readonly recorder: Recorder
  readonly plugins: PluginHost
  readonly guards: Guards
  readonly transport: Transport
  readonly deadlines: Deadlines
  readonly writes: WriteBatch
  readonly answers: ErrorAnswers
  readonly headerRules: RequestHeaderRules
  readonly trusted: TrustedProxies
  readonly load: Load
  /**
   * Asks for a place beyond the limit, where other processes of this gateway may have one to spare; undefined where it is
   * not worth asking. Never rejects.
   */
  readonly more?: ((what: Limited) => Promise<boolean> | undefined) | undefined
}

/** Whether one more request may go on, the one that is counted already; a promise where others are asked for a place. */
export function roomForRequest({ load, more }: ExchangeServices): boolean | Promise<boolean> {
  return load.requests <= load.requestsMax || (more?.('requests') ?? false)
}
