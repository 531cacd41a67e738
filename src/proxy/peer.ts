// Who is at the other end of a client's connection: read from the socket once, when it is accepted, and not for every
// request on it. What a request says of itself (X-Forwarded-For) is not in it.

import { isIPv6, type Socket } from 'node:net'
import { plainAddress, type TrustedProxies } from './trusted-proxies.ts'

export interface Peer {
  /** Without the IPv6 mapping of an IPv4 address; empty where the connection was gone before it could be read. */
  readonly address: string
  /** 0 where it is not known. */
  readonly port: number
  readonly scheme: 'http' | 'https'
  /** Its forwarded fields are believed. */
  readonly isTrusted: boolean
  /** What this gateway adds to a Forwarded field for it, up to the host (RFC 7239 sections 4 and 6). */
  readonly forwardedPair: string
}

/** Reads it; never fails. */
export function peerOf(socket: Socket, trusted: TrustedProxies): Peer {
  const address = plainAddress(socket.remoteAddress)
  const scheme = 'encrypted' in socket ? 'https' : 'http'
  return {
    address,
    port: socket.remotePort ?? 0,
    scheme,
    isTrusted: address !== '' && trusted.trusts(address),
    forwardedPair: forwardedPair(address, scheme),
  }
}

/** An IPv6 address stands in brackets and, for their sake, in quotes (RFC 7239 section 6). */
export function forwardedPair(address: string, scheme: Peer['scheme']): string {
  return `for=${isIPv6(address) ? `"[${address}]"` : address};proto=${scheme}`
}
