// Every name under which telemetry leaves this process: span attributes, metrics, labels, log fields.
// Dashboards, alerts and tests rely on them. A name is written here and nowhere else; nothing here computes anything.

/** Attributes by OpenTelemetry's HTTP semantic conventions (stable) and `kanali.*` beside them. */
export const ATTRIBUTE = {
  method: 'http.request.method',
  methodOriginal: 'http.request.method_original',
  route: 'http.route',
  status: 'http.response.status_code',
  errorType: 'error.type',
  urlScheme: 'url.scheme',
  urlPath: 'url.path',
  urlQuery: 'url.query',
  urlFull: 'url.full',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  clientAddress: 'client.address',
  peerAddress: 'network.peer.address',
  peerPort: 'network.peer.port',
  protocolVersion: 'network.protocol.version',
  userAgent: 'user_agent.original',
  /** Followed by the name of a header field in lower case. */
  requestHeader: 'http.request.header.',
  errorCode: 'kanali.error.code',
  errorReason: 'kanali.error.reason',
  errorBlame: 'kanali.error.blame',
  errorDetail: 'kanali.error.detail',
  errorObjectKind: 'kanali.error.object.kind',
  errorObjectNamespace: 'kanali.error.object.namespace',
  errorObjectName: 'kanali.error.object.name',
  errorObjectField: 'kanali.error.object.field',
  apiproxyName: 'kanali.apiproxy.name',
  apiproxyNamespace: 'kanali.apiproxy.namespace',
  snapshotRevision: 'kanali.snapshot.revision',
  snapshotHash: 'kanali.snapshot.hash',
  snapshotStale: 'kanali.snapshot.stale',
  outcome: 'kanali.outcome',
  rejectedReason: 'kanali.rejected.reason',
  responseTruncated: 'kanali.response.truncated',
  plugin: 'kanali.plugin',
  apiKeyName: 'kanali.apikey.name',
  apiKeyRule: 'kanali.apikey.rule',
  tokenIssuer: 'kanali.jwt.issuer',
  limitFallback: 'kanali.limit.fallback',
  limitStoreFailure: 'kanali.limit.store_failure',
  gatewayMs: 'kanali.duration.gateway_ms',
  upstreamMs: 'kanali.duration.upstream_ms',
  pluginsMs: 'kanali.duration.plugins_ms',
  trailersDropped: 'kanali.request.trailers_dropped',
  batchEvents: 'kanali.batch.events',
  batchSources: 'kanali.batch.sources',
  eventType: 'kanali.event.type',
  eventSource: 'kanali.event.source',
  eventKind: 'kanali.event.kind',
  eventNamespace: 'kanali.event.namespace',
  eventName: 'kanali.event.name',
} as const

/** Names of spans and span events that do not come from a request. */
export const SPAN = {
  batch: 'kanali.events.batch',
  sourceEvent: 'kanali.event',
} as const

/** The instrumentation scope of every span. */
export const SCOPE = 'kanali'

export const METRIC = {
  buildInfo: 'kanali_build_info',
  ready: 'kanali_ready',
  requests: 'kanali_requests_total',
  rejected: 'kanali_rejected_total',
  errors: 'kanali_errors_total',
  requestDuration: 'kanali_request_duration_seconds',
  upstreamDuration: 'kanali_upstream_duration_seconds',
  gatewayDuration: 'kanali_gateway_duration_seconds',
  requestTime: 'kanali_request_time_seconds_total',
  requestsInFlight: 'kanali_requests_in_flight',
  connections: 'kanali_connections',
  trailersDropped: 'kanali_request_trailers_dropped_total',
  guardDecisions: 'kanali_guard_decisions_total',
  apiKeyRevisions: 'kanali_apikey_revisions',
  limitStoreDuration: 'kanali_limit_store_duration_seconds',
  limitStoreFailures: 'kanali_limit_store_failures_total',
  limitFallbacks: 'kanali_limit_fallbacks_total',
  limitLeaseTokens: 'kanali_limit_lease_tokens_total',
  limitEntries: 'kanali_limit_entries',
  snapshotRevision: 'kanali_snapshot_revision',
  snapshotInfo: 'kanali_snapshot_info',
  eventPropagation: 'kanali_event_propagation_seconds',
  sourceSynced: 'kanali_source_synced',
  sourceStale: 'kanali_source_stale_seconds',
  sourceProblems: 'kanali_source_problems',
  resourceConditions: 'kanali_resource_conditions',
  certificateNotAfter: 'kanali_certificate_not_after_timestamp_seconds',
  telemetryDropped: 'kanali_telemetry_dropped_total',
  uncaught: 'kanali_uncaught_exceptions_total',
  journalRecords: 'kanali_journal_records_total',
  journalDropped: 'kanali_journal_records_dropped_total',
  journalGaps: 'kanali_journal_gaps_total',
  journalFailing: 'kanali_journal_failing',
  journalBytes: 'kanali_journal_bytes',
  journalQueuedBytes: 'kanali_journal_queued_bytes',
} as const

/** What `kanali_telemetry_dropped_total` counts apart: `record` is a request whose signals failed to be written. */
export const SIGNALS = ['traces', 'access_log', 'log', 'record'] as const
export type Signal = (typeof SIGNALS)[number]

/** Label `code` of requests without a Kanali code. */
export const NO_CODE = 'none'
/** What stands for methods and statuses outside the closed sets. */
export const OTHER = '_OTHER'
/** Namespace and name of the series that takes the requests of routes beyond the limit of series. */
export const OVERFLOW = '_other'

/** Fields of the access log, in the order in which a line has them. */
export const ACCESS_FIELDS = [
  'time',
  'trace_id',
  'span_id',
  'method',
  'path',
  'host',
  'status',
  'code',
  'reason',
  'blame',
  'outcome',
  'apiproxy',
  'namespace',
  'apikey',
  'revision',
  'duration_ms',
  'upstream_ms',
  'upstream',
  'bytes_in',
  'bytes_out',
  'client',
] as const
