import { describe, expect, expectTypeOf, test } from 'vitest'
import { CATALOGUE, codeText, errorOf, ERROR_FACTS, type Reason } from '../../src/errors/catalogue.ts'
import { BLAMES, PROXY_STATUS_TOKENS } from '../../src/errors/catalogue-entry.ts'
import { REJECTIONS } from '../../src/errors/rejections.ts'

// The contract with clients, written out a second time on purpose: a change of the catalogue must fail here.
const CONTRACT: readonly (readonly [code: number, status: number, message: string])[] = [
  [0, 404, 'No ApiProxy resource was not found that matches the request.'],
  [1, 500, 'An unknown error occurred.'],
  [2, 404, 'No MockTarget resource was not found that matches the request.'],
  [3, 500, 'Could not open or load plugin.'],
  [4, 500, 'Could not lookup plugin symbol.'],
  [5, 500, 'Plugin does not implement the correct interface.'],
  [6, 500, 'Could not retrieve Kubernetes secret.'],
  [7, 500, 'Could not create x509 key pair.'],
  [8, 502, 'Could not get a valid or any response from the upstream server.'],
  [9, 500, 'Could not retrieve Kubernetes services.'],
  [10, 500, 'Could not retrieve any matching Kubernetes services.'],
  [11, 500, 'Plugin threw a runtime error.'],
  [12, 403, 'My lips are sealed.'],
  [13, 401, 'Api key is not authorized.'],
  [14, 429, 'The Api key you are using has exceeded its rate limit.'],
]

const REASONS_BY_CODE: Readonly<Record<string, readonly string[]>> = {
  '00': ['no_path_matched', 'no_host_matched', 'apiproxy_invalid'],
  '01': ['internal_error'],
  '02': ['mock_target_missing', 'mock_route_missing', 'mock_method_missing', 'mocks_disabled'],
  '03': ['plugin_file_missing', 'plugin_version_missing', 'plugin_load_failed'],
  '04': ['plugin_export_missing'],
  '05': ['plugin_interface_incomplete'],
  '06': [
    'secret_missing',
    'secret_not_released',
    'secret_data_missing',
    'secret_unreadable',
    'secret_not_restored',
  ],
  '07': ['certificate_unparsable', 'key_unparsable', 'key_pair_mismatch'],
  '08': [
    'dns_error',
    'connection_refused',
    'destination_unroutable',
    'connection_timeout',
    'tls_handshake_failed',
    'tls_certificate_untrusted',
    'tls_certificate_expired',
    'tls_certificate_name_mismatch',
    'tls_client_certificate_refused',
    'tls_not_spoken',
    'connection_closed_before_head',
    'connection_closed_in_head',
    'connection_closed_in_body',
    'response_malformed',
    'response_unframeable',
    'response_header_too_large',
    'response_head_timeout',
    'response_body_timeout',
    'request_send_timeout',
    'ca_unparsable',
    'no_ready_endpoint',
    'connection_limit',
    'address_not_allowed',
    'unexpected_informational',
    'upstream_error',
  ],
  '09': ['services_refused', 'services_unsynced', 'services_stale'],
  '10': [
    'service_missing',
    'service_labels_unmatched',
    'service_label_header_absent',
    'service_port_missing',
  ],
  '11': ['plugin_threw', 'plugin_rejected', 'plugin_deadline', 'plugin_answer_invalid'],
  '12': ['key_missing', 'key_empty', 'key_repeated', 'token_missing'],
  '13': [
    'key_unknown',
    'key_revision_inactive',
    'binding_unnamed',
    'binding_missing',
    'binding_invalid',
    'key_not_bound',
    'method_denied',
    'path_denied',
    'rule_expression_invalid',
    'keys_not_loaded',
    'token_malformed',
    'token_too_large',
    'token_algorithm_denied',
    'token_key_unknown',
    'token_signature_invalid',
    'token_expired',
    'token_not_yet_valid',
    'token_issuer_wrong',
    'token_audience_wrong',
    'token_claim_missing',
    'token_scope_missing',
    'token_config_invalid',
    'key_set_unavailable',
  ],
  '14': ['rate_exceeded', 'quota_exceeded', 'limit_store_failed'],
}

