// The upstream transport for HTTP/1.1 on sockets of our own: what undici costs a request is more than the rest of Node
// (docs/decisions/0019-socket-transport.md). A lane is one connection; its pool is the one that every transport has.

import type { Sessions } from './connector.ts'
import type { EndpointPool, LaneMaker } from './endpoint-pool.ts'
import { type EndpointSetting, PooledTransport, type TransportParts } from './pooled-transport.ts'
import { SocketCall } from './socket-call.ts'
import { SocketLane } from './socket-lane.ts'
import type { UpstreamEvents, UpstreamRequest } from './transport.ts'

/** `Transport` on `net` and `tls`. */
export function socketTransport(parts: TransportParts): PooledTransport<SocketCall> {
  return new PooledTransport(parts, true, (setting) => new SocketLanes(setting, parts))
}

class SocketLanes implements LaneMaker<SocketCall> {
  readonly #setting: EndpointSetting
  readonly #parts: TransportParts
  readonly #sessions: Sessions = {}

  constructor(setting: EndpointSetting, parts: TransportParts) {
    this.#setting = setting
    this.#parts = parts
  }

  makeCall(pool: EndpointPool<SocketCall>, request: UpstreamRequest, events: UpstreamEvents): SocketCall {
    return new SocketCall(pool, request, events)
  }

  openLane(pool: EndpointPool<SocketCall>): SocketLane {
    const { options, writes } = this.#parts
    const limits = {
      ageMaxMs: options['proxy.max_connection_age'],
      idleMaxMs: options['proxy.idle_connection_timeout'],
    }
    return new SocketLane(pool, this.#setting, this.#sessions, limits, writes)
  }
}
