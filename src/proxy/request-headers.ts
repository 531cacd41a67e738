// The head that goes upstream: the client's fields in their order and spelling, less what belongs to one connection,
// plus who forwarded it. It must never write framing that differs from what the transport will send.

import { isHopByHop, namedByConnection } from './hop-by-hop.ts'
import type { Peer } from './peer.ts'

/** What the forwarded fields are made of. */
export interface Hop {
  /** Whoever is connected to us; where it is trusted, its forwarded fields are kept and appended to. */
  readonly peer: Peer
  /** Host as the client sent it. */
  readonly authority: string
  readonly httpVersion: string
}

/** Options that never change while the gateway runs. */
export interface RequestHeaderRules {
  /** Lower case: the header that carries an api key. No upstream sees it. */
  readonly apiKeyHeader: string
  /** Inbound baggage is passed on. */
  readonly passBaggage: boolean
  /** Upstreams may send trailers to a client that takes them. */
  readonly takesTrailers: boolean
}

const PSEUDONYM = 'kanali'
/** The keyword among the codings of TE. */
const TRAILERS = /(?:^|,)[\t ]*trailers[\t ]*(?:,|$)/i

/** Forwarded fields as they came, gathered while copying. */
interface Inbound {
  forwardedFor: string
  forwardedHost: string
  forwardedProto: string
  forwarded: string
  via: string
}

/**
 * Builds the upstream's fields as a flat name, value list. `traceparent` and `tracestate` are left to the caller.
 * `contentLength` as in `Admitted`: a declared length is written, chunked content is framed by the transport.
 */
export function requestHeaders(
  raw: readonly string[],
  hop: Hop,
  contentLength: number,
  rules: RequestHeaderRules,
): string[] {
  const named = namedByConnection(raw)
  const inbound: Inbound = { forwardedFor: '', forwardedHost: '', forwardedProto: '', forwarded: '', via: '' }
  let saysTrailers = false
  const out: string[] = hop.authority === '' ? [] : ['host', hop.authority]
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? ''
    const value = raw[at + 1] ?? ''
    if (isHopByHop(name)) {
      if (name.length === 2) saysTrailers ||= TRAILERS.test(value)
      continue
    }
    if (isOurs(name, value, inbound, rules)) continue
    if (named?.has(name.toLowerCase())) continue
    out.push(name, value)
  }
  if (contentLength > 0 || (contentLength === 0 && hasLength(raw)))
    out.push('content-length', String(contentLength))
  // Said anew for this hop, as what is true of it (RFC 9110 section 10.1.4).
  if (saysTrailers && rules.takesTrailers && hop.httpVersion === '1.1') out.push('te', 'trailers')
  appendForwarded(out, hop, inbound)
  return out
}

/** Fields that this gateway writes itself or keeps back; remembers what it needs of them. */
function isOurs(name: string, value: string, inbound: Inbound, rules: RequestHeaderRules): boolean {
  if (name.length === rules.apiKeyHeader.length && name.toLowerCase() === rules.apiKeyHeader) return true
  switch (name.length) {
    case 3:
      if (name.toLowerCase() !== 'via') return false
      inbound.via = join(inbound.via, value)
      return true
    case 4:
      return name.toLowerCase() === 'host'
    case 6:
      return name.toLowerCase() === 'expect'
    case 7: {
      const lower = name.toLowerCase()
      return lower === 'trailer' || (lower === 'baggage' && !rules.passBaggage)
    }
    case 9:
      if (name.toLowerCase() !== 'forwarded') return false
      inbound.forwarded = join(inbound.forwarded, value)
      return true
    case 10:
      return name.toLowerCase() === 'tracestate'
    case 11:
      return name.toLowerCase() === 'traceparent'
    case 14:
      return name.toLowerCase() === 'content-length'
    default:
      return isForwardedX(name, value, inbound)
  }
}

function isForwardedX(name: string, value: string, inbound: Inbound): boolean {
  if (name.length < 15 || (name.charCodeAt(0) | 0x20) !== 0x78) return false
  switch (name.toLowerCase()) {
    case 'x-forwarded-for':
      inbound.forwardedFor = join(inbound.forwardedFor, value)
      return true
    case 'x-forwarded-host':
      inbound.forwardedHost = join(inbound.forwardedHost, value)
      return true
    case 'x-forwarded-proto':
      inbound.forwardedProto = join(inbound.forwardedProto, value)
      return true
    case 'x-forwarded-port':
      return true
    default:
      return false
  }
}

function appendForwarded(out: string[], hop: Hop, inbound: Inbound): void {
  const { address, scheme, forwardedPair, isTrusted: keep } = hop.peer
  const first = keep && inbound.forwardedFor !== ''
  out.push('x-forwarded-for', first ? `${inbound.forwardedFor}, ${address}` : address)
  out.push('x-forwarded-proto', keep && inbound.forwardedProto !== '' ? inbound.forwardedProto : scheme)
  const host = keep && inbound.forwardedHost !== '' ? inbound.forwardedHost : hop.authority
  if (host !== '') out.push('x-forwarded-host', host)
  const element = hop.authority === '' ? forwardedPair : `${forwardedPair};host="${hop.authority}"`
  out.push('forwarded', keep ? join(inbound.forwarded, element) : element)
  out.push('via', join(inbound.via, `${hop.httpVersion} ${PSEUDONYM}`))
}

/** The client's own trace fields, first of each; empty where absent. */
export function traceFields(raw: readonly string[]): {
  traceparent: string | undefined
  tracestate: string | undefined
} {
  let traceparent: string | undefined
  let tracestate: string | undefined
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? ''
    if (name.length === 11 && name.toLowerCase() === 'traceparent') {
      // Two of them cannot both be meant: neither is (W3C Trace Context section 3.2).
      traceparent = traceparent === undefined ? raw[at + 1] : ''
    } else if (name.length === 10 && name.toLowerCase() === 'tracestate') {
      tracestate = tracestate === undefined ? raw[at + 1] : `${tracestate},${raw[at + 1]}`
    }
  }
  return { traceparent, tracestate }
}

/** First value of a field, by its lower-case name. */
export function headerValue(raw: readonly string[], lowerName: string): string | undefined {
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? ''
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) return raw[at + 1]
  }
  return undefined
}

/** Every value of a field, joined by a comma as RFC 9110 section 5.3 allows; empty where there is none. */
export function headerList(raw: readonly string[], lowerName: string): string {
  let list = ''
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? ''
    if (name.length === lowerName.length && name.toLowerCase() === lowerName)
      list = join(list, raw[at + 1] ?? '')
  }
  return list
}

function hasLength(raw: readonly string[]): boolean {
  return headerValue(raw, 'content-length') !== undefined
}

function join(list: string, value: string): string {
  return list === '' ? value : `${list}, ${value}`
}
