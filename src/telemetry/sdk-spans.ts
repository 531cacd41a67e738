// Spans of exchanges as the SDK's: where a configuration file or somebody else's provider says what becomes of them,
// where attributes are limited, or where they leave as JSON. It is also what byte-spans.ts is held against.
// Parents are passed as contexts, so nothing is looked up per request.

import type { Context, Span, SpanContext, Tracer } from '@opentelemetry/api'
import { endClientSpan } from './client-span.ts'
import { epochMs, hrTimeOf } from './clock.ts'
import type { Attempt, ExchangeRecord } from './exchange-record.ts'
import { createTraceState, ROOT_CONTEXT, SpanKind, trace } from './opentelemetry.ts'
import { endServerSpan, type SpanRules } from './server-span.ts'
import type { TimeSplit } from './time-split.ts'
import { FLAG_SAMPLED, formatTraceparent, parseTraceparent, type TraceParent } from './trace-context.ts'
import {
  type ExchangeSpans,
  forwardedTraceparent,
  type Inbound,
  parentOf,
  serverSpanName,
} from './tracing.ts'

export interface SdkSpansInputs {
  readonly tracer: Tracer
  readonly inbound: Inbound
  readonly rules: SpanRules
  /**
   * With `continue`: the sampler is not ours (a configuration file), so a continued trace is shown to it as sampled;
   * a parent-based one would drop what the client marked unsampled.
   */
  readonly showsSampled: boolean
}

export class SdkSpans implements ExchangeSpans {
  readonly #tracer: Tracer
  readonly #inbound: Inbound
  readonly #rules: SpanRules
  readonly #showsSampled: boolean

  constructor({ tracer, inbound, rules, showsSampled }: SdkSpansInputs) {
    this.#tracer = tracer
    this.#inbound = inbound
    this.#rules = rules
    this.#showsSampled = showsSampled && inbound === 'continue'
  }

  begin(record: ExchangeRecord, traceparent: string | undefined, tracestate: string | undefined): void {
    const inbound = parseTraceparent(traceparent)
    const parent = parentOf(record, this.#inbound, inbound, tracestate)
    // Attributes follow when the exchange is over, all at once: at the start each would be copied twice, and the
    // samplers that there are look at the trace id and the parent only.
    const span = this.#tracer.startSpan(
      serverSpanName(record.method),
      {
        kind: SpanKind.SERVER,
        startTime: hrTimeOf(epochMs(record.startedAt)),
        ...(inbound !== undefined && parent === undefined
          ? { links: [{ context: remote(inbound, '') }] }
          : {}),
      },
      parent === undefined ? ROOT_CONTEXT : this.#parentContext(parent, record.tracestate),
    )
    const { traceId, spanId, traceFlags } = span.spanContext()
    record.span = span
    record.traceId = traceId
    record.spanId = spanId
    record.traceFlags = traceFlags
    record.sampled = (traceFlags & FLAG_SAMPLED) !== 0
  }

  beginAttempt(record: ExchangeRecord, attempt: Attempt): string {
    if (record.span === undefined) return forwardedTraceparent(record)
    const span = this.#tracer.startSpan(
      serverSpanName(record.method),
      { kind: SpanKind.CLIENT, startTime: hrTimeOf(epochMs(attempt.startedAt)) },
      contextOf(record.span),
    )
    attempt.span = span
    attempt.spanOpen = true
    const { traceId, spanId, traceFlags } = span.spanContext()
    attempt.spanId = spanId
    return formatTraceparent(traceId, spanId, traceFlags)
  }

  endAttempt(record: ExchangeRecord, attempt: Attempt): void {
    const { span } = attempt
    attempt.span = undefined
    if (span !== undefined) endClientSpan(record, attempt, span, this.#rules)
  }

  end(record: ExchangeRecord, times: TimeSplit, batch: SpanContext | undefined): void {
    const { span } = record
    if (span === undefined) return
    if (batch !== undefined && span.isRecording()) span.addLink({ context: batch })
    endServerSpan(record, span, times, this.#rules)
  }

  #parentContext(parent: TraceParent, tracestate: string): Context {
    const context = remote(parent, tracestate)
    if (this.#showsSampled) context.traceFlags |= FLAG_SAMPLED
    return trace.setSpanContext(ROOT_CONTEXT, context)
  }
}

function contextOf(span: Span): Context {
  return trace.setSpan(ROOT_CONTEXT, span)
}

function remote({ traceId, spanId, flags }: TraceParent, tracestate: string): SpanContext {
  const context: SpanContext = { traceId, spanId, traceFlags: flags, isRemote: true }
  if (tracestate !== '') context.traceState = createTraceState(tracestate)
  return context
}
