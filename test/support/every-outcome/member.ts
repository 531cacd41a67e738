// One gateway of the world, with what it answers and how it ends.

import type { Asks, GatewayName, OutcomeGateway, Places } from './outcome.ts'

/** Where spans go; undefined: tracing is off. */
export type Sink = { readonly httpUrl: string } | undefined

export interface Member {
  readonly gateway: OutcomeGateway
  /** Of every outcome that it can show. */
  readonly asks: Asks
  /** Ends the gateway, and then what stood behind it. */
  stop(): Promise<void>
}

/** @param release ends what stood behind the gateway */
export function memberOf(
  name: GatewayName,
  running: Omit<OutcomeGateway, 'name' | 'places'> & { stop(): Promise<unknown> },
  asks: Asks,
  release: () => Promise<void>,
  places: Places = {},
): Member {
  const { port, profilingPort, prometheusPort } = running
  return {
    gateway: { name, port, profilingPort, prometheusPort, places },
    asks,
    stop: async () => {
      await running.stop()
      await release()
    },
  }
}
