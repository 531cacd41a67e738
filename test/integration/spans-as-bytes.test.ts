// A real Collector takes spans as bytes in any number and of any content: what was sent, what was accepted and what is
// missing are counted, by it and by us, and are equal. KANALI_SPANS=1000000 sends a million over each protocol.

import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { ByteSpans } from '../../src/telemetry/byte-spans.ts'
import { PROBE } from '../../src/telemetry/head-sampler.ts'
import { Mask } from '../../src/telemetry/masking.ts'
import { spanTransport } from '../../src/telemetry/otlp-transport.ts'
import { queueLimits } from '../../src/telemetry/sdk-environment.ts'
import { BatchSerializer } from '../../src/telemetry/span-batch.ts'
import { SpanQueue } from '../../src/telemetry/span-queue.ts'
import { splitTime } from '../../src/telemetry/time-split.ts'
import { headSampler } from '../support/both-spans.ts'
import { startCollector } from '../support/collector.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { Exposition } from '../support/exposition.ts'
import { freePort } from '../support/free-ports.ts'
import { making, randomExchange } from '../support/random-exchanges.ts'
import { waitUntil } from '../support/wait-until.ts'

const SPANS = Number(process.env['KANALI_SPANS'] ?? 200_000)
const EXCHANGES = 2000
const MASK = new Mask({ maskValue: 'omitted', headerKeys: [], apiKeyHeader: 'apikey', queryAllowList: [] })
const TIMES = { totalMs: 0, upstreamMs: 0, gatewayMs: 0, pluginsMs: 0 }

afterEach(() => vi.unstubAllEnvs())

describeWithTools(['otelcol'], 'a real Collector', (otelcol = '') => {
  test.each([
    { protocol: 'http/protobuf', compression: 'none', spans: SPANS },
    { protocol: 'http/protobuf', compression: 'gzip', spans: SPANS / 10 },
    { protocol: 'grpc', compression: 'none', spans: SPANS },
    { protocol: 'grpc', compression: 'gzip', spans: SPANS / 10 },
  ] as const)(
    'accepts $spans spans over $protocol with compression $compression',
    { timeout: 600_000 },
    async ({ protocol, compression, spans }) => {
      const metricsPort = await freePort()
      await using collector = await startCollector(otelcol, (config) => {
        config.exporters = { debug: { verbosity: 'basic' } }
        config.service.pipelines = { traces: { receivers: ['otlp'], processors: [], exporters: ['debug'] } }
        config.service.telemetry = {
          logs: { level: 'warn' },
          metrics: {
            readers: [{ pull: { exporter: { prometheus: { host: '127.0.0.1', port: metricsPort } } } }],
          },
        }
      })
      vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', protocol === 'grpc' ? collector.grpcUrl : collector.httpUrl)
      vi.stubEnv('OTEL_EXPORTER_OTLP_COMPRESSION', compression)
      const lost = { spans: 0 }
      const serializer = new BatchSerializer(() => ProtobufTraceSerializer)
      const queue = new SpanQueue({
        limits: queueLimits({}),
        serializer,
        transport: spanTransport(protocol, serializer),
        onDropped: (spans) => {
          lost.spans += spans
        },
      })
      const sampler = await headSampler('continue')
      const provider = new TracerProvider({ sampler, spanProcessors: [queue] })
      provider.getTracer('kanali', '1.2.3').startSpan(PROBE, { root: true })

      const sent = await send(
        spans,
        queue,
        new ByteSpans({ queue, sampler, inbound: 'continue', mask: MASK }),
      )
      await queue.shutdown()

      const counted = async (name: string): Promise<number> => {
        const text = await fetch(`http://127.0.0.1:${metricsPort}/metrics`).then((answer) => answer.text())
        const transport = protocol === 'grpc' ? 'grpc' : 'http'
        return new Exposition(text, 'text/plain').value(name, { transport }) ?? 0
      }
      expect(lost.spans).toBe(0)
      await waitUntil(
        async () => (await counted('otelcol_receiver_accepted_spans_total')) >= sent,
        `the Collector to have ${sent} spans; ${collector.process.describe()}`,
      )
      expect(await counted('otelcol_receiver_accepted_spans_total')).toBe(sent)
      expect(await counted('otelcol_receiver_refused_spans_total')).toBe(0)
    },
  )
})

/** At least so many, of random exchanges over and over, as fast as the Collector takes them. @returns how many */
async function send(atLeast: number, queue: SpanQueue, spans: ByteSpans): Promise<number> {
  const exchanges = fc.sample(randomExchange, { numRuns: EXCHANGES, seed: 8 })
  let sent = 0
  while (sent < atLeast) {
    for (const { fields, attempt, traceparent, tracestate } of exchanges) {
      const told = making(fields, attempt)()
      told.record.attempt = told.attempt
      spans.begin(told.record, traceparent, tracestate)
      if (told.attempt !== undefined) {
        spans.beginAttempt(told.record, told.attempt)
        spans.endAttempt(told.record, told.attempt)
        sent++
      }
      spans.end(told.record, splitTime(told.record, TIMES), undefined)
      sent++
    }
    await queue.forceFlush()
  }
  return sent
}
