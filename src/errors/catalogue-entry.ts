// The shape of one code of the catalogue, and the closed lists that its fields are taken from.
// No text and no code lives here; those are in the codes-*.ts files.

/** Whose fault it is: decides who is alerted and the colour on a dashboard. */
export const BLAMES = ['client', 'config', 'upstream', 'plugin', 'gateway'] as const
export type Blame = (typeof BLAMES)[number]

/** Every error token that RFC 9209 section 2.3 defines for the Proxy-Status field. */
export const PROXY_STATUS_TOKENS = [
  'dns_timeout',
  'dns_error',
  'destination_not_found',
  'destination_unavailable',
  'destination_ip_prohibited',
  'destination_ip_unroutable',
  'connection_refused',
  'connection_terminated',
  'connection_timeout',
  'connection_read_timeout',
  'connection_write_timeout',
  'connection_limit_reached',
  'tls_protocol_error',
  'tls_certificate_error',
  'tls_alert_received',
  'http_request_error',
  'http_request_denied',
  'http_response_incomplete',
  'http_response_header_section_size',
  'http_response_header_size',
  'http_response_body_size',
  'http_response_trailer_section_size',
  'http_response_trailer_size',
  'http_response_transfer_coding',
  'http_response_content_coding',
  'http_response_timeout',
  'http_upgrade_failed',
  'http_protocol_error',
  'proxy_internal_response',
  'proxy_internal_error',
  'proxy_configuration_error',
  'proxy_loop_detected',
] as const
export type ProxyStatusToken = (typeof PROXY_STATUS_TOKENS)[number]

/** One cause of a code. Commands in texts stand in backticks and hold placeholders in angle brackets. */
export interface ReasonEntry {
  /** snake_case, unique over the whole catalogue: it alone names its code. */
  readonly reason: string
  readonly blame: Blame
  /** What happened, one plain sentence. */
  readonly means: string
  /** What an operator does next. */
  readonly check: string
  readonly proxyStatus: ProxyStatusToken
  /**
   * Where the cause itself was not foreseen and stands in a text alone: an exception, an unknown error of the transport.
   * Only where the unknown can happen; each use of such a reason raises an alert.
   */
  readonly generic?: true
}

/** One code of the contract: status and message are what clients match on and never change. */
export interface CatalogueEntry {
  /** 0 to 14; two digits wherever it is text. */
  readonly code: number
  readonly status: number
  readonly message: string
  readonly means: string
  readonly check: string
  readonly reasons: readonly ReasonEntry[]
}
