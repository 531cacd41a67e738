// Answers what the HTTP parser refused or gave up waiting for: there is no request yet, only a socket.
// It never keeps the connection: where the next request begins is not known any more (RFC 9112 section 9.6).

import type { Socket } from 'node:net'

const PARSER_STATUS: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Content Too Large',
}

/**
 * For `clientError`. A socket on which something was written already is cut without a word, since bytes behind an
 * answer could be taken for part of it.
 */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy()
    return
  }
  const status = PARSER_STATUS[error.code ?? ''] ?? '400 Bad Request'
  const body = `${JSON.stringify({ error: 'malformed_request', message: status.slice(4) })}\n`
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncache-control: no-store\r\n` +
      `x-content-type-options: nosniff\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}
