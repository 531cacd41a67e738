// What a finished exchange says on its server span: attributes by the HTTP semantic conventions, `kanali.*` beside them.
// Must never show a header but the user agent, nor a query value that was not allowed.

import { type Span, SpanStatusCode } from '@opentelemetry/api'
import type { Route } from '../snapshot/snapshot.ts'
import { epochMs, hrTimeOf } from './clock.ts'
import type { ExchangeRecord } from './exchange-record.ts'
import type { Mask } from './masking.ts'
import { methodName } from './method.ts'
import { ATTRIBUTE, OTHER } from './names.ts'
import { roundMs, type TimeSplit } from './time-split.ts'
import { serverSpanName } from './tracing.ts'
import { clipped } from './visible-text.ts'

/** Attribute values are cut here: thousands of spans wait for the Collector, and clients choose these texts. */
export const ATTRIBUTE_CHARS_MAX = 2048

/** Span names by method, made once per route. */
const NAMES = new WeakMap<Route, Map<string, string>>()

/** Sets everything and ends the span. */
export function endServerSpan(record: ExchangeRecord, span: Span, times: TimeSplit, mask: Mask): void {
  if (span.isRecording()) {
    setRequest(span, record, mask)
    setRoute(span, record)
    setOutcome(span, record)
    setTimes(span, record, times)
  }
  span.end(hrTimeOf(epochMs(record.endedAt === 0 ? performance.now() : record.endedAt)))
}

/** `http.request.method`, and the method as sent where it is none of the known ones. */
export function setMethod(span: Span, method: string): void {
  const known = methodName(method)
  span.setAttribute(ATTRIBUTE.method, known)
  if (known === OTHER && method !== '')
    span.setAttribute(ATTRIBUTE.methodOriginal, clipped(method, ATTRIBUTE_CHARS_MAX))
}

/** Path and masked query as they stand in a URL. */
export function maskedTarget(path: string, query: string, mask: Mask): string {
  return clipped(query === '' ? path : `${path}?${mask.query(query)}`, ATTRIBUTE_CHARS_MAX)
}

function setRequest(span: Span, record: ExchangeRecord, mask: Mask): void {
  setMethod(span, record.method)
  span.setAttribute(ATTRIBUTE.urlScheme, record.scheme)
  if (record.path !== '') span.setAttribute(ATTRIBUTE.urlPath, clipped(record.path, ATTRIBUTE_CHARS_MAX))
  if (record.query !== '') {
    span.setAttribute(ATTRIBUTE.urlQuery, clipped(mask.query(record.query), ATTRIBUTE_CHARS_MAX))
  }
  if (record.host !== '')
    span.setAttribute(ATTRIBUTE.serverAddress, clipped(record.host, ATTRIBUTE_CHARS_MAX))
  if (record.hostPort > 0) span.setAttribute(ATTRIBUTE.serverPort, record.hostPort)
  if (record.clientAddress !== '') span.setAttribute(ATTRIBUTE.clientAddress, record.clientAddress)
  if (record.peerAddress !== '') span.setAttribute(ATTRIBUTE.peerAddress, record.peerAddress)
  if (record.peerPort > 0) span.setAttribute(ATTRIBUTE.peerPort, record.peerPort)
  span.setAttribute(ATTRIBUTE.protocolVersion, record.httpVersion)
  if (record.userAgent !== undefined) {
    span.setAttribute(ATTRIBUTE.userAgent, clipped(record.userAgent, ATTRIBUTE_CHARS_MAX))
  }
  if (record.requestTrailersDropped) span.setAttribute(ATTRIBUTE.trailersDropped, true)
}

function setRoute(span: Span, { route, snapshot, method, plugin }: ExchangeRecord): void {
  if (route !== undefined) {
    span.updateName(routeSpanName(route, method))
    span.setAttribute(ATTRIBUTE.route, route.path)
    span.setAttribute(ATTRIBUTE.apiproxyName, route.apiproxy)
    span.setAttribute(ATTRIBUTE.apiproxyNamespace, route.namespace)
  }
  if (snapshot !== undefined) {
    span.setAttribute(ATTRIBUTE.snapshotRevision, snapshot.revision)
    span.setAttribute(ATTRIBUTE.snapshotHash, snapshot.hash)
    if (snapshot.staleSince !== undefined) span.setAttribute(ATTRIBUTE.snapshotStale, true)
  }
  if (plugin !== undefined) span.setAttribute(ATTRIBUTE.plugin, plugin)
}

function setOutcome(span: Span, record: ExchangeRecord): void {
  const { outcome, failure, rejection, status, truncated } = record
  span.setAttribute(ATTRIBUTE.outcome, outcome)
  if (status > 0) span.setAttribute(ATTRIBUTE.status, status)
  if (truncated) span.setAttribute(ATTRIBUTE.responseTruncated, true)
  if (outcome === 'client_closed') return
  if (outcome === 'error' && failure !== undefined) {
    const { fact, detail, cause } = failure
    span.setAttribute(ATTRIBUTE.errorType, fact.reason)
    span.setAttribute(ATTRIBUTE.errorCode, fact.codeText)
    span.setAttribute(ATTRIBUTE.errorReason, fact.reason)
    span.setAttribute(ATTRIBUTE.errorBlame, fact.blame)
    if (detail !== '') span.setAttribute(ATTRIBUTE.errorDetail, clipped(detail, ATTRIBUTE_CHARS_MAX))
    if (cause !== undefined)
      span.recordException(cause, hrTimeOf(epochMs(record.respondedAt || record.endedAt)))
  } else if (outcome === 'rejected' && rejection !== undefined) {
    span.setAttribute(ATTRIBUTE.errorType, rejection.reason)
    span.setAttribute(ATTRIBUTE.rejectedReason, rejection.reason)
  } else if (status >= 500) span.setAttribute(ATTRIBUTE.errorType, String(status))
  // Semantic conventions: a server's 4xx is the client's affair and leaves the status unset.
  if (status >= 500 || truncated) span.setStatus({ code: SpanStatusCode.ERROR })
}

function setTimes(span: Span, record: ExchangeRecord, times: TimeSplit): void {
  span.setAttribute(ATTRIBUTE.gatewayMs, roundMs(times.gatewayMs))
  if (record.attempt !== undefined) span.setAttribute(ATTRIBUTE.upstreamMs, roundMs(times.upstreamMs))
  if (record.pluginMs > 0) span.setAttribute(ATTRIBUTE.pluginsMs, roundMs(record.pluginMs))
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
