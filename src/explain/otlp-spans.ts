// Spans as the Collector's file exporter writes them (one ExportTraceServiceRequest as JSON a line), read back as facts
// of the exchanges of one trace. A trace says less than the flight recorder: which routes were considered and which
// objects made the route is not on it. What another program wrote is never trusted to have its form.

import { ERROR_FACTS } from '../errors/catalogue.ts'
import type { FailureSite } from '../errors/failure.ts'
import { ATTRIBUTE, SCOPE } from '../telemetry/names.ts'
import { roundMs } from '../telemetry/time-split.ts'
import type { ExchangeFacts, ReportedAttempt, ReportedSpan } from './exchange-report.ts'

/** A span of ours. Times are nanoseconds since the epoch. */
export interface OtlpSpan {
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  readonly kind: 'server' | 'client'
  readonly start: bigint
  readonly end: bigint
  readonly attributes: ReadonlyMap<string, unknown>
}

/** Our spans of a trace in one line of the file; undefined where the line is no such message. */
export function spansInLine(line: string, traceId: string): OtlpSpan[] | undefined {
  let message: unknown
  try {
    message = JSON.parse(line)
  } catch {
    return undefined
  }
  const scopes = list(message, 'resourceSpans').flatMap((resource) => list(resource, 'scopeSpans'))
  return scopes
    .filter((scope) => field(field(scope, 'scope'), 'name') === SCOPE)
    .flatMap((scope) => list(scope, 'spans'))
    .filter((span) => String(field(span, 'traceId')).toLowerCase() === traceId)
    .flatMap((span) => readSpan(span) ?? [])
}

/** The exchanges of a trace, the oldest first. */
export function factsFromSpans(traceId: string, spans: readonly OtlpSpan[]): ExchangeFacts[] {
  const servers = spans.filter(
    ({ kind, attributes }) => kind === 'server' && attributes.has(ATTRIBUTE.outcome),
  )
  return servers
    .sort((a, b) => Number(a.start - b.start))
    .map((server) => {
      const clients = spans.filter(
        ({ kind, parentSpanId }) => kind === 'client' && parentSpanId === server.spanId,
      )
      return factsOfSpan(traceId, server, clients)
    })
}

function factsOfSpan(traceId: string, server: OtlpSpan, clients: readonly OtlpSpan[]): ExchangeFacts {
  const { attributes } = server
  const text = (name: string): string => textOf(attributes.get(name))
  const number = (name: string): number | null => {
    const value = attributes.get(name)
    return value === undefined ? null : Number(value)
  }
  const code = text(ATTRIBUTE.errorCode) || null
  const reason = text(ATTRIBUTE.errorReason) || text(ATTRIBUTE.rejectedReason) || null
  const apiproxy = text(ATTRIBUTE.apiproxyName)
  const outcome = text(ATTRIBUTE.outcome)
  return {
    trace_id: traceId,
    span_id: server.spanId,
    parent_span_id: server.parentSpanId || null,
    time: new Date(Number(server.start / 1_000_000n)).toISOString(),
    request: requestOf(server, text, number(ATTRIBUTE.serverPort) ?? 0),
    outcome,
    status: number(ATTRIBUTE.status),
    code,
    reason,
    blame: text(ATTRIBUTE.errorBlame) || blameOf(reason),
    detail: text(ATTRIBUTE.errorDetail),
    truncated: attributes.get(ATTRIBUTE.responseTruncated) === true,
    apiproxy: apiproxy === '' ? null : { namespace: text(ATTRIBUTE.apiproxyNamespace), name: apiproxy },
    route: apiproxy === '' ? null : { path: text(ATTRIBUTE.route), virtual_host: null },
    target: null,
    revision: number(ATTRIBUTE.snapshotRevision),
    hash: text(ATTRIBUTE.snapshotHash) || null,
    stale: attributes.get(ATTRIBUTE.snapshotStale) === true,
    timing: timingOf(server, number),
    bytes_in: null,
    bytes_out: null,
    spans: [spanTree(server, clients)],
    attempts: clients.map((client) => attemptOf(server, client)),
    plugins: pluginsOf(text(ATTRIBUTE.plugin), outcome),
    objects: [],
    missing: [],
    candidates: [],
    candidates_cut: false,
    at: siteOf(text),
  }
}

function requestOf(
  { name }: OtlpSpan,
  text: (attribute: string) => string,
  port: number,
): ExchangeFacts['request'] {
  return {
    method: text(ATTRIBUTE.methodOriginal) || text(ATTRIBUTE.method) || (name.split(' ')[0] ?? ''),
    scheme: text(ATTRIBUTE.urlScheme),
    host: text(ATTRIBUTE.serverAddress),
    port,
    path: text(ATTRIBUTE.urlPath),
    query: text(ATTRIBUTE.urlQuery),
    http_version: text(ATTRIBUTE.protocolVersion),
    client: text(ATTRIBUTE.clientAddress),
  }
}

