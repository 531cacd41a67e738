// What one attempt says on its client span. A failure of the attempt is an error there, and so is every 4xx and 5xx
// (HTTP semantic conventions); an attempt that was given up because the client went away is not.

import { type Span, SpanStatusCode } from '@opentelemetry/api'
import { epochMs, hrTimeOf } from './clock.ts'
import type { Attempt, ExchangeRecord } from './exchange-record.ts'
import type { Mask } from './masking.ts'
import { ATTRIBUTE } from './names.ts'
import { ATTRIBUTE_CHARS_MAX, maskedTarget, setMethod } from './server-span.ts'
import { clipped } from './visible-text.ts'

/** Sets everything and ends the span. */
export function endClientSpan(record: ExchangeRecord, attempt: Attempt, span: Span, mask: Mask): void {
  if (span.isRecording()) {
    setMethod(span, record.method)
    span.setAttribute(ATTRIBUTE.urlFull, fullUrl(attempt, mask))
    span.setAttribute(ATTRIBUTE.serverAddress, attempt.host)
    span.setAttribute(ATTRIBUTE.serverPort, attempt.port)
    span.setAttribute(ATTRIBUTE.protocolVersion, '1.1')
    setResult(span, attempt)
  }
  span.end(hrTimeOf(epochMs(attempt.endedAt === 0 ? performance.now() : attempt.endedAt)))
}

function setResult(span: Span, { status, failure }: Attempt): void {
  if (status > 0) span.setAttribute(ATTRIBUTE.status, status)
  if (failure !== undefined) {
    const { fact, detail } = failure
    span.setAttribute(ATTRIBUTE.errorType, fact.reason)
    span.setAttribute(ATTRIBUTE.errorCode, fact.codeText)
    span.setAttribute(ATTRIBUTE.errorReason, fact.reason)
    const message = clipped(detail, ATTRIBUTE_CHARS_MAX)
    span.setStatus({ code: SpanStatusCode.ERROR, ...(message === '' ? {} : { message }) })
  } else if (status >= 400) {
    span.setAttribute(ATTRIBUTE.errorType, String(status))
    span.setStatus({ code: SpanStatusCode.ERROR })
  }
}

function fullUrl({ scheme, endpoint, path }: Attempt, mask: Mask): string {
  const query = path.indexOf('?')
  const target = query < 0 ? path : maskedTarget(path.slice(0, query), path.slice(query + 1), mask)
  return clipped(`${scheme}://${endpoint}${target}`, ATTRIBUTE_CHARS_MAX)
}
