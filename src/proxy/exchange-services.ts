// What every exchange of one gateway shares. Made once by the composition root; nothing in it belongs to one request.

import type { Options } from '../config/options.ts'
import type { Guards } from '../plugins/guards.ts'
import type { PluginHost } from '../plugins/host.ts'
import type { Current } from '../snapshot/current.ts'
import type { Recorder } from '../telemetry/record.ts'
import type { Deadlines } from './deadlines.ts'
import type { HeadFlusher } from './head-flusher.ts'
import type { RequestHeaderRules } from './request-headers.ts'
import type { ErrorAnswers } from './respond.ts'
import type { TrustedProxies } from './trusted-proxies.ts'
import type { Transport } from './upstream/transport.ts'

/** How much is going on, and whether it is to end. */
export interface Load {
  /** Exchanges under way. */
  requests: number
  /** Of clients. */
  connections: number
  upstreamConnections: number
  /** Answers close their connections: the gateway is going away. */
  draining: boolean
}

export interface ExchangeServices {
  readonly options: Options
  readonly current: Current
  readonly recorder: Recorder
  readonly plugins: PluginHost
  readonly guards: Guards
  readonly transport: Transport
  readonly deadlines: Deadlines
  readonly flusher: HeadFlusher
  readonly answers: ErrorAnswers
  readonly headerRules: RequestHeaderRules
  readonly trusted: TrustedProxies
  readonly load: Load
}
