// What a finished exchange says on its server span: attributes by the HTTP semantic conventions, `kanali.*` beside them.
// Must never show a header but the user agent, nor a query value that was not allowed.

import type { Span } from '@opentelemetry/api'
import type { Route } from '../snapshot/snapshot.ts'
import { epochMs, hrTimeOf } from './clock.ts'
import type { ExchangeRecord } from './exchange-record.ts'
import type { Mask } from './masking.ts'
import { methodName } from './method.ts'
import { ATTRIBUTE, OTHER } from './names.ts'
import { SpanStatusCode } from './opentelemetry.ts'
import { ATTRIBUTE_CHARS_MAX, shownHeaders, shownQuery } from './shown-request.ts'
import { attributesFor, type PlainAttributes, setAll } from './span-attributes.ts'
import { roundMs, type TimeSplit } from './time-split.ts'
import { serverSpanName } from './tracing.ts'
import { clipped } from './visible-text.ts'

/** Span names by method, made once per route. */
const NAMES = new WeakMap<Route, Map<string, string>>()

/** How spans are written. */
export interface SpanRules {
  readonly mask: Mask
  /** The SDK checks each attribute, because limits were set. */
  readonly checked: boolean
}

/** Sets everything and ends the span. */
export function endServerSpan(record: ExchangeRecord, span: Span, times: TimeSplit, rules: SpanRules): void {
  if (span.isRecording()) {
    const attributes = attributesFor(span, rules.checked)
    putRequest(attributes, record, rules.mask)
    putRoute(attributes, record)
    putOutcome(attributes, record)
    if (record.outcome === 'error' || record.outcome === 'rejected')
      putHeaders(attributes, record, rules.mask)
    putTimes(attributes, record, times)
    setAll(span, attributes)
    if (record.route !== undefined) span.updateName(routeSpanName(record.route, record.method))
    setStatus(span, record)
  }
  span.end(hrTimeOf(epochMs(record.endedAt === 0 ? performance.now() : record.endedAt)))
}

/** `http.request.method`, and the method as sent where it is none of the known ones. */
export function putMethod(to: PlainAttributes, method: string): void {
  const known = methodName(method)
  to[ATTRIBUTE.method] = known
  if (known === OTHER && method !== '') to[ATTRIBUTE.methodOriginal] = clipped(method, ATTRIBUTE_CHARS_MAX)
}

/** Path and masked query as they stand in a URL. */
export function maskedTarget(path: string, query: string, mask: Mask): string {
  return clipped(query === '' ? path : `${path}?${mask.query(query)}`, ATTRIBUTE_CHARS_MAX)
}

function putRequest(to: PlainAttributes, record: ExchangeRecord, mask: Mask): void {
  putMethod(to, record.method)
  to[ATTRIBUTE.urlScheme] = record.scheme
  if (record.path !== '') to[ATTRIBUTE.urlPath] = clipped(record.path, ATTRIBUTE_CHARS_MAX)
  if (record.query !== '') {
    to[ATTRIBUTE.urlQuery] = shownQuery(record, mask)
  }
  if (record.host !== '') to[ATTRIBUTE.serverAddress] = clipped(record.host, ATTRIBUTE_CHARS_MAX)
  if (record.hostPort > 0) to[ATTRIBUTE.serverPort] = record.hostPort
  if (record.clientAddress !== '') to[ATTRIBUTE.clientAddress] = record.clientAddress
  if (record.peerAddress !== '') to[ATTRIBUTE.peerAddress] = record.peerAddress
  if (record.peerPort > 0) to[ATTRIBUTE.peerPort] = record.peerPort
  to[ATTRIBUTE.protocolVersion] = record.httpVersion
  if (record.userAgent !== undefined) {
    to[ATTRIBUTE.userAgent] = clipped(record.userAgent, ATTRIBUTE_CHARS_MAX)
  }
  if (record.requestTrailersDropped) to[ATTRIBUTE.trailersDropped] = true
}

/** What the client sent is half of why a request failed; on good answers it would be a cost and a risk for nothing. */
function putHeaders(to: PlainAttributes, record: ExchangeRecord, mask: Mask): void {
  const values = new Map<string, string[]>()
  for (const [name, shown] of shownHeaders(record, mask)) {
    const key = ATTRIBUTE.requestHeader + name.toLowerCase()
    const known = values.get(key)
    if (known === undefined) values.set(key, [shown])
    else known.push(shown)
  }
  for (const [key, list] of values) to[key] = list
}

