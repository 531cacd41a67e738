// What one attempt says on its client span. A failure of the attempt is an error there, and so is every 4xx and 5xx
// (HTTP semantic conventions); an attempt that was given up because the client went away is not.

import type { Span } from '@opentelemetry/api'
import { epochMs, hrTimeOf } from './clock.ts'
import type { Attempt, ExchangeRecord } from './exchange-record.ts'
import type { Mask } from './masking.ts'
import { ATTRIBUTE } from './names.ts'
import { SpanStatusCode } from './opentelemetry.ts'
import { maskedTarget, putMethod, type SpanRules } from './server-span.ts'
import { ATTRIBUTE_CHARS_MAX } from './shown-request.ts'
import { attributesFor, type PlainAttributes, setAll } from './span-attributes.ts'
import { clipped } from './visible-text.ts'

/** Sets everything and ends the span. */
export function endClientSpan(record: ExchangeRecord, attempt: Attempt, span: Span, rules: SpanRules): void {
  if (span.isRecording()) {
    const to = attributesFor(span, rules.checked)
    putMethod(to, record.method)
    to[ATTRIBUTE.urlFull] = fullUrl(attempt, rules.mask)
    to[ATTRIBUTE.serverAddress] = attempt.host
    to[ATTRIBUTE.serverPort] = attempt.port
    to[ATTRIBUTE.protocolVersion] = '1.1'
    if (attempt.resends !== undefined) to[ATTRIBUTE.resendCount] = attempt.resends
    putResult(to, attempt)
    setAll(span, to)
    setStatus(span, attempt)
  }
  span.end(hrTimeOf(epochMs(attempt.endedAt === 0 ? performance.now() : attempt.endedAt)))
}

function putResult(to: PlainAttributes, { status, failure }: Attempt): void {
  if (status > 0) to[ATTRIBUTE.status] = status
  if (failure !== undefined) {
    to[ATTRIBUTE.errorType] = failure.fact.reason
    to[ATTRIBUTE.errorCode] = failure.fact.codeText
    to[ATTRIBUTE.errorReason] = failure.fact.reason
  } else if (status >= 400) to[ATTRIBUTE.errorType] = String(status)
}

function setStatus(span: Span, { status, failure }: Attempt): void {
  if (failure === undefined && status < 400) return
  const message = clipped(failure?.detail ?? '', ATTRIBUTE_CHARS_MAX)
  span.setStatus({ code: SpanStatusCode.ERROR, ...(message === '' ? {} : { message }) })
}

/** `url.full` of an attempt, the query masked. */
export function fullUrl({ scheme, endpoint, path }: Attempt, mask: Mask): string {
  const query = path.indexOf('?')
  const target = query < 0 ? path : maskedTarget(path.slice(0, query), path.slice(query + 1), mask)
  return clipped(`${scheme}://${endpoint}${target}`, ATTRIBUTE_CHARS_MAX)
}
