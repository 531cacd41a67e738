import { describe, expect, it } from 'vitest'
import { classify, timedOut } from '../../src/proxy/classify.ts'
import type { Phase } from '../../src/proxy/upstream/transport.ts'

const error = (code: string, message = 'said') =>
  Object.assign(new Error(message), code === '' ? {} : { code })
const reasonOf = (phase: Phase, code: string, message?: string) =>
  classify({ phase, error: error(code, message) }, 'a:1').fact.reason

describe('what an error of the transport means', () => {
  it.each<[Phase, string, string]>([
    ['dns', 'ENOTFOUND', 'dns_error'],
    ['dns', 'EAI_AGAIN', 'dns_error'],
    ['connect', 'ECONNREFUSED', 'connection_refused'],
    ['connect', 'ECONNRESET', 'connection_closed_before_head'],
    ['connect', 'EHOSTUNREACH', 'destination_unroutable'],
    ['connect', 'ENETUNREACH', 'destination_unroutable'],
    ['connect', 'KANALI_CONNECT_TIMEOUT', 'connection_timeout'],
    ['connect', 'ETIMEDOUT', 'connection_timeout'],
    ['tls', 'KANALI_CONNECT_TIMEOUT', 'tls_handshake_failed'],
    ['dns', 'KANALI_CONNECT_TIMEOUT', 'dns_error'],
    ['connect', 'KANALI_ADDRESS_REFUSED', 'address_not_allowed'],
    ['tls', 'CERT_HAS_EXPIRED', 'tls_certificate_expired'],
    ['tls', 'CERT_NOT_YET_VALID', 'tls_certificate_expired'],
    ['tls', 'SELF_SIGNED_CERT_IN_CHAIN', 'tls_certificate_untrusted'],
    ['tls', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls_certificate_untrusted'],
    ['tls', 'ERR_TLS_CERT_ALTNAME_INVALID', 'tls_certificate_name_mismatch'],
    ['tls', 'ERR_SSL_WRONG_VERSION_NUMBER', 'tls_not_spoken'],
    ['tls', 'ECONNRESET', 'tls_handshake_failed'],
    ['waiting', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'tls_client_certificate_refused'],
    ['waiting', 'UND_ERR_SOCKET', 'connection_closed_before_head'],
    ['sending', 'EPIPE', 'connection_closed_before_head'],
    ['head', 'UND_ERR_SOCKET', 'connection_closed_in_head'],
    ['body', 'UND_ERR_SOCKET', 'connection_closed_in_body'],
    ['body', 'ECONNRESET', 'connection_closed_in_body'],
    ['head', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'response_malformed'],
    ['body', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'connection_closed_in_body'],
    ['head', 'KANALI_STATUS_INVALID', 'response_malformed'],
    ['waiting', 'KANALI_CLOSED', 'connection_closed_before_head'],
    ['head', 'KANALI_CLOSED', 'connection_closed_in_head'],
    ['body', 'KANALI_CLOSED', 'connection_closed_in_body'],
    ['head', 'KANALI_MALFORMED', 'response_malformed'],
    ['body', 'KANALI_MALFORMED', 'response_malformed'],
    ['head', 'KANALI_UNEXPECTED_INFORMATIONAL', 'unexpected_informational'],
    ['pending', 'KANALI_REQUEST_UNWRITABLE', 'upstream_error'],
    ['head', 'KANALI_HEAD_TOO_LARGE', 'response_header_too_large'],
    ['waiting', 'SOMETHING_NEW', 'upstream_error'],
    ['waiting', '', 'upstream_error'],
  ])('in phase %s, %s is %s', (phase, code, reason) => {
    expect(reasonOf(phase, code)).toBe(reason)
  })

  it('knows an unasked informational answer by undici’s words', () => {
    expect(reasonOf('waiting', 'UND_ERR_SOCKET', 'bad response')).toBe('unexpected_informational')
    expect(reasonOf('waiting', 'UND_ERR_SOCKET', 'bad upgrade')).toBe('unexpected_informational')
  })

  it.each<[Phase, string, string]>([
    ['waiting', 'Expected HTTP/', 'response_malformed'],
    ['body', 'Invalid character in chunk size', 'response_malformed'],
    ['body', 'Invalid EOF state', 'connection_closed_in_body'],
    ['head', 'Invalid EOF state', 'connection_closed_in_head'],
  ])('in phase %s, “%s” of undici’s parser, which gives no code, is %s', (phase, words, reason) => {
    const parserError = Object.assign(new Error(`not the protocol (${words})`), { name: 'HTTPParserError' })
    expect(classify({ phase, error: parserError }, 'a:1').fact.reason).toBe(reason)
  })

  it('keeps the cause only where nothing more is known', () => {
    expect(classify({ phase: 'connect', error: error('ECONNREFUSED') }, 'a:1').cause).toBeUndefined()
    expect(classify({ phase: 'waiting', error: error('') }, 'a:1').cause).toBeInstanceOf(Error)
  })

  it('tells by the phase which deadline has passed', () => {
    const phases: [Phase, string][] = [
      ['pending', 'connection_limit'],
      ['dns', 'dns_error'],
      ['connect', 'connection_timeout'],
      ['tls', 'tls_handshake_failed'],
      ['sending', 'request_send_timeout'],
      ['waiting', 'response_head_timeout'],
      ['head', 'response_head_timeout'],
      ['body', 'response_body_timeout'],
    ]
    for (const [phase, reason] of phases) expect(timedOut(phase, 'a:1', 10).fact.reason).toBe(reason)
  })
})
