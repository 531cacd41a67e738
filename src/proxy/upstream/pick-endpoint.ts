// Which endpoint of an upstream a request goes to: in turn, each upstream with a counter of its own.

import type { Endpoint, Upstream } from '../../snapshot/snapshot.ts'

const TURNS = new WeakMap<Upstream, { next: number }>()

/** The next endpoint in turn. */
export function pickEndpoint(upstream: Upstream): Endpoint {
  const { endpoints } = upstream
  if (endpoints.length === 1) return endpoints[0]
  let turn = TURNS.get(upstream)
  if (turn === undefined) TURNS.set(upstream, (turn = { next: 0 }))
  turn.next = (turn.next + 1) % endpoints.length
  return endpoints[turn.next] ?? endpoints[0]
}
