// The one place where an error of the transport becomes a reason. Codes alone do not suffice: UND_ERR_SOCKET covers a
// FIN, an unasked 100 and a lost client certificate; ECONNRESET happens in every phase; garbage has no errno at all.

import type { Reason } from '../errors/catalogue.ts'
import { failure, type Failure } from '../errors/failure.ts'
import { ADDRESS_REFUSED, CONNECT_TIMEOUT, TLS_MATERIAL_REFUSED } from './upstream/connector.ts'
import { HEAD_TOO_LARGE, STATUS_INVALID, type Phase, type TransportFault } from './upstream/transport.ts'
import { CLOSED, MALFORMED, UNEXPECTED_INFORMATIONAL } from './upstream/wire-fault.ts'

interface Row {
  /** Phases in which the row holds; absent: in all. */
  readonly phases?: readonly Phase[]
  readonly name?: RegExp
  readonly code?: RegExp
  readonly message?: RegExp
  readonly reason: Reason
}

const CONNECTING: readonly Phase[] = ['pending', 'dns', 'connect', 'tls']
/** Who resets a connection as soon as he has it (a SYN is refused by ECONNREFUSED) may do so before we see that we have it. */
const BEFORE_HEAD: readonly Phase[] = ['pending', 'connect', 'sending', 'waiting']
const PARSER_ERROR = /^HTTPParserError$/
const LENGTH_MISMATCH = /^UND_ERR_RES_CONTENT_LENGTH_MISMATCH$/
/** The peer has closed or reset the connection, in the words of either transport and of the system. */
const GONE = new RegExp(`^(${CLOSED}|UND_ERR_SOCKET|ECONNRESET|EPIPE|ECONNABORTED)$`)

/** The first row that holds decides; the order is from the most telling sign to the least. */
const ROWS: readonly Row[] = [
  { code: new RegExp(`^${ADDRESS_REFUSED}$`), reason: 'address_not_allowed' },
  { code: new RegExp(`^${TLS_MATERIAL_REFUSED}$`), reason: 'certificate_unparsable' },
  { phases: ['tls'], code: new RegExp(`^${CONNECT_TIMEOUT}$`), reason: 'tls_handshake_failed' },
  { phases: ['dns'], code: new RegExp(`^${CONNECT_TIMEOUT}$`), reason: 'dns_error' },
  { code: new RegExp(`^(${CONNECT_TIMEOUT}|ETIMEDOUT)$`), reason: 'connection_timeout' },
  { code: /^(ENOTFOUND|EAI_[A-Z]+|ENODATA|ESERVFAIL|EREFUSED)$/, reason: 'dns_error' },
  { phases: ['dns'], reason: 'dns_error' },
  { phases: CONNECTING, code: /^ECONNREFUSED$/, reason: 'connection_refused' },
  {
    code: /^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EACCES|EINVAL)$/,
    phases: CONNECTING,
    reason: 'destination_unroutable',
  },
  // The alert of a server that did not like our certificate; in TLS 1.3 it comes after our side of the handshake.
  {
    code: /ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|UNKNOWN_CA|CERTIFICATE_EXPIRED|CERTIFICATE_REVOKED|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED|NO_CERTIFICATE)/,
    reason: 'tls_client_certificate_refused',
  },
  { code: /^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/, reason: 'tls_certificate_expired' },
  { code: /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/, reason: 'tls_certificate_name_mismatch' },
  {
    code: /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_[A-Z_]+|CERT_[A-Z_]+|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)$/,
    reason: 'tls_certificate_untrusted',
  },
  { code: /WRONG_VERSION_NUMBER|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG/, reason: 'tls_not_spoken' },
  { message: /wrong version number|packet length too long/i, reason: 'tls_not_spoken' },
  { phases: ['tls'], reason: 'tls_handshake_failed' },
  { code: /^(ERR_SSL_|EPROTO$)/, reason: 'tls_handshake_failed' },
  { code: new RegExp(`^${HEAD_TOO_LARGE}$`), reason: 'response_header_too_large' },
  { code: new RegExp(`^${UNEXPECTED_INFORMATIONAL}$`), reason: 'unexpected_informational' },
  // undici's words for a 100 or a 101 that nobody asked for; it gives them no code of their own.
  { message: /^bad (response|upgrade)$/, reason: 'unexpected_informational' },
  // Of its parser undici gives the words alone, and no code.
  { name: PARSER_ERROR, message: /Invalid EOF state/, phases: ['body'], reason: 'connection_closed_in_body' },
  { name: PARSER_ERROR, message: /Invalid EOF state/, reason: 'connection_closed_in_head' },
  { name: PARSER_ERROR, reason: 'response_malformed' },
  // Once the head was good, less content than it promised is all that this can mean.
  { code: LENGTH_MISMATCH, phases: ['body'], reason: 'connection_closed_in_body' },
  { code: LENGTH_MISMATCH, reason: 'response_malformed' },
  { code: new RegExp(`^(${MALFORMED}|${STATUS_INVALID})$`), reason: 'response_malformed' },
  { code: GONE, phases: BEFORE_HEAD, reason: 'connection_closed_before_head' },
  { code: GONE, phases: ['head'], reason: 'connection_closed_in_head' },
  { code: GONE, phases: ['body'], reason: 'connection_closed_in_body' },
]

/** The failure of an attempt; `endpoint` is `host:port` for the detail. */
export function classify(fault: TransportFault, endpoint: string): Failure {
  const code = codeOf(fault.error)
  const row = ROWS.find((candidate) => holds(candidate, fault, code))
  const text = fault.error.message === '' ? fault.error.name : fault.error.message
  const detail = `${endpoint}, ${fault.phase}: ${text}${code === '' ? '' : ` (${code})`}`
  return row === undefined ? failure('upstream_error', detail, fault.error) : failure(row.reason, detail)
}

/** The failure of a deadline that passed in `phase`. */
export function timedOut(phase: Phase, endpoint: string, afterMs: number): Failure {
  const detail = `${endpoint}: nothing more came within ${afterMs} ms (${phase})`
  switch (phase) {
    case 'pending':
      return failure('connection_limit', `${endpoint}: no connection became free within ${afterMs} ms`)
    case 'dns':
      return failure('dns_error', detail)
    case 'connect':
      return failure('connection_timeout', detail)
    case 'tls':
      return failure('tls_handshake_failed', detail)
    case 'sending':
      return failure('request_send_timeout', detail)
    case 'waiting':
    case 'head':
      return failure('response_head_timeout', detail)
    case 'body':
      return failure('response_body_timeout', detail)
  }
}

function holds(row: Row, fault: TransportFault, code: string): boolean {
  if (row.phases !== undefined && !row.phases.includes(fault.phase)) return false
  if (row.name !== undefined && !row.name.test(fault.error.name)) return false
  if (row.code !== undefined && !row.code.test(code)) return false
  return row.message === undefined || row.message.test(fault.error.message)
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}
