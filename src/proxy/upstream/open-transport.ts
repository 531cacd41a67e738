// Which transport speaks to upstreams. Each is loaded only where it is chosen.

import type { TransportParts } from './pooled-transport.ts'
import type { Transport } from './transport.ts'

/** The transport that the options name. */
export async function openTransport(parts: TransportParts): Promise<Transport> {
  return parts.options['proxy.upstream_transport'] === 'socket'
    ? (await import('./socket-transport.ts')).socketTransport(parts)
    : (await import('./undici-transport.ts')).undiciTransport(parts)
}
