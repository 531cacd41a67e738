// What a finished exchange says on its server span, as OTLP bytes: the very fields that server-span.ts gives to the SDK
// (test/properties holds the two against each other). Whatever is constant was encoded before (span-parts.ts).
// Must never show a header but the user agent, nor a query value that was not allowed.

import type { ExchangeRecord } from './exchange-record.ts'
import type { Mask } from './masking.ts'
import { METHODS, methodIndex } from './method.ts'
import { ATTRIBUTE } from './names.ts'
import { attributeKey, putNumber, putText, putTexts } from './otlp-attributes.ts'
import type { OtlpWriter } from './otlp-writer.ts'
import { ATTRIBUTE_CHARS_MAX, shownHeaders, shownQuery } from './shown-request.ts'
import {
  beginSpan,
  endSpan,
  putException,
  putRemoteLink,
  putTail,
  putTimes,
  putTraceState,
} from './span-fields.ts'
import { type SpanParts, TRUE } from './span-parts.ts'
import { roundMs, type TimeSplit } from './time-split.ts'
import { clipped } from './visible-text.ts'

/** All parts of one span together; none is larger than a few hundred bytes. */
const ROOM = 512
export const OTHER_METHOD = METHODS.length - 1

const KEY = {
  methodOriginal: attributeKey(ATTRIBUTE.methodOriginal),
  path: attributeKey(ATTRIBUTE.urlPath),
  query: attributeKey(ATTRIBUTE.urlQuery),
  host: attributeKey(ATTRIBUTE.serverAddress),
  port: attributeKey(ATTRIBUTE.serverPort),
  client: attributeKey(ATTRIBUTE.clientAddress),
  peer: attributeKey(ATTRIBUTE.peerAddress),
  peerPort: attributeKey(ATTRIBUTE.peerPort),
  userAgent: attributeKey(ATTRIBUTE.userAgent),
  plugin: attributeKey(ATTRIBUTE.plugin),
  apiKey: attributeKey(ATTRIBUTE.apiKeyName),
  apiKeyRule: attributeKey(ATTRIBUTE.apiKeyRule),
  issuer: attributeKey(ATTRIBUTE.tokenIssuer),
  fallback: attributeKey(ATTRIBUTE.limitFallback),
  storeFailure: attributeKey(ATTRIBUTE.limitStoreFailure),
  errorType: attributeKey(ATTRIBUTE.errorType),
  rejected: attributeKey(ATTRIBUTE.rejectedReason),
  detail: attributeKey(ATTRIBUTE.errorDetail),
  objectKind: attributeKey(ATTRIBUTE.errorObjectKind),
  objectNamespace: attributeKey(ATTRIBUTE.errorObjectNamespace),
  objectName: attributeKey(ATTRIBUTE.errorObjectName),
  objectField: attributeKey(ATTRIBUTE.errorObjectField),
  gatewayMs: attributeKey(ATTRIBUTE.gatewayMs),
  upstreamMs: attributeKey(ATTRIBUTE.upstreamMs),
  pluginsMs: attributeKey(ATTRIBUTE.pluginsMs),
}

/** What a span is written with. */
export interface SpanContextParts {
  readonly parts: SpanParts
  readonly mask: Mask
}

/** Writes the span whole. @param batchLink the link to the batch that made its revision, where that is known */
export function writeServerSpan(
  to: OtlpWriter,
  record: ExchangeRecord,
  times: TimeSplit,
  { parts, mask }: SpanContextParts,
  batchLink: Buffer | undefined,
): void {
  const start = beginSpan(to, record.traceId, record.spanId, record.parentSpanId)
  putTraceState(to, record.tracestate)
  putTimes(to, record.startedAt, record.endedAt === 0 ? performance.now() : record.endedAt)
  const method = methodIndex(record.method)
  if (method === OTHER_METHOD) putMethodOriginal(to, record.method)
  putPart(to, parts.server(record.route, method))
  if (record.snapshot !== undefined) putPart(to, parts.snapshot(record.snapshot))
  putRequest(to, record, parts, mask)
  putGuards(to, record)
  putOutcome(to, record, parts)
  if (record.outcome === 'error' || record.outcome === 'rejected') putHeaders(to, record, mask)
  putDurations(to, record, times)
  if (record.outcome === 'error' && record.failure?.cause !== undefined)
    putException(to, record.failure.cause, record.respondedAt || record.endedAt)
  if (record.restartedFrom !== undefined) putRemoteLink(to, record.restartedFrom)
  if (batchLink !== undefined) putPart(to, batchLink)
  // Semantic conventions: a server's 4xx is the client's affair and leaves the status unset.
  const isError = record.outcome !== 'client_closed' && (record.status >= 500 || record.truncated)
  putTail(to, isError, record.traceFlags, record.parentSpanId !== '')
  endSpan(to, start)
}

