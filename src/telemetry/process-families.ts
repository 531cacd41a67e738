// What a scrape gets of this process as a whole: its version, whether it is ready, how many sockets are open.
// It only asks, at the scrape; nothing here is counted on the way of a request.

import { type Family, gauge, one } from './exposition.ts'
import { METRIC } from './names.ts'

/** What the rest of the gateway is asked at each scrape. */
export interface Vitals {
  /** `/readyz` would answer 200. */
  ready(): boolean
  /** Sockets of clients that are open; those of TLS count from their handshake on. */
  downstreamConnections(): number
  /** Connections to upstreams that are open. */
  upstreamConnections(): number
}

export function processFamilies(version: string, vitals: Vitals): Family[] {
  return [
    gauge(METRIC.buildInfo, 'The version that runs; always 1.', () => [{ labels: { version }, value: 1 }]),
    gauge(METRIC.ready, '1 while /readyz answers 200.', () => one(vitals.ready() ? 1 : 0)),
    gauge(METRIC.connections, 'Sockets that are open: of clients and to upstreams.', () => [
      { labels: { side: 'downstream' }, value: vitals.downstreamConnections() },
      { labels: { side: 'upstream' }, value: vitals.upstreamConnections() },
    ]),
  ]
}