describe('the catalogue', () => {
  test('holds the fifteen codes of the contract in order, status and message to the letter', () => {
    expect(CATALOGUE.map(({ code, status, message }) => [code, status, message])).toEqual(CONTRACT)
  })

  test('holds exactly the reasons that are told apart, under their codes', () => {
    const found = CATALOGUE.map(({ code, reasons }) => [codeText(code), reasons.map(({ reason }) => reason)])
    expect(Object.fromEntries(found)).toEqual(REASONS_BY_CODE)
  })

  test('names no reason twice, nor one of the rejections', () => {
    const names: readonly string[] = [...ERROR_FACTS, ...REJECTIONS].map(({ reason }) => reason)
    expect(new Set(names).size).toBe(names.length)
  })

  test('gives every reason a token of RFC 9209, a blame and a name in snake case', () => {
    for (const fact of ERROR_FACTS) {
      expect(PROXY_STATUS_TOKENS, fact.reason).toContain(fact.proxyStatus)
      expect(BLAMES, fact.reason).toContain(fact.blame)
      expect(fact.reason).toMatch(/^[a-z0-9]+(_[a-z0-9]+)*$/)
    }
  })

  test('knows the 32 error tokens of RFC 9209 section 2.3, each once', () => {
    expect(new Set(PROXY_STATUS_TOKENS).size).toBe(32)
  })

  test('says of every code and reason in one sentence what happened and then what to do, each in its own words', () => {
    const texts = [...CATALOGUE, ...ERROR_FACTS].flatMap(({ means, check }) => [means, check])
    for (const text of texts) expect(text).toMatch(/^[A-Z].{10,}[.?]$/)
    const said = ERROR_FACTS.flatMap(({ means, check }) => [means, check])
    expect(new Set(said).size).toBe(said.length)
  })

  test('puts every placeholder into code, so that no page takes it for a tag', () => {
    for (const { means, check } of [...CATALOGUE, ...ERROR_FACTS]) {
      expect(`${means} ${check}`.replaceAll(/`[^`]*`/g, '')).not.toMatch(/[<>`]/)
    }
  })
})

describe('errorOf', () => {
  test('gives one shared, frozen fact per reason', () => {
    for (const { reason } of ERROR_FACTS) {
      expect(errorOf(reason)).toBe(errorOf(reason))
      expect(Object.isFrozen(errorOf(reason))).toBe(true)
    }
  })

  test('gives code, status, message and blame of the entry that holds the reason', () => {
    expect(errorOf('connection_refused')).toMatchObject({
      code: 8,
      codeText: '08',
      status: 502,
      message: 'Could not get a valid or any response from the upstream server.',
      reason: 'connection_refused',
      blame: 'upstream',
      proxyStatus: 'connection_refused',
    })
  })

  test('is typed by the closed union of reasons, not by text', () => {
    expectTypeOf<'dns_error'>().toExtend<Reason>()
    expectTypeOf<'something_else'>().not.toExtend<Reason>()
    expectTypeOf<string>().not.toExtend<Reason>()
  })

  test('names its generic reasons, and only where the unknown can happen', () => {
    const generic = ERROR_FACTS.filter((fact) => fact.generic === true)
    expect(generic.map(({ reason }) => reason)).toEqual([
      'internal_error',
      'plugin_load_failed',
      'upstream_error',
      'plugin_threw',
      'plugin_rejected',
    ])
    // 09 has none: what the lookup of Services can fail of is told apart without a rest.
    expect(new Set(generic.map(({ code }) => code))).toEqual(new Set([1, 3, 8, 11]))
  })
})
