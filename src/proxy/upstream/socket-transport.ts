// The upstream transport for HTTP/1.1 on sockets of our own: what undici costs a request is more than the rest of Node
// (docs/decisions/0019-socket-transport.md). A lane is one connection; its pool is the one that every transport has.

import type { Options } from '../../config/options.ts'
import type { Sessions } from './connector.ts'
import type { EndpointPool, LaneMaker } from './endpoint-pool.ts'
import { type EndpointSetting, PooledTransport, type TransportParts } from './pooled-transport.ts'
import { SocketCall } from './socket-call.ts'
import { SocketLane } from './socket-lane.ts'
import type { UpstreamEvents, UpstreamRequest } from './transport.ts'

/** `Transport` on `net` and `tls`. */
export function socketTransport(parts: TransportParts): PooledTransport<SocketCall> {
  return new PooledTransport(parts, true, (setting) => new SocketLanes(setting, parts.options))
}

class SocketLanes implements LaneMaker<SocketCall> {
  readonly #setting: EndpointSetting
  readonly #options: Options
  readonly #sessions: Sessions = {}

  constructor(setting: EndpointSetting, options: Options) {
    this.#setting = setting
    this.#options = options
  }

  makeCall(pool: EndpointPool<SocketCall>, request: UpstreamRequest, events: UpstreamEvents): SocketCall {
    return new SocketCall(pool, request, events)
  }

  openLane(pool: EndpointPool<SocketCall>): SocketLane {
    return new SocketLane(pool, this.#setting, this.#sessions, {
      ageMaxMs: this.#options['proxy.max_connection_age'],
      idleMaxMs: this.#options['proxy.idle_connection_timeout'],
    })
  }
}