/** The method as sent, where it is none of the known ones. */
export function putMethodOriginal(to: OtlpWriter, method: string): void {
  if (method !== '') putText(to, KEY.methodOriginal, clipped(method, ATTRIBUTE_CHARS_MAX))
}

/** Fields that were encoded before. */
export function putPart(to: OtlpWriter, part: Buffer): void {
  to.reserve(part.length)
  to.raw(part)
}

function putRequest(to: OtlpWriter, record: ExchangeRecord, parts: SpanParts, mask: Mask): void {
  putPart(to, parts.scheme(record.scheme))
  putPart(to, parts.version(record.httpVersion))
  if (record.path !== '') putText(to, KEY.path, clipped(record.path, ATTRIBUTE_CHARS_MAX))
  if (record.query !== '') putText(to, KEY.query, shownQuery(record, mask))
  if (record.host !== '') putText(to, KEY.host, clipped(record.host, ATTRIBUTE_CHARS_MAX))
  if (record.hostPort > 0) putNumber(to, KEY.port, record.hostPort)
  if (record.clientAddress !== '') putText(to, KEY.client, record.clientAddress)
  if (record.peerAddress !== '') putText(to, KEY.peer, record.peerAddress)
  if (record.peerPort > 0) putNumber(to, KEY.peerPort, record.peerPort)
  if (record.userAgent !== undefined)
    putText(to, KEY.userAgent, clipped(record.userAgent, ATTRIBUTE_CHARS_MAX))
  if (record.requestTrailersDropped) putPart(to, TRUE.trailersDropped)
}

function putGuards(to: OtlpWriter, record: ExchangeRecord): void {
  const { plugin, apiKey, apiKeyRule, tokenIssuer, limitFallback } = record
  if (plugin !== undefined) putText(to, KEY.plugin, plugin)
  if (apiKey !== undefined) putText(to, KEY.apiKey, apiKey)
  if (limitFallback !== undefined) {
    putText(to, KEY.fallback, limitFallback.by)
    putText(to, KEY.storeFailure, limitFallback.cause)
  }
  if (tokenIssuer !== undefined) putText(to, KEY.issuer, tokenIssuer)
  if (apiKeyRule !== undefined) putText(to, KEY.apiKeyRule, apiKeyRule)
}

function putOutcome(to: OtlpWriter, record: ExchangeRecord, parts: SpanParts): void {
  const { outcome, failure, rejection, status } = record
  const isFailed = outcome === 'error' && failure !== undefined
  const isRejected = outcome === 'rejected' && rejection !== undefined
  putPart(to, parts.outcome(outcome))
  if (status > 0) {
    putPart(
      to,
      parts.status(status, status >= 500 && outcome !== 'client_closed' && !isFailed && !isRejected),
    )
  }
  if (record.truncated) putPart(to, TRUE.truncated)
  if (isFailed) {
    const { fact, detail, at } = failure
    putPart(to, parts.fact(fact))
    if (detail !== '') putText(to, KEY.detail, clipped(detail, ATTRIBUTE_CHARS_MAX))
    if (at === undefined) return
    putText(to, KEY.objectKind, at.kind)
    putText(to, KEY.objectNamespace, at.namespace)
    putText(to, KEY.objectName, at.name)
    putText(to, KEY.objectField, at.field)
  } else if (isRejected) {
    putText(to, KEY.errorType, rejection.reason)
    putText(to, KEY.rejected, rejection.reason)
  }
}

/** What the client sent is half of why a request failed; on good answers it would be a cost and a risk for nothing. */
function putHeaders(to: OtlpWriter, record: ExchangeRecord, mask: Mask): void {
  const values = new Map<string, string[]>()
  for (const [name, shown] of shownHeaders(record, mask)) {
    const key = ATTRIBUTE.requestHeader + name.toLowerCase()
    const known = values.get(key)
    if (known === undefined) values.set(key, [shown])
    else known.push(shown)
  }
  for (const [key, list] of values) putTexts(to, key, list)
}

function putDurations(to: OtlpWriter, record: ExchangeRecord, times: TimeSplit): void {
  to.reserve(ROOM)
  putNumber(to, KEY.gatewayMs, roundMs(times.gatewayMs))
  if (record.attempt !== undefined) putNumber(to, KEY.upstreamMs, roundMs(times.upstreamMs))
  if (record.pluginMs > 0) putNumber(to, KEY.pluginsMs, roundMs(record.pluginMs))
}
