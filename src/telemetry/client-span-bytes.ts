// What one attempt says on its client span, as OTLP bytes: the very fields that client-span.ts gives to the SDK.

import type { Attempt, ExchangeRecord } from './exchange-record.ts'
import { fullUrl } from './client-span.ts'
import { methodIndex } from './method.ts'
import { ATTRIBUTE } from './names.ts'
import { attributeKey, putNumber, putText } from './otlp-attributes.ts'
import type { OtlpWriter } from './otlp-writer.ts'
import { OTHER_METHOD, putMethodOriginal, putPart, type SpanContextParts } from './server-span-bytes.ts'
import { ATTRIBUTE_CHARS_MAX } from './shown-request.ts'
import { beginSpan, endSpan, putErrorTail, putTail, putTimes, putTraceState } from './span-fields.ts'
import { clipped } from './visible-text.ts'

const URL_FULL = attributeKey(ATTRIBUTE.urlFull)
const RESENDS = attributeKey(ATTRIBUTE.resendCount)

/** Writes the span whole. */
export function writeClientSpan(
  to: OtlpWriter,
  record: ExchangeRecord,
  attempt: Attempt,
  { parts, mask }: SpanContextParts,
): void {
  const { status, failure } = attempt
  const start = beginSpan(to, record.traceId, attempt.spanId, record.spanId)
  putTraceState(to, record.tracestate)
  putTimes(to, attempt.startedAt, attempt.endedAt === 0 ? performance.now() : attempt.endedAt)
  const method = methodIndex(record.method)
  if (method === OTHER_METHOD) putMethodOriginal(to, record.method)
  putPart(to, parts.client(method))
  putPart(to, parts.endpoint(attempt))
  putText(to, URL_FULL, fullUrl(attempt, mask))
  if (attempt.resends !== undefined) putNumber(to, RESENDS, attempt.resends)
  if (status > 0) putPart(to, parts.status(status, status >= 400 && failure === undefined))
  if (failure !== undefined) putPart(to, parts.clientFact(failure.fact))
  const message = clipped(failure?.detail ?? '', ATTRIBUTE_CHARS_MAX)
  if (message !== '') putErrorTail(to, message, record.traceFlags, false)
  else putTail(to, failure !== undefined || status >= 400, record.traceFlags, false)
  endSpan(to, start)
}