function putRoute(to: PlainAttributes, record: ExchangeRecord): void {
  const { route, snapshot, plugin, apiKey, apiKeyRule, tokenIssuer, limitFallback } = record
  if (route !== undefined) {
    to[ATTRIBUTE.route] = route.path
    to[ATTRIBUTE.apiproxyName] = route.apiproxy
    to[ATTRIBUTE.apiproxyNamespace] = route.namespace
  }
  if (snapshot !== undefined) {
    to[ATTRIBUTE.snapshotRevision] = snapshot.revision
    to[ATTRIBUTE.snapshotHash] = snapshot.hash
    if (snapshot.staleSince !== undefined) to[ATTRIBUTE.snapshotStale] = true
  }
  if (plugin !== undefined) to[ATTRIBUTE.plugin] = plugin
  if (apiKey !== undefined) to[ATTRIBUTE.apiKeyName] = apiKey
  if (limitFallback !== undefined) {
    to[ATTRIBUTE.limitFallback] = limitFallback.by
    to[ATTRIBUTE.limitStoreFailure] = limitFallback.cause
  }
  if (tokenIssuer !== undefined) to[ATTRIBUTE.tokenIssuer] = tokenIssuer
  if (apiKeyRule !== undefined) to[ATTRIBUTE.apiKeyRule] = apiKeyRule
}

function putOutcome(to: PlainAttributes, record: ExchangeRecord): void {
  const { outcome, failure, rejection, status, truncated } = record
  to[ATTRIBUTE.outcome] = outcome
  if (status > 0) to[ATTRIBUTE.status] = status
  if (truncated) to[ATTRIBUTE.responseTruncated] = true
  if (outcome === 'client_closed') return
  if (outcome === 'error' && failure !== undefined) {
    const { fact, detail, at } = failure
    to[ATTRIBUTE.errorType] = fact.reason
    to[ATTRIBUTE.errorCode] = fact.codeText
    to[ATTRIBUTE.errorReason] = fact.reason
    to[ATTRIBUTE.errorBlame] = fact.blame
    if (detail !== '') to[ATTRIBUTE.errorDetail] = clipped(detail, ATTRIBUTE_CHARS_MAX)
    if (at !== undefined) {
      to[ATTRIBUTE.errorObjectKind] = at.kind
      to[ATTRIBUTE.errorObjectNamespace] = at.namespace
      to[ATTRIBUTE.errorObjectName] = at.name
      to[ATTRIBUTE.errorObjectField] = at.field
    }
  } else if (outcome === 'rejected' && rejection !== undefined) {
    to[ATTRIBUTE.errorType] = rejection.reason
    to[ATTRIBUTE.rejectedReason] = rejection.reason
  } else if (status >= 500) to[ATTRIBUTE.errorType] = String(status)
}

function setStatus(
  span: Span,
  { outcome, failure, status, truncated, respondedAt, endedAt }: ExchangeRecord,
): void {
  if (outcome === 'client_closed') return
  if (outcome === 'error' && failure?.cause !== undefined)
    span.recordException(failure.cause, hrTimeOf(epochMs(respondedAt || endedAt)))
  // Semantic conventions: a server's 4xx is the client's affair and leaves the status unset.
  if (status >= 500 || truncated) span.setStatus({ code: SpanStatusCode.ERROR })
}

function putTimes(to: PlainAttributes, record: ExchangeRecord, times: TimeSplit): void {
  to[ATTRIBUTE.gatewayMs] = roundMs(times.gatewayMs)
  if (record.attempt !== undefined) to[ATTRIBUTE.upstreamMs] = roundMs(times.upstreamMs)
  if (record.pluginMs > 0) to[ATTRIBUTE.pluginsMs] = roundMs(record.pluginMs)
}

function routeSpanName(route: Route, method: string): string {
  const prefix = serverSpanName(method)
  let names = NAMES.get(route)
  if (names === undefined) {
    names = new Map()
    NAMES.set(route, names)
  }
  let name = names.get(prefix)
  if (name === undefined) {
    name = `${prefix} ${route.path}`
    names.set(prefix, name)
  }
  return name
}
