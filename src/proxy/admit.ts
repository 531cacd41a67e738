// Step 1 of an exchange: is this a request that HTTP/1.1 allows and this gateway serves? A pure reading of the head.
// It must never look at a snapshot: what is refused here is refused whatever is configured.

import type { RejectionReason } from '../errors/rejections.ts'
import { segmentsEscape } from '../resources/path.ts'
import { parseAuthority, type Authority } from './authority.ts'

/** The head of a request as the parser hands it over. */
export interface RequestHead {
  readonly method: string
  readonly target: string
  readonly httpVersion: string
  /** Flat name, value list. */
  readonly rawHeaders: readonly string[]
}

/** What is known of an admitted request beyond its head. */
export interface Admitted {
  /** Raw path, begins with a slash; `*` for OPTIONS of the server itself. */
  readonly path: string
  /** From the question mark on, with it; empty where there is none. */
  readonly search: string
  readonly host: string
  /** Named in the Host field or the absolute target; 0 where none. */
  readonly hostPort: number
  /** The authority as it was sent: what the upstream gets as Host. Empty for HTTP/1.0 without one. */
  readonly authority: string
  /** -1 chunked, otherwise the declared length; 0 is no content. */
  readonly contentLength: number
  readonly expectsContinue: boolean
}

/** Fields of the head that decide, gathered in one pass. */
interface Fields {
  hosts: number
  host: string
  contentLength: string | undefined
  lengths: number
  transferEncoding: string | undefined
  expect: string | undefined
}

/** Admits a head, or says by which rule it is refused (RFC 9112 sections 3, 5 and 6; RFC 9110 section 7.2). */
export function admit(head: RequestHead, maxHeaderCount: number): Admitted | RejectionReason {
  if (head.httpVersion !== '1.1' && head.httpVersion !== '1.0') return 'version_unsupported'
  if (head.method === 'CONNECT' || head.method === 'TRACE') return 'method_not_allowed'
  if (head.rawHeaders.length / 2 > maxHeaderCount) return 'too_many_headers'
  const fields = gather(head.rawHeaders)
  if (fields.hosts > 1) return 'host_duplicate'
  if (fields.hosts === 0 && head.httpVersion === '1.1') return 'host_missing'
  const length = framing(head, fields)
  if (typeof length === 'string') return length
  const hostAuthority = fields.hosts === 1 ? parseAuthority(fields.host) : NO_AUTHORITY
  if (hostAuthority === undefined) return 'host_invalid'
  const expects = fields.expect !== undefined
  if (expects && fields.expect?.toLowerCase() !== '100-continue') return 'expectation_failed'
  const target = readTarget(head, fields.host, hostAuthority)
  if (typeof target === 'string') return target
  return {
    ...target,
    contentLength: length,
    expectsContinue: expects && head.httpVersion === '1.1' && length !== 0,
  }
}

const NO_AUTHORITY: Authority = { host: '', port: 0 }

/** Only names of the lengths 4, 6, 14 and 17 are looked at. */
function gather(raw: readonly string[]): Fields {
  const fields: Fields = {
    hosts: 0,
    host: '',
    contentLength: undefined,
    lengths: 0,
    transferEncoding: undefined,
    expect: undefined,
  }
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? ''
    switch (name.length) {
      case 4:
        if (name.toLowerCase() === 'host') {
          fields.hosts += 1
          fields.host = raw[at + 1] ?? ''
        }
        break
      case 6:
        if (name.toLowerCase() === 'expect') fields.expect = raw[at + 1]
        break
      case 14:
        if (name.toLowerCase() === 'content-length') {
          fields.lengths += 1
          fields.contentLength = raw[at + 1]
        }
        break
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') {
          const value = raw[at + 1] ?? ''
          fields.transferEncoding =
            fields.transferEncoding === undefined ? value : `${fields.transferEncoding}, ${value}`
        }
        break
      default:
    }
  }
  return fields
}

/** The content's length by RFC 9112 section 6.3, or the rule that it breaks. */
function framing(head: RequestHead, fields: Fields): number | RejectionReason {
  if (fields.transferEncoding !== undefined) {
    if (fields.lengths > 0 || head.httpVersion === '1.0') return 'ambiguous_framing'
    return fields.transferEncoding.trim().toLowerCase() === 'chunked' ? -1 : 'transfer_coding_unsupported'
  }
  if (fields.contentLength === undefined) return 0
  if (fields.lengths > 1 || !/^\d{1,15}$/.test(fields.contentLength)) return 'ambiguous_framing'
  return Number(fields.contentLength)
}

type Target = Pick<Admitted, 'path' | 'search' | 'host' | 'hostPort' | 'authority'>

/** Origin-form, absolute-form (whose authority replaces Host, RFC 9112 section 3.2.2) or asterisk-form. */
function readTarget(head: RequestHead, hostField: string, authority: Authority): Target | RejectionReason {
  const target = head.target
  if (target === '*') {
    if (head.method !== 'OPTIONS') return 'target_invalid'
    return { path: '*', search: '', host: authority.host, hostPort: authority.port, authority: hostField }
  }
  if (target.charCodeAt(0) === 0x2f) return splitTarget(target, hostField, authority)
  const scheme = /^https?:\/\//i.exec(target)
  if (scheme === null) return 'target_invalid'
  const rest = target.slice(scheme[0].length)
  const end = rest.search(/[/?#]/)
  const named = end < 0 ? rest : rest.slice(0, end)
  const parsed = parseAuthority(named)
  if (parsed === undefined) return 'target_invalid'
  const tail = end < 0 ? '' : rest.slice(end)
  return splitTarget(tail.startsWith('/') ? tail : `/${tail}`, named, parsed)
}

function splitTarget(target: string, named: string, authority: Authority): Target | RejectionReason {
  if (target.includes('#')) return 'target_invalid'
  const mark = target.indexOf('?')
  const path = mark < 0 ? target : target.slice(0, mark)
  if (segmentsEscape(path)) return 'path_traversal'
  return {
    path,
    search: mark < 0 ? '' : target.slice(mark),
    host: authority.host,
    hostPort: authority.port,
    authority: named,
  }
}
