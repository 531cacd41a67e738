// The only writer of a request's signals: server and client spans, metrics, access line, all from one record, so that
// they can never disagree. Nothing here throws: a signal that fails is counted, and the request goes on.

import type { AccessLog } from './access-log.ts'
import { jsonLine, prettyLine } from './access-line.ts'
import { BatchLinks, type BatchSpan } from './batch-links.ts'
import type { Batch } from './batch-span.ts'
import { epochMs } from './clock.ts'
import type { Witness } from './exemplars.ts'
import type { Attempt, ExchangeRecord } from './exchange-record.ts'
import type { Mask } from './masking.ts'
import { PooledIds } from './ids.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import { RateLimit } from './rate-limit.ts'
import { splitTime, type TimeSplit } from './time-split.ts'
import { type ExchangeSpans, forwardedTraceparent } from './tracing.ts'

export interface RecorderParts {
  readonly spans: ExchangeSpans
  /** Writes the span of a batch; undefined where tracing is off. */
  readonly writeBatch: (batch: Batch) => BatchSpan | undefined
  readonly metrics: Metrics
  readonly mask: Mask
  readonly log: Pick<Log, 'error'>
  /** Absent where process.access_log is off. */
  readonly accessLog?: { readonly sink: Pick<AccessLog, 'write'>; readonly pretty: boolean }
  /** Gets every finished exchange beside the other signals. */
  readonly keeper?: ExchangeKeeper
}

/** Whoever remembers exchanges. It must copy what it keeps: a record holds secrets. */
export interface ExchangeKeeper {
  keep(record: ExchangeRecord, mask: Mask): void
}

export class Recorder {
  readonly #parts: RecorderParts
  readonly #ids = new PooledIds()
  readonly #faults = new RateLimit()
  readonly #batches = new BatchLinks()
  /** Filled anew for each exchange: finishing one allocates neither. */
  readonly #times: TimeSplit = { totalMs: 0, upstreamMs: 0, gatewayMs: 0, pluginsMs: 0 }
  readonly #witness: Witness = { traceId: '', spanId: '', at: 0 }

  constructor(parts: RecorderParts) {
    this.#parts = parts
  }

  /**
   * Begins the server span and sets the ids of the record, which are valid afterwards whatever happens.
   * `startedAt` and `method` must be set before.
   */
  begin(record: ExchangeRecord, traceparent: string | undefined, tracestate: string | undefined): void {
    try {
      this.#parts.spans.begin(record, traceparent, tracestate)
    } catch (error) {
      this.#fault(error)
    }
    if (record.traceId === '') record.traceId = this.#ids.generateTraceId()
    if (record.spanId === '') record.spanId = this.#ids.generateSpanId()
  }

  /** Begins the client span of an attempt and returns the `traceparent` that its upstream is to get. */
  beginAttempt(record: ExchangeRecord, attempt: Attempt): string {
    try {
      return this.#parts.spans.beginAttempt(record, attempt)
    } catch (error) {
      this.#fault(error)
      return forwardedTraceparent(record)
    }
  }

  /** Ends the attempt's span; once. */
  endAttempt(record: ExchangeRecord, attempt: Attempt): void {
    if (!attempt.spanOpen) return
    attempt.spanOpen = false
    try {
      this.#parts.spans.endAttempt(record, attempt)
    } catch (error) {
      this.#fault(error)
    }
  }

  /** Writes every signal of a finished exchange; once, however often it is called. */
  finish(record: ExchangeRecord): void {
    if (record.recorded) return
    record.recorded = true
    if (record.attempt !== undefined) this.endAttempt(record, record.attempt)
    const times = splitTime(record, this.#times)
    try {
      this.#parts.metrics.observeExchange(record, times, this.#witnessOf(record))
    } catch (error) {
      this.#fault(error)
    }
    try {
      this.#parts.spans.end(record, times, this.#batches.of(record))
    } catch (error) {
      this.#fault(error)
    }
    try {
      const { accessLog } = this.#parts
      accessLog?.sink.write(accessLog.pretty ? prettyLine(record, times) : jsonLine(record, times))
    } catch (error) {
      this.#fault(error)
    }
    try {
      this.#parts.keeper?.keep(record, this.#parts.mask)
    } catch (error) {
      this.#fault(error)
    }
  }

  /** Counts requests under way. */
  inFlight(delta: 1 | -1): void {
    this.#parts.metrics.inFlight(delta)
  }

  /** Writes the span of a batch of events; exchanges under its revision link to it. Undefined where there is none. */
  recordBatch(batch: Batch): BatchSpan | undefined {
    try {
      const written = this.#parts.writeBatch(batch)
      if (written === undefined) return undefined
      const { traceId, spanId, traceFlags } = written
      const span = { traceId, spanId, traceFlags }
      this.#batches.set(batch.revision, span)
      return span
    } catch (error) {
      this.#fault(error)
      return undefined
    }
  }

  /** Another process of this gateway has written the span of that revision: exchanges under it link to it. */
  linkBatch(revision: number, span: BatchSpan): void {
    this.#batches.set(revision, span)
  }

  #witnessOf(record: ExchangeRecord): Witness {
    const witness = this.#witness
    witness.traceId = record.sampled ? record.traceId : ''
    witness.spanId = record.spanId
    witness.at = epochMs(record.endedAt) / 1000
    return witness
  }

  #fault(error: unknown): void {
    this.#parts.metrics.dropped('record')
    const suppressed = this.#faults.take('fault', performance.now())
    if (suppressed === undefined) return
    this.#parts.log.error(
      { err: error, suppressed },
      'A signal of a request could not be written: this is a bug',
    )
  }
}