function timingOf(server: OtlpSpan, number: (name: string) => number | null): ExchangeFacts['timing'] {
  const gateway = number(ATTRIBUTE.gatewayMs)
  const upstream = number(ATTRIBUTE.upstreamMs)
  const plugins = number(ATTRIBUTE.pluginsMs)
  const answered = number(ATTRIBUTE.status) !== null && gateway !== null
  return {
    total_ms: milliseconds(server.start, server.end),
    gateway_ms: gateway,
    upstream_ms: upstream,
    plugins_ms: plugins,
    // The gateway's own time ends with the head of the answer, and the other two lie before it (time-split.ts).
    responded_ms: answered ? roundMs(gateway + (upstream ?? 0) + (plugins ?? 0)) : null,
  }
}

function attemptOf(server: OtlpSpan, client: OtlpSpan): ReportedAttempt {
  const { attributes } = client
  const url = URL.parse(textOf(attributes.get(ATTRIBUTE.urlFull)))
  const status = attributes.get(ATTRIBUTE.status)
  const reason = textOf(attributes.get(ATTRIBUTE.errorReason))
  const start = milliseconds(server.start, client.start)
  const upstream = server.attributes.get(ATTRIBUTE.upstreamMs)
  return {
    endpoint: url === null ? '' : `${url.protocol}//${url.host}`,
    path: url?.pathname ?? '',
    span_id: client.spanId,
    start_ms: start,
    head_ms: status === undefined || upstream === undefined ? null : roundMs(start + Number(upstream)),
    end_ms: milliseconds(server.start, client.end),
    status: status === undefined ? null : Number(status),
    reason: reason || null,
  }
}

function spanTree(server: OtlpSpan, clients: readonly OtlpSpan[]): ReportedSpan {
  const span = (each: OtlpSpan, children: readonly ReportedSpan[]): ReportedSpan => ({
    span_id: each.spanId,
    name: each.name,
    kind: each.kind,
    start_ms: milliseconds(server.start, each.start),
    duration_ms: milliseconds(each.start, each.end),
    children,
  })
  return span(
    server,
    clients.map((client) => span(client, [])),
  )
}

function pluginsOf(name: string, outcome: string): ExchangeFacts['plugins'] {
  if (name === '') return []
  const decision = outcome === 'error' ? 'failed' : 'answered'
  return [{ name, version: null, config: {}, decision, method: null }]
}

function siteOf(text: (attribute: string) => string): FailureSite | null {
  const kind = text(ATTRIBUTE.errorObjectKind)
  if (kind === '') return null
  return {
    kind,
    namespace: text(ATTRIBUTE.errorObjectNamespace),
    name: text(ATTRIBUTE.errorObjectName),
    field: text(ATTRIBUTE.errorObjectField),
  }
}

function blameOf(reason: string | null): string | null {
  return ERROR_FACTS.find((fact) => fact.reason === reason)?.blame ?? null
}

function milliseconds(from: bigint, to: bigint): number {
  return roundMs(Math.max(0, Number(to - from) / 1e6))
}

function readSpan(span: unknown): OtlpSpan | undefined {
  const kind = kindOf(field(span, 'kind'))
  const spanId = field(span, 'spanId')
  const parentSpanId = field(span, 'parentSpanId')
  const start = nanoseconds(field(span, 'startTimeUnixNano'))
  const end = nanoseconds(field(span, 'endTimeUnixNano'))
  if (kind === undefined || typeof spanId !== 'string' || start === undefined || end === undefined)
    return undefined
  return {
    spanId,
    parentSpanId: typeof parentSpanId === 'string' ? parentSpanId : '',
    name: textOf(field(span, 'name')),
    kind,
    start,
    end,
    attributes: new Map(
      list(span, 'attributes').map((each) => [String(field(each, 'key')), valueOf(field(each, 'value'))]),
    ),
  }
}

/** OTLP's JSON has enums as numbers; some writers use their names. */
function kindOf(kind: unknown): OtlpSpan['kind'] | undefined {
  if (kind === 2 || kind === 'SPAN_KIND_SERVER') return 'server'
  return kind === 3 || kind === 'SPAN_KIND_CLIENT' ? 'client' : undefined
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** 64-bit integers are strings in OTLP's JSON. */
function nanoseconds(value: unknown): bigint | undefined {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && /^\d{1,19}$/.test(text) ? BigInt(text) : undefined
}

function valueOf(value: unknown): unknown {
  for (const name of ['stringValue', 'boolValue', 'doubleValue'] as const) {
    const found = field(value, name)
    if (found !== undefined) return found
  }
  const whole = field(value, 'intValue')
  return whole === undefined ? undefined : Number(whole)
}

function list(value: unknown, name: string): readonly unknown[] {
  const found = field(value, name)
  return Array.isArray(found) ? found : []
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
}
