// The sink reads what OpenTelemetry's own encoder wrote, in every form that it accepts.

import { connect, constants } from 'node:http2'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { decodeTraces } from './otlp-protobuf.ts'
import { startOtlpSink } from './otlp-sink.ts'
import { flattenSpans } from './received-span.ts'

/** A message by hand: ExportTraceServiceRequest > ResourceSpans > ScopeSpans > Span. */
function exportOf(span: Buffer): Buffer {
  const resource = bytesField(
    1,
    bytesField(1, attribute('service.name', bytesField(1, Buffer.from('kanali')))),
  )
  const scopeSpans = Buffer.concat([bytesField(1, bytesField(1, Buffer.from('scope'))), bytesField(2, span)])
  return bytesField(1, Buffer.concat([resource, bytesField(2, scopeSpans)]))
}

const SPAN = Buffer.concat([
  bytesField(1, Buffer.alloc(16, 0xab)),
  bytesField(2, Buffer.alloc(8, 0xcd)),
  bytesField(5, Buffer.from('GET')),
  Buffer.from([6 << 3, 2]),
  Buffer.concat([Buffer.from([(7 << 3) | 1]), fixed64(5n)]),
  bytesField(9, attribute('count', Buffer.from([3 << 3, 0xac, 0x02]))),
  bytesField(9, attribute('ratio', Buffer.concat([Buffer.from([(4 << 3) | 1]), double(0.5)]))),
  bytesField(9, attribute('list', bytesField(5, bytesField(1, bytesField(1, Buffer.from('x')))))),
  bytesField(9, attribute('flag', Buffer.from([2 << 3, 1]))),
  bytesField(15, Buffer.from([3 << 3, 2])),
  Buffer.concat([Buffer.from([0x85, 0x01]), Buffer.from([1, 1, 0, 0])]),
])

const EXPECTED = {
  name: 'GET',
  kind: 'server',
  traceId: 'ab'.repeat(16),
  spanId: 'cd'.repeat(8),
  parentSpanId: '',
  startTimeUnixNano: 5n,
  attributes: { count: 300, ratio: 0.5, list: ['x'], flag: true },
  status: { code: 'error', message: '' },
  resource: { 'service.name': 'kanali' },
  scope: 'scope',
}

describe('the OTLP sink', () => {
  test('takes http/protobuf, plain and compressed', async () => {
    await using sink = await startOtlpSink()
    const url = `${sink.httpUrl}/v1/traces`
    const type = { 'content-type': 'application/x-protobuf' }
    await fetch(url, { method: 'POST', headers: type, body: exportOf(SPAN) })
    const headers = { ...type, 'content-encoding': 'gzip' }
    await fetch(url, { method: 'POST', headers, body: gzipSync(exportOf(SPAN)) })
    const spans = await sink.trace('ab'.repeat(16), 2)
    expect(spans).toMatchObject([EXPECTED, EXPECTED])
  })

  test('takes grpc', async () => {
    await using sink = await startOtlpSink()
    const prefix = Buffer.alloc(5)
    prefix.writeUInt32BE(exportOf(SPAN).length, 1)
    const session = connect(sink.grpcUrl)
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/x',
    })
    const trailers = new Promise((resolve) => stream.once('trailers', resolve))
    stream.resume().end(Buffer.concat([prefix, exportOf(SPAN)]))
    expect(await trailers).toMatchObject({ 'grpc-status': '0' })
    expect(sink.received).toMatchObject([EXPECTED])
    session.destroy()
  })

  test('refuses and resets when told to, and counts', async () => {
    await using sink = await startOtlpSink()
    const post = (): Promise<Response> =>
      fetch(`${sink.httpUrl}/v1/traces`, { method: 'POST', body: exportOf(SPAN) })
    sink.behaviour = 'refuse'
    expect((await post()).status).toBe(503)
    sink.behaviour = 'reset'
    await expect(post()).rejects.toThrow()
    expect([sink.exports, sink.received.length]).toEqual([2, 0])
  })

  test('says so where bytes are no protobuf message', () => {
    expect(() => flattenSpans(decodeTraces(Buffer.from([0x0a, 0x7f, 0x01])))).toThrow(
      'longer than its message',
    )
  })
})

function bytesField(field: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...length(value.length)]), value])
}

function length(count: number): number[] {
  return count < 0x80 ? [count] : [(count & 0x7f) | 0x80, count >> 7]
}

function attribute(key: string, value: Buffer): Buffer {
  return Buffer.concat([bytesField(1, Buffer.from(key)), bytesField(2, value)])
}

function fixed64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return bytes
}
