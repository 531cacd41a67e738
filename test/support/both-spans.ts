// The same exchanges told twice: by the SDK's spans and serializer, and as bytes. Both begin with the same ids and end at
// the same time, so that whatever differs was written differently.

import type { SpanContext } from '@opentelemetry/api'
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { type ReadableSpan, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { ByteSpans } from '../../src/telemetry/byte-spans.ts'
import type { Attempt, ExchangeRecord } from '../../src/telemetry/exchange-record.ts'
import { type HeadSampler, PROBE } from '../../src/telemetry/head-sampler.ts'
import type { Mask } from '../../src/telemetry/masking.ts'
import { OtlpWriter } from '../../src/telemetry/otlp-writer.ts'
import { samplerOf } from '../../src/telemetry/sdk-parts.ts'
import { SdkSpans } from '../../src/telemetry/sdk-spans.ts'
import { BatchSerializer } from '../../src/telemetry/span-batch.ts'
import { splitTime } from '../../src/telemetry/time-split.ts'
import type { ExchangeSpans, Inbound } from '../../src/telemetry/tracing.ts'

/** One exchange, made anew for each telling: a record is filled as it goes. */
export interface Told {
  readonly record: ExchangeRecord
  readonly attempt: Attempt | undefined
}

export interface Case {
  readonly make: () => Told
  readonly traceparent?: string | undefined
  readonly tracestate?: string | undefined
  readonly batch?: SpanContext | undefined
}

/** What came of one telling. */
export interface Outcome {
  /** An OTLP request. */
  readonly request: Buffer
  readonly record: ExchangeRecord
  /** What the upstream got. */
  readonly forwarded: string | undefined
}

const TIMES = { totalMs: 0, upstreamMs: 0, gatewayMs: 0, pluginsMs: 0 }

export class BothSpans {
  readonly #bytes: ByteSpans
  readonly #sdk: SdkSpans
  readonly #writer = new OtlpWriter()
  readonly #serializer = new BatchSerializer(() => ProtobufTraceSerializer)
  readonly #ended: ReadableSpan[] = []
  #spans = 0
  #used = 0
  /** What the SDK's generator gives next. */
  #traceId = ''
  #spanIds: string[] = []

  constructor(inbound: Inbound, sampler: HeadSampler, mask: Mask) {
    const queue = {
      open: () => this.#writer,
      commit: () => {
        this.#used = this.#writer.at
        this.#spans++
      },
    }
    this.#bytes = new ByteSpans({ queue, sampler, inbound, mask })
    const processor: SpanProcessor = {
      onStart: (span) => {
        if (span.name === PROBE) this.#serializer.like(span)
      },
      onEnd: (span) => void this.#ended.push(span),
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    }
    const provider = new TracerProvider({
      sampler,
      spanProcessors: [processor],
      idGenerator: {
        generateTraceId: () => this.#traceId || 'f'.repeat(32),
        generateSpanId: () => this.#spanIds.shift() ?? 'f'.repeat(16),
      },
    })
    const tracer = provider.getTracer('kanali', '1.2.3')
    tracer.startSpan(PROBE, { root: true })
    this.#sdk = new SdkSpans({ tracer, inbound, rules: { mask, checked: false }, showsSampled: false })
  }

  /** Undefined requests are of exchanges that were not sampled. */
  tell(exchange: Case): { readonly bytes: Outcome; readonly sdk: Outcome } {
    this.#writer.at = 0
    this.#used = 0
    this.#spans = 0
    const bytes = run(this.#bytes, exchange)
    const request = this.#serializer.serializeRequest({
      bytes: this.#writer.bytes,
      used: this.#used,
      others: [],
      spans: this.#spans,
    })
    this.#ended.length = 0
    this.#traceId = bytes.record.traceId
    this.#spanIds = [bytes.record.spanId, bytes.attempt?.spanId ?? '']
    const sdk = run(this.#sdk, exchange)
    return {
      bytes: { ...bytes, request: Buffer.from(request ?? []) },
      sdk: {
        ...sdk,
        request: Buffer.from(
          this.#ended.length === 0 ? [] : (ProtobufTraceSerializer.serializeRequest(this.#ended) ?? []),
        ),
      },
    }
  }
}

/** The sampler of these variables. */
export async function headSampler(
  inbound: Inbound,
  environment: Readonly<Record<string, string>> = {},
): Promise<HeadSampler> {
  const sampler = samplerOf(environment, inbound)
  if ('problem' in sampler) throw new Error(sampler.problem)
  return sampler
}

function run(
  spans: ExchangeSpans,
  { make, traceparent, tracestate, batch }: Case,
): Told & { forwarded: string | undefined } {
  const { record, attempt } = make()
  record.attempt = attempt
  spans.begin(record, traceparent, tracestate)
  const forwarded = attempt === undefined ? undefined : spans.beginAttempt(record, attempt)
  if (attempt?.spanOpen === true) spans.endAttempt(record, attempt)
  spans.end(record, splitTime(record, TIMES), batch)
  return { record, attempt, forwarded }
}
