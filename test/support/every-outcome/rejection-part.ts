// What HTTP itself refuses, but for overload and the end of the gateway: bytes for each reason, for a gateway with the
// flags of this part.

import { connectHttp, type RawResponse } from '../http-client.ts'
import type { RejectionReason } from '../../../src/errors/rejections.ts'
import type { Ask, Part } from './outcome.ts'

const HEADER_BYTES_MAX = 64 * 1024
const HEADERS_MAX = 60
const BODY_BYTES_MAX = 128 * 1024 * 1024

const field = (text: string): string => `GET /cart HTTP/1.1\r\nHost: localhost\r\n${text}\r\n`

/** In the order of the list of rejections. */
const BYTES = {
  malformed_request: 'EHLO example\r\n\r\n',
  ambiguous_framing:
    'POST /cart HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  host_missing: 'GET /cart HTTP/1.1\r\n\r\n',
  host_duplicate: 'GET /cart HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n',
  host_invalid: 'GET /cart HTTP/1.1\r\nHost: me@a\r\n\r\n',
  target_invalid: 'GET * HTTP/1.1\r\nHost: localhost\r\n\r\n',
  path_traversal: 'GET /cart/../shut HTTP/1.1\r\nHost: localhost\r\n\r\n',
  method_not_allowed: 'TRACE /cart HTTP/1.1\r\nHost: localhost\r\n\r\n',
  request_timeout: 'POST /cart HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nfive!',
  body_too_large: `POST /cart HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${BODY_BYTES_MAX + 1}\r\n\r\n`,
  expectation_failed: field('Expect: a-miracle\r\n'),
  headers_too_large: field(`X-Field: ${'a'.repeat(HEADER_BYTES_MAX)}\r\n`),
  too_many_headers: field('X-Field: 1\r\n'.repeat(HEADERS_MAX)),
  transfer_coding_unsupported:
    'POST /cart HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  version_unsupported: 'GET /cart HTTP/1.2\r\nHost: localhost\r\n\r\n',
} as const satisfies Partial<Record<RejectionReason, string>>

export function rejectionPart(): Part {
  return {
    manifests: [],
    asks: Object.fromEntries(Object.entries(BYTES).map(([reason, bytes]) => [reason, sending(bytes)])),
    flags: {
      'server.max_header_bytes': '64KiB',
      'server.max_header_count': String(HEADERS_MAX),
      'server.max_body_bytes': '128MiB',
      'server.header_timeout': '500ms',
      'server.body_timeout': '500ms',
    },
    stop: () => Promise.resolve(),
  }
}

/** The first line of the bytes is what the request is known by. */
function sending(bytes: string): Ask {
  const [method = '', target = ''] = bytes.split(' ')
  return {
    method,
    target,
    headers: [],
    async send(port): Promise<RawResponse> {
      await using connection = await connectHttp(port)
      await connection.send(bytes)
      return await connection.response({ method })
    },
  }
}
