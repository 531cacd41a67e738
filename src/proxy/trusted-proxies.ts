// Who may tell us about the client: addresses whose X-Forwarded-* and Forwarded fields are believed.

import { BlockList, isIPv6 } from 'node:net'

export interface TrustedProxies {
  /** True for a peer whose forwarded fields are believed. */
  trusts(address: string): boolean
}

/** Compiles CIDR blocks and single addresses; they were checked when the option was read. */
export function trustedProxies(blocks: readonly string[]): TrustedProxies {
  if (blocks.length === 0) return { trusts: () => false }
  const list = new BlockList()
  for (const block of blocks) {
    const [address = '', prefix] = block.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return { trusts: (address) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4') }
}

/** The address without the IPv6 mapping of an IPv4 one (`::ffff:127.0.0.1`). */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return ''
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

/**
 * The client's address: the last entry of X-Forwarded-For that no trusted proxy added, where the peer is trusted;
 * otherwise the peer's own.
 */
export function clientAddress(peer: string, forwardedFor: string, proxies: TrustedProxies): string {
  if (forwardedFor === '' || !proxies.trusts(peer)) return peer
  const chain = forwardedFor.split(',')
  let client = peer
  for (let at = chain.length - 1; at >= 0; at -= 1) {
    const hop = plainAddress(chain[at]?.trim())
    if (!/^[0-9a-fA-F.:]{2,45}$/.test(hop)) return client
    client = hop
    if (!proxies.trusts(hop)) return hop
  }
  return client
}
