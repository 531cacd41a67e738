// What node:http's parser refuses before there is a request, or inside a request's content, as a reason of ours.

import type { RejectionReason } from '../errors/rejections.ts'

/** Codes that tell more than "malformed"; llhttp's names and Node's own. */
const REASONS: Readonly<Record<string, RejectionReason>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'headers_too_large',
  HPE_INVALID_VERSION: 'version_unsupported',
  // The preface of HTTP/2.
  HPE_PAUSED_H2_UPGRADE: 'version_unsupported',
  HPE_INVALID_CONTENT_LENGTH: 'ambiguous_framing',
  HPE_UNEXPECTED_CONTENT_LENGTH: 'ambiguous_framing',
  HPE_INVALID_TRANSFER_ENCODING: 'ambiguous_framing',
  HPE_UNEXPECTED_TRANSFER_ENCODING: 'ambiguous_framing',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}

/** The reason of a parser's error; undefined where the connection is simply gone and nobody is left to answer. */
export function parserRejection(error: Error): RejectionReason | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const reason = REASONS[code]
  if (reason !== undefined) return reason
  if (code === 'HPE_INVALID_EOF_STATE') return undefined
  return code.startsWith('HPE_') ? 'malformed_request' : undefined
}
