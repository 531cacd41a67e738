// Spans of exchanges as OTLP bytes, written when an exchange or attempt is over, straight from its record into the buffer
// that goes to the Collector: there is no span object (docs/decisions/0018). What can be said of a span is what the SDK
// would say, field by field.

import type { SpanContext } from '@opentelemetry/api'
import { writeClientSpan } from './client-span-bytes.ts'
import type { Attempt, ExchangeRecord } from './exchange-record.ts'
import type { HeadSampler } from './head-sampler.ts'
import { PooledIds } from './ids.ts'
import type { Mask } from './masking.ts'
import { type SpanContextParts, writeServerSpan } from './server-span-bytes.ts'
import { linkBytes } from './span-fields.ts'
import { SpanParts } from './span-parts.ts'
import type { SpanQueue } from './span-queue.ts'
import type { TimeSplit } from './time-split.ts'
import { FLAG_SAMPLED, formatTraceparent, parseTraceparent } from './trace-context.ts'
import { type ExchangeSpans, type Inbound, parentOf } from './tracing.ts'

export interface ByteSpansInputs {
  readonly queue: Pick<SpanQueue, 'open' | 'commit'>
  readonly sampler: Pick<HeadSampler, 'samples'>
  readonly inbound: Inbound
  readonly mask: Mask
}

export class ByteSpans implements ExchangeSpans {
  readonly #queue: ByteSpansInputs['queue']
  readonly #sampler: ByteSpansInputs['sampler']
  readonly #inbound: Inbound
  readonly #with: SpanContextParts
  readonly #ids = new PooledIds()
  /** Links by the batches' span contexts, which are remembered for as long as exchanges may link to them. */
  readonly #links = new WeakMap<SpanContext, Buffer>()

  constructor({ queue, sampler, inbound, mask }: ByteSpansInputs) {
    this.#queue = queue
    this.#sampler = sampler
    this.#inbound = inbound
    this.#with = { parts: new SpanParts(), mask }
  }

  begin(record: ExchangeRecord, traceparent: string | undefined, tracestate: string | undefined): void {
    const inbound = parseTraceparent(traceparent)
    const parent = parentOf(record, this.#inbound, inbound, tracestate)
    record.traceId = parent?.traceId ?? this.#ids.generateTraceId()
    record.spanId = this.#ids.generateSpanId()
    record.sampled = this.#sampler.samples(record.traceId, parent)
    record.traceFlags = record.sampled ? FLAG_SAMPLED : 0
    record.restartedFrom = parent === undefined ? inbound : undefined
  }

  beginAttempt(record: ExchangeRecord, attempt: Attempt): string {
    attempt.spanId = this.#ids.generateSpanId()
    attempt.spanOpen = record.sampled
    return formatTraceparent(record.traceId, attempt.spanId, record.traceFlags)
  }

  endAttempt(record: ExchangeRecord, attempt: Attempt): void {
    const to = this.#queue.open()
    if (to === undefined) return
    writeClientSpan(to, record, attempt, this.#with)
    this.#queue.commit()
  }

  end(record: ExchangeRecord, times: TimeSplit, batch: SpanContext | undefined): void {
    if (!record.sampled) return
    const to = this.#queue.open()
    if (to === undefined) return
    writeServerSpan(to, record, times, this.#with, batch && this.#linkTo(batch))
    this.#queue.commit()
  }

  #linkTo(batch: SpanContext): Buffer {
    let link = this.#links.get(batch)
    if (link === undefined) {
      link = linkBytes(batch)
      this.#links.set(batch, link)
    }
    return link
  }
}
