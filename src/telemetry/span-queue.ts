// Spans as bytes on their way to the Collector: one buffer that is written, full ones that wait, one export at a time, as
// the SDK's batch processor has it. It never blocks and never grows beyond its limits, and counts exactly what is lost, to
// a full queue, to an export that failed, or to an end that could not wait.

import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace'
import type { QueueLimits } from './bounded-span-processor.ts'
import { PROBE } from './head-sampler.ts'
import { context, load } from './opentelemetry.ts'
import { OtlpWriter } from './otlp-writer.ts'
import type { SpanTransport } from './otlp-transport.ts'
import type { BatchSerializer, SpanBatch } from './span-batch.ts'
import { FLAG_SAMPLED } from './trace-context.ts'

const { ExportResultCode, globalErrorHandler, suppressTracing } = load('@opentelemetry/core')

/** A batch is closed here, below the 4 MiB that a gRPC server takes unless told otherwise. */
export const BATCH_BYTES_MAX = 2 * 1024 * 1024
/** Bytes that may wait, for each span that may: clients choose texts, and spans can be a hundred times the usual. */
export const QUEUED_BYTES_A_SPAN = 4096
/** While the program ends, so many exports run side by side. */
const EXPORTS_AT_END = 4
const SPARE_BUFFERS_MAX = 2
/** Smaller ones are not worth keeping, larger ones held a span of an unusual size. */
const SPARE_BYTES_MIN = 64 * 1024
const BUFFER_BYTES_MAX = 2 * BATCH_BYTES_MAX

export interface SpanQueueParts {
  readonly limits: QueueLimits
  readonly transport: SpanTransport
  readonly serializer: Pick<BatchSerializer, 'like' | 'pending' | 'isTaught'>
  /** Called with the number of spans that were lost. */
  readonly onDropped: (spans: number) => void
}

export class SpanQueue implements SpanProcessor {
  readonly #parts: SpanQueueParts
  readonly #batchSpansMax: number
  readonly #bytesMax: number
  readonly #writer = new OtlpWriter()
  readonly #spare: Buffer[] = []
  #sealed: SpanBatch[] = []
  #sealedBytes = 0
  /** Of the batch that is being written: the bytes of whole spans, those spans and others. */
  #used = 0
  #spans = 0
  #others: ReadableSpan[] = []
  #queued = 0
  #exporting = 0
  #isFlushing = false
  #stopped = false
  #timer: NodeJS.Timeout | undefined

  constructor(parts: SpanQueueParts) {
    const { batchSpansMax, spansMax } = parts.limits
    this.#parts = parts
    this.#batchSpansMax = Math.min(batchSpansMax, spansMax)
    this.#bytesMax = spansMax * QUEUED_BYTES_A_SPAN
  }

