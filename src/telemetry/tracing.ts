// What an exchange's spans are to whoever begins and ends them, however they are written: as SDK spans (sdk-spans.ts), as
// bytes (byte-spans.ts), or not at all. Every exchange gets its ids, and the client's trace context goes on, in each case.

import type { SpanContext } from '@opentelemetry/api'
import type { Attempt, ExchangeRecord } from './exchange-record.ts'
import { PooledIds } from './ids.ts'
import { methodName } from './method.ts'
import { OTHER } from './names.ts'
import type { TimeSplit } from './time-split.ts'
import { formatTraceparent, parseTraceparent, type TraceParent, validTracestate } from './trace-context.ts'

/**
 * What becomes of a client's trace context: `continue` keeps its trace but not its sampled flag, `trust` keeps both,
 * `restart` begins a new trace with a link to it.
 */
export type Inbound = 'continue' | 'trust' | 'restart'

/** One server span an exchange and one client span an attempt. */
export interface ExchangeSpans {
  /** Begins the server span: sets ids, flags, tracestate and `sampled` of the record. */
  begin(record: ExchangeRecord, traceparent: string | undefined, tracestate: string | undefined): void
  /** Begins the client span of an attempt and returns the `traceparent` for its upstream. */
  beginAttempt(record: ExchangeRecord, attempt: Attempt): string
  /** Ends it; called once for each that was begun. */
  endAttempt(record: ExchangeRecord, attempt: Attempt): void
  /** Ends the server span. @param batch the span of the batch that made the revision, where that is known */
  end(record: ExchangeRecord, times: TimeSplit, batch: SpanContext | undefined): void
}

/** Without tracing: ids of our own, or those of the client. */
export class NoSpans implements ExchangeSpans {
  readonly #inbound: Inbound
  readonly #ids = new PooledIds()

  constructor(inbound: Inbound) {
    this.#inbound = inbound
  }

  begin(record: ExchangeRecord, traceparent: string | undefined, tracestate: string | undefined): void {
    const parent = parentOf(record, this.#inbound, parseTraceparent(traceparent), tracestate)
    record.traceId = parent?.traceId ?? this.#ids.generateTraceId()
    record.spanId = this.#ids.generateSpanId()
    record.traceFlags = parent?.flags ?? 0
  }

  beginAttempt(record: ExchangeRecord): string {
    return forwardedTraceparent(record)
  }

  endAttempt(): void {
    // None was begun.
  }

  end(): void {
    // Nor here.
  }
}

/** The parent of an exchange's span, noted on its record; undefined where a new trace begins. */
export function parentOf(
  record: ExchangeRecord,
  mode: Inbound,
  inbound: TraceParent | undefined,
  tracestate: string | undefined,
): TraceParent | undefined {
  const parent = mode === 'restart' ? undefined : inbound
  record.parentSpanId = parent?.spanId ?? ''
  record.tracestate = parent === undefined ? '' : validTracestate(tracestate)
  return parent
}

/** Name of a server span before its route is known. Semantic conventions: an unknown method is named HTTP. */
export function serverSpanName(method: string): string {
  const known = methodName(method)
  return known === OTHER ? 'HTTP' : known
}

/** What goes upstream where no client span was made: the client's own parent, or ourselves as a new one. */
export function forwardedTraceparent(record: ExchangeRecord): string {
  const spanId = record.parentSpanId === '' ? record.spanId : record.parentSpanId
  return formatTraceparent(record.traceId, spanId, record.traceFlags)
}
