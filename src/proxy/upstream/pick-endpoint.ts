// Which endpoint of an upstream a request goes to: of two that are drawn at random, the one with fewer requests under
// way. That keeps a slow endpoint from drawing the work of all, with no more to know than two numbers.
// Source: M. Mitzenmacher, The Power of Two Choices in Randomized Load Balancing (2001).

import type { Endpoint, Upstream } from '../../snapshot/snapshot.ts'
import type { Transport } from './transport.ts'

/**
 * Where that endpoint can take no more requests, the other of the two has at least as many: there is nothing to fall
 * back to.
 */
export function pickEndpoint(
  upstream: Upstream,
  transport: Pick<Transport, 'load'>,
  random: () => number = Math.random,
): Endpoint {
  const { endpoints } = upstream
  const count = endpoints.length
  if (count === 1) return endpoints[0]
  const at = Math.floor(random() * count)
  // Any but the first.
  const beside = (at + 1 + Math.floor(random() * (count - 1))) % count
  const one = endpoints[at] ?? endpoints[0]
  const other = endpoints[beside] ?? endpoints[0]
  return transport.load(upstream, other) < transport.load(upstream, one) ? other : one
}
