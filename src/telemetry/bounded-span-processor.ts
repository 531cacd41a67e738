// Spans on their way to the Collector: a bounded queue in front of the SDK's batch processor, and an exact count of what
// is lost, to a full queue, to an export that failed, or to an end that could not wait. It never blocks and never grows.

import type { BatchSpanProcessor, ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace'

export interface QueueLimits {
  /** Spans that wait. */
  readonly spansMax: number
  readonly batchSpansMax: number
  readonly delayMs: number
  readonly exportTimeoutMs: number
}

type ExportCallback = Parameters<SpanExporter['export']>[1]
const SAMPLED = 1

export class BoundedSpanProcessor implements SpanProcessor {
  readonly #inner: BatchSpanProcessor
  readonly #spansMax: number
  readonly #onDropped: (spans: number) => void
  #queued = 0
  #exporting = 0
  #stopped = false

  /** @param Batch the SDK's class, which is loaded when telemetry starts */
  constructor(
    Batch: typeof BatchSpanProcessor,
    exporter: SpanExporter,
    limits: QueueLimits,
    onDropped: (spans: number) => void,
  ) {
    this.#spansMax = limits.spansMax
    this.#onDropped = onDropped
    this.#inner = new Batch({
      exporter: this.#counted(exporter),
      maxQueueSize: limits.spansMax,
      maxExportBatchSize: Math.min(limits.batchSpansMax, limits.spansMax),
      scheduledDelayMillis: limits.delayMs,
      exportTimeoutMillis: limits.exportTimeoutMs,
    })
  }

  onStart(): void {
    // Nothing is known of a span before it ends.
  }

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & SAMPLED) === 0) return
    // Ours is the tighter of two gates: what the inner queue would drop, it would not report.
    if (this.#stopped || this.#queued >= this.#spansMax) {
      this.#onDropped(1)
      return
    }
    this.#queued++
    this.#inner.onEnd(span)
  }

  forceFlush(): Promise<void> {
    return this.#inner.forceFlush()
  }

  shutdown(): Promise<void> {
    this.#stopped = true
    return this.#inner.shutdown()
  }

  /** Counts what has not been delivered as lost: nobody waits for it any more. */
  abandon(): void {
    this.#stopped = true
    const lost = this.#queued + this.#exporting
    this.#queued = 0
    this.#exporting = 0
    if (lost > 0) this.#onDropped(lost)
  }

  #counted(exporter: SpanExporter): SpanExporter {
    return {
      export: (spans: ReadableSpan[], done: ExportCallback) => {
        const count = spans.length
        this.#queued = Math.max(0, this.#queued - count)
        this.#exporting += count
        exporter.export(spans, (result) => {
          const waited = Math.min(count, this.#exporting)
          this.#exporting -= waited
          // ExportResultCode of @opentelemetry/core: 0 is success.
          if (result.code && waited > 0) this.#onDropped(waited)
          done(result)
        })
      },
      shutdown: () => exporter.shutdown(),
      forceFlush: async () => exporter.forceFlush?.(),
    }
  }
}
