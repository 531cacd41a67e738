// What the two spans of a proxied request cost from begin to end, in nanoseconds: not traced, as bytes, and as the SDK's
// spans; each with and without what becomes of them afterwards, up to the bytes of an OTLP request. Run by
// `npm run bench`. Rounds are interleaved; only ratios within one run mean anything.

import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { type ReadableSpan, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { ByteSpans } from '../../src/telemetry/byte-spans.ts'
import type { ExchangeRecord } from '../../src/telemetry/exchange-record.ts'
import { PROBE } from '../../src/telemetry/head-sampler.ts'
import { PooledIds } from '../../src/telemetry/ids.ts'
import { Mask } from '../../src/telemetry/masking.ts'
import { OtlpWriter } from '../../src/telemetry/otlp-writer.ts'
import { samplerOf } from '../../src/telemetry/sdk-parts.ts'
import { SdkSpans } from '../../src/telemetry/sdk-spans.ts'
import { BatchSerializer } from '../../src/telemetry/span-batch.ts'
import { splitTime } from '../../src/telemetry/time-split.ts'
import { type ExchangeSpans, NoSpans } from '../../src/telemetry/tracing.ts'
import { attemptOf, exchangeRecord } from '../support/exchange-records.ts'

const EXCHANGES = 200_000
const ROUNDS = 7
const BATCH_SPANS = 1024
const MASK = new Mask({ maskValue: 'omitted', headerKeys: [], apiKeyHeader: 'apikey', queryAllowList: [] })
const TIMES = { totalMs: 0, upstreamMs: 0, gatewayMs: 0, pluginsMs: 0 }

interface Way {
  readonly name: string
  readonly spans: ExchangeSpans
}

/** Prints a table to standard output. */
export async function benchSpans(): Promise<void> {
  const sampler = samplerOf({}, 'continue')
  if ('problem' in sampler) throw new Error(sampler.problem)
  const serializer = new BatchSerializer(() => ProtobufTraceSerializer)
  const ended: ReadableSpan[] = []
  const sdkSpans = (keep: (span: ReadableSpan) => void): SdkSpans => {
    const processor: SpanProcessor = {
      onStart: (span) => {
        if (span.name === PROBE) serializer.like(span)
      },
      onEnd: keep,
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    }
    const provider = new TracerProvider({
      sampler,
      spanProcessors: [processor],
      idGenerator: new PooledIds(),
    })
    const tracer = provider.getTracer('kanali', '1.2.3')
    tracer.startSpan(PROBE, { root: true })
    const rules = { mask: MASK, checked: false }
    return new SdkSpans({ tracer, inbound: 'continue', rules, showsSampled: false })
  }
  const ways: Way[] = [
    { name: 'not traced', spans: new NoSpans('continue') },
    { name: 'as bytes, thrown away', spans: byteSpans(() => undefined) },
    {
      name: 'as bytes, to a request',
      spans: byteSpans((bytes, used, spans) =>
        serializer.serializeRequest({ bytes, used, spans, others: [] }),
      ),
    },
    { name: 'SDK, thrown away', spans: sdkSpans(() => undefined) },
    {
      name: 'SDK, to a request',
      spans: sdkSpans((span) => {
        if (ended.push(span) < BATCH_SPANS) return
        ProtobufTraceSerializer.serializeRequest(ended)
        ended.length = 0
      }),
    },
  ]
  const best = new Map<string, number[]>(ways.map(({ name }) => [name, []]))
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { name, spans } of ways) {
      const ns = measure(spans)
      if (round > 0) best.get(name)?.push(ns)
    }
  }

  function byteSpans(full: (bytes: Buffer, used: number, spans: number) => unknown): ByteSpans {
    const writer = new OtlpWriter()
    let used = 0
    let count = 0
    const queue = {
      open: () => {
        writer.at = used
        return writer
      },
      commit: () => {
        used = writer.at
        if (++count < BATCH_SPANS) return
        full(writer.bytes, used, count)
        used = 0
        count = 0
      },
    }
    if ('problem' in sampler) throw new Error(sampler.problem)
    return new ByteSpans({ queue, sampler, inbound: 'continue', mask: MASK })
  }

  process.stdout.write('two spans of a proxied exchange, ns: min, median\n')
  for (const [name, all] of best) {
    const sorted = all.sort((a, b) => a - b)
    const [min = 0, median = 0] = [sorted[0], sorted[sorted.length >> 1]]
    process.stdout.write(`${name.padEnd(26)}${min.toFixed(0).padStart(8)}${median.toFixed(0).padStart(8)}\n`)
  }
}

/** Nanoseconds an exchange; texts are new for each, as those of a request are. */
function measure(spans: ExchangeSpans): number {
  const model = exchangeRecord({ query: '' })
  const agents = Array.from(
    { length: 64 },
    (_, index) => `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 ${index}`,
  )
  const records: ExchangeRecord[] = []
  let total = 0
  for (let done = 0; done < EXCHANGES; done += 1000) {
    records.length = 0
    for (let index = 0; index < 1000; index++) {
      const record = exchangeRecord({
        snapshot: model.snapshot,
        route: model.route,
        query: '',
        path: Buffer.from(`/example/orders/${done + index}`).toString('latin1'),
        userAgent: Buffer.from(agents[index & 63] ?? '').toString('latin1'),
        startedAt: performance.now(),
      })
      record.attempt = attemptOf(record, { path: `/orders/${done + index}` })
      records.push(record)
    }
    const started = process.hrtime.bigint()
    for (const record of records) {
      spans.begin(record, undefined, undefined)
      const { attempt } = record
      if (attempt !== undefined) {
        spans.beginAttempt(record, attempt)
        if (attempt.spanOpen) spans.endAttempt(record, attempt)
      }
      spans.end(record, splitTime(record, TIMES), undefined)
    }
    total += Number(process.hrtime.bigint() - started)
  }
  return total / EXCHANGES
}
