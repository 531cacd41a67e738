// Starts and links the spans of an exchange by hand: one server span, one client span per attempt. Instrumentations
// would cost more than the proxying (docs/decisions). Parents are passed as contexts, so nothing is looked up per request.
// Without a tracer it still gives every exchange its ids and passes the client's trace context on unchanged.

import {
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  trace,
  type Tracer,
} from '@opentelemetry/api'
import { epochMs, hrTimeOf } from './clock.ts'
import type { Attempt, ExchangeRecord } from './exchange-record.ts'
import { PooledIds } from './ids.ts'
import { methodName } from './method.ts'
import { OTHER } from './names.ts'
import {
  FLAG_SAMPLED,
  formatTraceparent,
  parseTraceparent,
  type TraceParent,
  validTracestate,
} from './trace-context.ts'

/**
 * What becomes of a client's trace context: `continue` keeps its trace but not its sampled flag, `trust` keeps both,
 * `restart` begins a new trace with a link to it.
 */
export type Inbound = 'continue' | 'trust' | 'restart'

export interface TracingInputs {
  /** Absent where tracing is off. */
  readonly tracer: Tracer | undefined
  readonly inbound: Inbound
  /**
   * With `continue`: the sampler is not ours (a configuration file), so a continued trace is shown to it as sampled;
   * a parent-based one would drop what the client marked unsampled.
   */
  readonly showsSampled?: boolean
}

export class Tracing {
  readonly tracer: Tracer | undefined
  readonly #inbound: Inbound
  readonly #showsSampled: boolean
  readonly #ids = new PooledIds()

  constructor({ tracer, inbound, showsSampled = false }: TracingInputs) {
    this.tracer = tracer
    this.#inbound = inbound
    this.#showsSampled = showsSampled && inbound === 'continue'
  }

  /** Begins the server span: sets ids, flags, tracestate and span of the record. */
  begin(record: ExchangeRecord, traceparent: string | undefined, tracestate: string | undefined): void {
    const inbound = parseTraceparent(traceparent)
    const parent = this.#inbound === 'restart' ? undefined : inbound
    record.parentSpanId = parent?.spanId ?? ''
    record.tracestate = parent === undefined ? '' : validTracestate(tracestate)
    if (this.tracer === undefined) return this.#withoutTracer(record, parent)
    // Attributes follow when the exchange is over, all at once: at the start each would be copied twice, and the
    // samplers that there are look at the trace id and the parent only.
    const span = this.tracer.startSpan(
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
  }

  /** Begins the client span of an attempt and returns the `traceparent` for its upstream. */
  beginAttempt(record: ExchangeRecord, attempt: Attempt): string {
    if (this.tracer === undefined || record.span === undefined) return forwardedTraceparent(record)
    const method = methodName(record.method)
    const span = this.tracer.startSpan(
      method === OTHER ? 'HTTP' : method,
      { kind: SpanKind.CLIENT, startTime: hrTimeOf(epochMs(attempt.startedAt)) },
      contextOf(record.span),
    )
    attempt.span = span
    const { traceId, spanId, traceFlags } = span.spanContext()
    attempt.spanId = spanId
    return formatTraceparent(traceId, spanId, traceFlags)
  }

  /** Gives a record ids of our own where no span did. */
  #withoutTracer(record: ExchangeRecord, parent: TraceParent | undefined): void {
    record.traceId = parent?.traceId ?? this.#ids.generateTraceId()
    record.spanId = this.#ids.generateSpanId()
    record.traceFlags = parent?.flags ?? 0
  }

  #parentContext(parent: TraceParent, tracestate: string): Context {
    const context = remote(parent, tracestate)
    if (this.#showsSampled) context.traceFlags |= FLAG_SAMPLED
    return trace.setSpanContext(ROOT_CONTEXT, context)
  }
}

/** Name of a server span before its route is known. Semantic conventions: an unknown method is named HTTP. */
export function serverSpanName(method: string): string {
  const known = methodName(method)
  return known === OTHER ? 'HTTP' : known
}

/** True where this exchange is sampled and recorded: only then can its ids be looked up. */
export function isSampled(record: ExchangeRecord): boolean {
  return record.span !== undefined && (record.traceFlags & FLAG_SAMPLED) !== 0
}

/** What goes upstream where no client span was made: the client's own parent, or ourselves as a new one. */
export function forwardedTraceparent(record: ExchangeRecord): string {
  const spanId = record.parentSpanId === '' ? record.spanId : record.parentSpanId
  return formatTraceparent(record.traceId, spanId, record.traceFlags)
}

function contextOf(span: Span): Context {
  return trace.setSpan(ROOT_CONTEXT, span)
}

function remote({ traceId, spanId, flags }: TraceParent, tracestate: string): SpanContext {
  const context: SpanContext = { traceId, spanId, traceFlags: flags, isRemote: true }
  if (tracestate !== '') context.traceState = createTraceState(tracestate)
  return context
}