  /** Where one span is to be written; `commit` makes it count. Undefined where there is no room: it is counted as lost. */
  open(): OtlpWriter | undefined {
    if (!this.#admits()) return undefined
    this.#writer.at = this.#used
    return this.#writer
  }

  /** The span that was written since `open` is whole. */
  commit(): void {
    this.#used = this.#writer.at
    this.#added()
  }

  /** Learns resource and scope from the one span that is started for it. */
  onStart(span: Span & ReadableSpan): void {
    if (span.name === PROBE) this.#parts.serializer.like(span)
  }

  /** Resource and scope have been learned: until then no bytes can leave. */
  get isTaught(): boolean {
    return this.#parts.serializer.isTaught
  }

  /** Takes a span of the SDK. */
  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & FLAG_SAMPLED) === 0 || !this.#admits()) return
    this.#others.push(span)
    this.#added()
  }

  /** Sends what is queued. Never rejects: what could not be delivered is counted. */
  async forceFlush(): Promise<void> {
    await Promise.all(
      Array.from({ length: EXPORTS_AT_END }, async () => {
        while (this.#queued > 0) await this.#exportOldest()
      }),
    )
  }

  async shutdown(): Promise<void> {
    this.#stopped = true
    await this.forceFlush()
    await this.#parts.transport.shutdown()
  }

  /** Counts what has not been delivered as lost: nobody waits for it any more. */
  abandon(): void {
    this.#stopped = true
    const lost = this.#queued + this.#exporting
    this.#queued = 0
    this.#exporting = 0
    this.#sealed = []
    this.#sealedBytes = 0
    this.#used = 0
    this.#spans = 0
    this.#others = []
    if (lost > 0) this.#parts.onDropped(lost)
  }

  #admits(): boolean {
    if (
      !this.#stopped &&
      this.#queued < this.#parts.limits.spansMax &&
      this.#sealedBytes + this.#used < this.#bytesMax
    )
      return true
    this.#parts.onDropped(1)
    return false
  }

  #added(): void {
    this.#spans++
    this.#queued++
    if (this.#spans >= this.#batchSpansMax || this.#used >= BATCH_BYTES_MAX) {
      this.#seal()
      this.#flush()
    } else this.#wait()
  }

  /** Closes the batch that is being written. */
  #seal(): void {
    this.#sealed.push({
      bytes: this.#handOver(),
      used: this.#used,
      others: this.#others,
      spans: this.#spans,
    })
    this.#sealedBytes += this.#used
    this.#used = 0
    this.#spans = 0
    this.#others = []
  }

  /** The written bytes, whose buffer goes with them where it is mostly full: what waits takes at most twice its size. */
  #handOver(): Buffer {
    const { bytes } = this.#writer
    if (this.#used * 2 < bytes.length) return Buffer.from(bytes.subarray(0, this.#used))
    const next = this.#spare.pop() ?? Buffer.allocUnsafeSlow(Math.min(bytes.length, BUFFER_BYTES_MAX))
    this.#writer.use(next)
    return bytes
  }

  #wait(): void {
    if (this.#timer !== undefined || this.#isFlushing) return
    this.#timer = setTimeout(() => this.#flush(), this.#parts.limits.delayMs).unref()
  }

  #flush(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    clearTimeout(this.#timer)
    this.#timer = undefined
    void this.#exportOldest().then(() => {
      this.#isFlushing = false
      if (this.#sealed.length > 0) this.#flush()
      else if (this.#queued > 0) this.#wait()
    })
  }

  /** Exports one batch, the whole ones first. Resolves when it is delivered or lost, or after the export timeout. */
  async #exportOldest(): Promise<void> {
    await this.#parts.serializer.pending()?.catch(globalErrorHandler)
    if (this.#sealed.length === 0 && this.#spans > 0) this.#seal()
    const batch = this.#sealed.shift()
    if (batch === undefined) return
    this.#sealedBytes -= batch.used
    this.#queued -= batch.spans
    this.#exporting += batch.spans
    const { promise: over, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(() => {
      globalErrorHandler(new Error('the export of spans took longer than OTEL_BSP_EXPORT_TIMEOUT'))
      resolve()
    }, this.#parts.limits.exportTimeoutMs).unref()
    const done = (error: Error | undefined): void => {
      clearTimeout(timer)
      this.#settle(batch.spans, error)
      resolve()
    }
    // An instrumentation must not trace what carries its own spans.
    context.with(suppressTracing(context.active()), () => this.#send(batch, done))
    await over
  }

  #send(batch: SpanBatch, done: (error: Error | undefined) => void): void {
    try {
      this.#parts.transport.export(batch, ({ code, error }) => {
        done(
          code === ExportResultCode.SUCCESS ? undefined : (error ?? new Error('the export of spans failed')),
        )
      })
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)))
    }
    // The transport has made a request of it by now, and holds bytes of its own.
    const isBuffer = batch.bytes.length >= SPARE_BYTES_MIN && batch.bytes.length <= BUFFER_BYTES_MAX
    if (isBuffer && this.#spare.length < SPARE_BUFFERS_MAX) this.#spare.push(batch.bytes)
  }

  #settle(spans: number, error: Error | undefined): void {
    const waited = Math.min(spans, this.#exporting)
    this.#exporting -= waited
    if (error === undefined) return
    if (waited > 0) this.#parts.onDropped(waited)
    globalErrorHandler(error)
  }
}
