// Reads an authority (`host[:port]`): the Host field, and the target of absolute-form requests.
// It must never accept more than RFC 3986 section 3.2.2 does: what passes here is compared with virtual hosts.

import { normaliseIpv6 } from '../resources/host.ts'

export interface Authority {
  /** Lower case, without trailing dot; IPv6 addresses without brackets in their shortest form: as virtual hosts are kept. */
  readonly host: string
  /** 0 where the authority names none. */
  readonly port: number
}

/** Reads `text`; undefined where it is not a valid, non-empty authority without user information. */
export function parseAuthority(text: string): Authority | undefined {
  if (text.length === 0 || text.length > 512) return undefined
  if (text.charCodeAt(0) === 0x5b) return parseBracketed(text)
  const colon = text.indexOf(':')
  const named = colon < 0 ? text : text.slice(0, colon)
  // The dot of a fully qualified name says nothing about which host is meant.
  const host = named.endsWith('.') ? named.slice(0, -1) : named
  const port = colon < 0 ? 0 : parsePort(text, colon + 1)
  if (port < 0 || host.length === 0 || !isRegName(host)) return undefined
  return { host: lower(host), port }
}

function parseBracketed(text: string): Authority | undefined {
  const end = text.indexOf(']')
  if (end < 0) return undefined
  const host = text.slice(1, end)
  const address = normaliseIpv6(host)
  if (address === undefined) return undefined
  if (end === text.length - 1) return { host: address, port: 0 }
  if (text.charCodeAt(end + 1) !== 0x3a) return undefined
  const port = parsePort(text, end + 2)
  return port < 0 ? undefined : { host: address, port }
}

/** Decimal digits from `from` to the end; 0 where there are none (RFC 3986 allows `host:`), -1 where it is no port. */
function parsePort(text: string, from: number): number {
  if (text.length - from > 5) return -1
  let port = 0
  for (let at = from; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return -1
    port = port * 10 + digit
  }
  return port > 65_535 ? -1 : port
}

/** unreserved / sub-delims / pct-encoded, less the delimiters that would let two readers disagree (comma, semicolon, quotes). */
function isRegName(host: string): boolean {
  for (let at = 0; at < host.length; at += 1) {
    const c = host.charCodeAt(at)
    const letterOrDigit = (c >= 0x61 && c <= 0x7a) || (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x5a)
    if (!letterOrDigit && c !== 0x2d && c !== 0x2e && c !== 0x5f && c !== 0x7e) return false
  }
  return true
}

/** Lower-cases only where needed: most Hosts arrive in lower case. */
function lower(host: string): string {
  for (let at = 0; at < host.length; at += 1) {
    const c = host.charCodeAt(at)
    if (c >= 0x41 && c <= 0x5a) return host.toLowerCase()
  }
  return host
}
