// What HTTP itself refuses, before or beside any ApiProxy: a closed list with HTTP's own status and no Kanali code.
// These never use the fifteen codes; on every signal they are outcome `rejected` with one of these reasons.

interface RejectionEntry {
  readonly reason: string
  /** HTTP status of the answer. */
  readonly status: number
  /** One line: the body that the client gets, and what the documentation says. */
  readonly means: string
  /** Framing is lost or in doubt: the connection is closed after the answer. */
  readonly closes: boolean
}

export const REJECTIONS = [
  {
    reason: 'malformed_request',
    status: 400,
    means: 'The request is not well-formed HTTP/1.1.',
    closes: true,
  },
  {
    reason: 'ambiguous_framing',
    status: 400,
    means: 'The length of the content is given in conflicting ways.',
    closes: true,
  },
  { reason: 'host_missing', status: 400, means: 'An HTTP/1.1 request needs one Host field.', closes: true },
  { reason: 'host_duplicate', status: 400, means: 'The request has more than one Host field.', closes: true },
  { reason: 'host_invalid', status: 400, means: 'The Host field is not a valid authority.', closes: true },
  {
    reason: 'target_invalid',
    status: 400,
    means: 'The request target is not valid for this method.',
    closes: true,
  },
  {
    reason: 'path_traversal',
    status: 400,
    means: 'The path has a "." or ".." segment, raw or percent-encoded.',
    closes: false,
  },
  { reason: 'method_not_allowed', status: 405, means: 'CONNECT and TRACE are not served.', closes: true },
  { reason: 'request_timeout', status: 408, means: 'The request took too long to arrive.', closes: true },
  {
    reason: 'body_too_large',
    status: 413,
    means: 'The content is larger than this gateway allows.',
    closes: true,
  },
  {
    reason: 'expectation_failed',
    status: 417,
    means: 'The Expect field holds something other than 100-continue.',
    closes: true,
  },
  {
    reason: 'headers_too_large',
    status: 431,
    means: 'Request line and header fields are larger than this gateway allows.',
    closes: true,
  },
  {
    reason: 'too_many_headers',
    status: 431,
    means: 'The request has more header fields than this gateway allows.',
    closes: true,
  },
  {
    reason: 'transfer_coding_unsupported',
    status: 501,
    means: 'Only the chunked transfer coding is known.',
    closes: true,
  },
  {
    reason: 'overloaded_requests',
    status: 503,
    means: 'This gateway is at its limit of concurrent requests.',
    closes: false,
  },
  {
    reason: 'overloaded_connections',
    status: 503,
    means: 'This gateway is at its limit of connections.',
    closes: true,
  },
  {
    reason: 'shutting_down',
    status: 503,
    means: 'This gateway is going away, and the request was not finished in the time that it gave.',
    closes: true,
  },
  {
    reason: 'version_unsupported',
    status: 505,
    means: 'Only HTTP/1.0 and HTTP/1.1 are served here.',
    closes: true,
  },
] as const satisfies readonly RejectionEntry[]

export type RejectionReason = (typeof REJECTIONS)[number]['reason']
export type Rejection = RejectionEntry & { readonly reason: RejectionReason }

const BY_REASON = new Map<RejectionReason, Rejection>(REJECTIONS.map((entry) => [entry.reason, entry]))

/** The entry of a reason. */
export function rejectionOf(reason: RejectionReason): Rejection {
  const found = BY_REASON.get(reason)
  if (found === undefined) throw new Error(`no rejection has the reason ${reason}`)
  return found
}
