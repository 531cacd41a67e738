// The head that goes to the client: the upstream's fields in their order and spelling, less what belongs to one
// connection, plus Via and the correlation id. It must never pass framing that the answer will not have.

import { isHopByHop, namedByConnection } from './hop-by-hop.ts'

/** Name of the field that carries the trace id on every answer. */
export const CORRELATION_HEADER = 'x-kanali-correlation-id'
/** Says how many Services dynamic discovery found, where they were several. */
export const CARDINALITY_HEADER = 'x-kanali-service-cardinality'

/** The upstream's fields as read, and what they say about framing. */
export interface ResponseHead {
  /** Flat name, value list for the client. */
  readonly headers: string[]
  /** Declared length; -1 where none is. */
  readonly contentLength: number
  /** A transfer coding other than chunked: the content cannot be delimited by us. */
  readonly unframeable: boolean
  /** Value of Trailer; empty without. It is not among the headers: only content in chunks can have any. */
  readonly trailer: string
  /** Lower-case names that Connection lists, of which no trailer goes on either. */
  readonly named: ReadonlySet<string> | undefined
}

/** Reads and filters the upstream's fields. `bodiless`: 204, where a length must not be passed (RFC 9110 section 8.6). */
export function responseHead(raw: readonly string[], httpVersion: string, bodiless: boolean): ResponseHead {
  const named = namedByConnection(raw)
  const headers: string[] = []
  let contentLength = -1
  let unframeable = false
  let coded = false
  let via = ''
  let trailer = ''
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? ''
    const value = raw[at + 1] ?? ''
    if (isHopByHop(name)) {
      if (name.length === 17) {
        // Chunked twice over is no framing either, in one field or in two (RFC 9112 section 6.1). Nor is one with a tab
        // behind it: the socket transport takes that away, and undici reads the content as if it had no framing.
        if (coded || value.includes('\t') || value.trim().toLowerCase() !== 'chunked') unframeable = true
        coded = true
      }
      continue
    }
    if (named?.has(name.toLowerCase())) continue
    switch (name.length) {
      case 3:
        if (name.toLowerCase() === 'via') {
          via = via === '' ? value : `${via}, ${value}`
          continue
        }
        break
      case 7:
        if (name.toLowerCase() === 'trailer') {
          trailer = trailer === '' ? value : `${trailer}, ${value}`
          continue
        }
        break
      case 14:
        if (name.toLowerCase() === 'content-length') {
          if (bodiless) continue
          contentLength = Number(value)
        }
        break
      case CORRELATION_HEADER.length:
        if (name.toLowerCase() === CORRELATION_HEADER) continue
        break
      default:
    }
    headers.push(name, value)
  }
  headers.push('via', via === '' ? `${httpVersion} kanali` : `${via}, ${httpVersion} kanali`)
  return { headers, contentLength, unframeable, trailer, named }
}

/** Fields of an informational answer that may be passed on. */
export function informationalHeaders(raw: readonly string[]): string[] {
  const named = namedByConnection(raw)
  const headers: string[] = []
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? ''
    const lower = name.toLowerCase()
    if (isHopByHop(name) || lower === 'content-length' || named?.has(lower)) continue
    headers.push(name, raw[at + 1] ?? '')
  }
  return headers
}

/** undici hands header fields over as buffers or strings; fields are latin1 octets (RFC 9110 section 5.5). */
export function latin1List(raw: readonly (Buffer | string)[]): string[] {
  return raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1')))
}
