// The queue of spans as bytes at its limits: how many wait, how many leave together, how large a request gets, and that
// every span is either delivered or counted, exactly.

import { ExportResultCode } from '@opentelemetry/core'
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { expect, test } from 'vitest'
import type { QueueLimits } from '../../src/telemetry/bounded-span-processor.ts'
import { PROBE } from '../../src/telemetry/head-sampler.ts'
import type { SpanTransport } from '../../src/telemetry/otlp-transport.ts'
import { samplerOf } from '../../src/telemetry/sdk-parts.ts'
import { BatchSerializer, type SpanBatch } from '../../src/telemetry/span-batch.ts'
import { beginSpan, endSpan } from '../../src/telemetry/span-fields.ts'
import { BATCH_BYTES_MAX, QUEUED_BYTES_A_SPAN, SpanQueue } from '../../src/telemetry/span-queue.ts'
import { decodeTraces } from '../support/otlp-protobuf.ts'
import { waitUntil } from '../support/wait-until.ts'

const NAME = 0x2a
const TRACE_ID = 'a'.repeat(32)

/** A transport that answers when it is told to, and what it was given. */
class HeldTransport implements SpanTransport {
  readonly requests: { readonly names: string[]; readonly bytes: number }[] = []
  readonly #serializer: BatchSerializer
  #held: ((refused: boolean) => void)[] = []
  isOpen = false

  constructor(serializer: BatchSerializer) {
    this.#serializer = serializer
  }

  export(batch: SpanBatch, done: Parameters<SpanTransport['export']>[1]): void {
    // What waits is no larger than twice what it says, however small batches are.
    expect(batch.bytes.length).toBeLessThanOrEqual(2 * batch.used)
    const request = Buffer.from(this.#serializer.serializeRequest(batch) ?? [])
    const names = (decodeTraces(request).resourceSpans ?? []).flatMap(({ scopeSpans }) =>
      (scopeSpans ?? []).flatMap(({ spans }) => (spans ?? []).map(({ name }) => name ?? '')),
    )
    this.requests.push({ names, bytes: request.length })
    const { SUCCESS, FAILED } = ExportResultCode
    if (this.isOpen) done({ code: SUCCESS })
    else
      this.#held.push((refused) =>
        done(refused ? { code: FAILED, error: new Error('refused') } : { code: SUCCESS }),
      )
  }

  answer(how: 'taken' | 'refused'): void {
    const held = this.#held
    this.#held = []
    for (const each of held) each(how === 'refused')
  }

  shutdown(): Promise<void> {
    return Promise.resolve()
  }
}

async function queueOf(limits: Partial<QueueLimits> = {}) {
  const serializer = new BatchSerializer(() => ProtobufTraceSerializer)
  const transport = new HeldTransport(serializer)
  const lost = { spans: 0 }
  const queue = new SpanQueue({
    limits: { spansMax: 10, batchSpansMax: 4, delayMs: 1, exportTimeoutMs: 60_000, ...limits },
    transport,
    serializer,
    onDropped: (spans) => {
      lost.spans += spans
    },
  })
  const sampler = samplerOf({}, 'continue')
  if ('problem' in sampler) throw new Error(sampler.problem)
  const provider = new TracerProvider({ sampler, spanProcessors: [queue] })
  const tracer = provider.getTracer('kanali', '1.2.3')
  tracer.startSpan(PROBE, { root: true })
  return { queue, transport, lost, tracer }
}

/** Writes one and says whether there was room. */
function put(queue: SpanQueue, name: string): boolean {
  const to = queue.open()
  if (to === undefined) return false
  const start = beginSpan(to, TRACE_ID, 'b'.repeat(16), '')
  to.textField(NAME, name)
  endSpan(to, start)
  queue.commit()
  return true
}

const names = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index))

test('a batch leaves when it is full, the next when that one is answered, the rest after the delay', async () => {
  const { queue, transport, lost } = await queueOf()
  for (const name of names(1, 9)) expect(put(queue, name)).toBe(true)
  await waitUntil(() => transport.requests.length === 1, 'the first batch left')
  expect(transport.requests[0]?.names).toEqual(names(1, 4))
  transport.isOpen = true
  transport.answer('taken')
  await waitUntil(() => transport.requests.length === 3, 'all left')
  expect(transport.requests.map((request) => request.names)).toEqual([names(1, 4), names(5, 8), ['9']])
  expect(lost.spans).toBe(0)
})

