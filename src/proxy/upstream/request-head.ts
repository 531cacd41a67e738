// The head of a request as the text that is written (RFC 9112 sections 3 and 5). Its framing follows from what will be
// sent, never from the method; a name or value that could end its line is refused, whoever put it there.

import { isFieldText, isToken } from './field-section.ts'
import type { UpstreamRequest } from './transport.ts'
import { REQUEST_UNWRITABLE, WireFault } from './wire-fault.ts'

export interface RequestHead {
  /** Latin1, with the empty line. */
  readonly text: string
  /** Declared length of the content; -1: chunked, or none. */
  readonly length: number
}

/** Methods of which an empty content is said (RFC 9110 section 8.6). */
const EXPECTS_CONTENT = new Set(['POST', 'PUT', 'PATCH'])

/** `authority`: for Host, where the fields have none. */
export function requestHead(request: UpstreamRequest, authority: string): RequestHead | WireFault {
  const { method, path, headers, body } = request
  if (!isToken(method, 0, method.length)) return unwritable('the method is no token')
  if (!isTarget(path)) return unwritable('the target has a character that a request line cannot have')
  let fields = ''
  let length = -1
  let hasHost = false
  let hasTe = false
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? ''
    const value = headers[at + 1] ?? ''
    if (!isToken(name, 0, name.length)) return unwritable('the name of a field is no token')
    if (!isFieldText(value)) return unwritable(`the field ${name} has a character that it cannot have`)
    switch (name.length) {
      case 2:
        if (name.toLowerCase() === 'te') hasTe = true
        break
      case 4:
        if (name.toLowerCase() === 'host') hasHost = true
        break
      case 14:
        if (name.toLowerCase() === 'content-length') {
          if (length !== -1 || !/^\d{1,15}$/.test(value)) return unwritable('the length is none')
          length = Number(value)
        }
        break
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') return unwritable('framing is not the caller’s')
        break
      default:
    }
    fields += `${name}: ${value}\r\n`
  }
  if (body === undefined) {
    if (length > 0) return unwritable('a length is declared, and there is no content')
    if (length === -1 && EXPECTS_CONTENT.has(method)) fields += 'content-length: 0\r\n'
  } else if (length === -1) fields += 'transfer-encoding: chunked\r\n'
  const host = hasHost ? '' : `host: ${authority}\r\n`
  // Said for the sake of HTTP/1.0 upstreams, which close otherwise. TE is this hop's own (RFC 9110 section 10.1.4).
  const connection = hasTe ? 'keep-alive, te' : 'keep-alive'
  return {
    text: `${method} ${path} HTTP/1.1\r\n${host}connection: ${connection}\r\n${fields}\r\n`,
    length,
  }
}

function isTarget(path: string): boolean {
  if (path === '') return false
  for (let at = 0; at < path.length; at++) {
    const code = path.charCodeAt(at)
    if (code <= 32 || code === 127 || code > 255) return false
  }
  return true
}

function unwritable(message: string): WireFault {
  return new WireFault(REQUEST_UNWRITABLE, message)
}