test('at its limit of spans the next one is lost and counted, and there is room again when a batch leaves', async () => {
  const { queue, transport, lost } = await queueOf({ delayMs: 60_000 })
  for (const name of names(1, 4)) expect(put(queue, name)).toBe(true)
  await waitUntil(() => transport.requests.length === 1, 'the first batch left')
  for (const name of names(5, 14)) expect(put(queue, name)).toBe(true)
  expect(put(queue, 'too many')).toBe(false)
  expect(lost.spans).toBe(1)
  transport.answer('refused')
  await waitUntil(() => transport.requests.length === 2, 'the second batch left')
  expect(lost.spans).toBe(5)
  expect(put(queue, '15')).toBe(true)
})

test('spans of the SDK wait in the same queue and leave in the same request', async () => {
  const { queue, transport, lost, tracer } = await queueOf({ spansMax: 3, batchSpansMax: 3, delayMs: 60_000 })
  put(queue, 'ours')
  tracer.startSpan('theirs', { root: true }).end()
  put(queue, 'ours too')
  await waitUntil(() => transport.requests.length === 1, 'all left')
  expect(transport.requests[0]?.names).toEqual(['ours', 'ours too', 'theirs'])
  for (let each = 0; each < 3; each++) tracer.startSpan('waits', { root: true }).end()
  tracer.startSpan('too many', { root: true }).end()
  expect(lost.spans).toBe(1)
})

test('a request stays below what a gRPC server takes, however long the spans are', async () => {
  const { queue, transport } = await queueOf({ spansMax: 1000, batchSpansMax: 1000, delayMs: 60_000 })
  transport.isOpen = true
  const long = 'x'.repeat(100_000)
  for (let bytes = 0; bytes < BATCH_BYTES_MAX - 1; bytes += long.length) put(queue, long)
  await waitUntil(() => transport.requests.length === 1, 'the batch left')
  expect(transport.requests[0]?.bytes).toBeLessThan(4 * 1024 * 1024)
  expect(transport.requests[0]?.names.length).toBe(Math.ceil(BATCH_BYTES_MAX / long.length))
})

test('long spans reach the limit of bytes before that of spans', async () => {
  const { queue, lost } = await queueOf({ spansMax: 100, batchSpansMax: 100, delayMs: 60_000 })
  const long = 'x'.repeat(QUEUED_BYTES_A_SPAN * 10)
  for (let each = 0; each < 10; each++) expect(put(queue, long)).toBe(true)
  expect(put(queue, 'short')).toBe(false)
  expect(lost.spans).toBe(1)
})

test('a span whose writing failed leaves nothing behind', async () => {
  const { queue, transport } = await queueOf({ batchSpansMax: 2 })
  put(queue, '1')
  const to = queue.open()
  if (to !== undefined) beginSpan(to, TRACE_ID, 'c'.repeat(16), '')
  put(queue, '2')
  await waitUntil(() => transport.requests.length === 1, 'the batch left')
  expect(transport.requests[0]?.names).toEqual(['1', '2'])
})

test('an export that is never answered holds up no other for longer than its timeout, and is counted once', async () => {
  const { queue, transport, lost } = await queueOf({ batchSpansMax: 2, exportTimeoutMs: 20 })
  for (const name of names(1, 4)) put(queue, name)
  await waitUntil(() => transport.requests.length === 2, 'the second batch left')
  expect(lost.spans).toBe(0)
  transport.answer('refused')
  expect(lost.spans).toBe(4)
  queue.abandon()
  expect(lost.spans).toBe(4)
})

test('the end sends everything, and what it could not wait for is counted', async () => {
  const { queue, transport, lost } = await queueOf({ delayMs: 60_000, spansMax: 100 })
  for (const name of names(1, 30)) put(queue, name)
  const stopped = queue.shutdown()
  await waitUntil(() => transport.requests.length === 5, 'four exports beside the one under way')
  expect(put(queue, 'too late')).toBe(false)
  expect(lost.spans).toBe(1)
  queue.abandon()
  expect(lost.spans).toBe(31)
  transport.isOpen = true
  transport.answer('taken')
  await stopped
  expect(lost.spans).toBe(31)
})
