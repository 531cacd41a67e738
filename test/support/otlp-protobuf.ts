// Reads an OTLP ExportTraceServiceRequest in its protobuf form into the shape of its JSON form.
// Field numbers: opentelemetry-proto 1.x, trace/v1/trace.proto and common/v1/common.proto.

import type { JsonAny, JsonKeyValue, JsonSpan, JsonTraces } from './received-span.ts'

type Value = bigint | Buffer
type Fields = ReadonlyMap<number, readonly Value[]>

/** Throws where the bytes are no well-formed protobuf message. */
export function decodeTraces(bytes: Buffer): JsonTraces {
  return {
    resourceSpans: messages(fieldsOf(bytes), 1).map((resourceSpans) => ({
      resource: { attributes: messages(fieldsOf(bytesAt(resourceSpans, 1)), 1).map(keyValue) },
      scopeSpans: messages(resourceSpans, 2).map((scopeSpans) => ({
        scope: { name: text(fieldsOf(bytesAt(scopeSpans, 1)), 1) },
        spans: messages(scopeSpans, 2).map(span),
      })),
    })),
  }
}

function span(fields: Fields): JsonSpan {
  const status = fieldsOf(bytesAt(fields, 15))
  return {
    traceId: bytesAt(fields, 1).toString('hex'),
    spanId: bytesAt(fields, 2).toString('hex'),
    traceState: text(fields, 3),
    parentSpanId: bytesAt(fields, 4).toString('hex'),
    name: text(fields, 5),
    kind: Number(number(fields, 6)),
    startTimeUnixNano: String(number(fields, 7)),
    endTimeUnixNano: String(number(fields, 8)),
    attributes: messages(fields, 9).map(keyValue),
    events: messages(fields, 11).map((event) => ({
      name: text(event, 2),
      attributes: messages(event, 3).map(keyValue),
    })),
    links: messages(fields, 13).map((link) => ({
      traceId: bytesAt(link, 1).toString('hex'),
      spanId: bytesAt(link, 2).toString('hex'),
      attributes: messages(link, 4).map(keyValue),
    })),
    status: { message: text(status, 2), code: Number(number(status, 3)) },
  }
}

function keyValue(fields: Fields): JsonKeyValue {
  return { key: text(fields, 1), value: anyValue(fieldsOf(bytesAt(fields, 2))) }
}

function anyValue(fields: Fields): JsonAny {
  if (fields.has(1)) return { stringValue: text(fields, 1) }
  if (fields.has(2)) return { boolValue: number(fields, 2) !== 0n }
  if (fields.has(3)) return { intValue: String(BigInt.asIntN(64, number(fields, 3))) }
  if (fields.has(4)) return { doubleValue: doubleOf(number(fields, 4)) }
  if (fields.has(5))
    return { arrayValue: { values: messages(fieldsOf(bytesAt(fields, 5)), 1).map(anyValue) } }
  if (fields.has(6))
    return { kvlistValue: { values: messages(fieldsOf(bytesAt(fields, 6)), 1).map(keyValue) } }
  if (fields.has(7)) return { bytesValue: bytesAt(fields, 7).toString('base64') }
  return {}
}

/** One level of a message: field number to its values in order. */
function fieldsOf(bytes: Buffer): Fields {
  const fields = new Map<number, Value[]>()
  const cursor = new Cursor(bytes)
  while (!cursor.atEnd) {
    const tag = Number(cursor.varint())
    const values = fields.get(tag >>> 3) ?? []
    values.push(cursor.value(tag & 7))
    fields.set(tag >>> 3, values)
  }
  return fields
}

class Cursor {
  readonly #bytes: Buffer
  #offset = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#offset >= this.#bytes.length
  }

  varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes.readUInt8(this.#offset++)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new Error('a varint is longer than ten bytes')
  }

  value(wireType: number): Value {
    if (wireType === 0) return this.varint()
    if (wireType === 1) return this.#take(8).readBigUInt64LE()
    if (wireType === 2) return this.#take(Number(this.varint()))
    if (wireType === 5) return BigInt(this.#take(4).readUInt32LE())
    throw new Error(`wire type ${wireType} is not known`)
  }

  #take(count: number): Buffer {
    const end = this.#offset + count
    if (end > this.#bytes.length) throw new Error('a field is longer than its message')
    const taken = this.#bytes.subarray(this.#offset, end)
    this.#offset = end
    return taken
  }
}

function messages(fields: Fields, field: number): Fields[] {
  return (fields.get(field) ?? []).map((value) => fieldsOf(asBytes(value)))
}

function bytesAt(fields: Fields, field: number): Buffer {
  return asBytes(fields.get(field)?.at(-1) ?? Buffer.alloc(0))
}

function text(fields: Fields, field: number): string {
  return bytesAt(fields, field).toString('utf8')
}

function number(fields: Fields, field: number): bigint {
  const value = fields.get(field)?.at(-1) ?? 0n
  if (typeof value !== 'bigint') throw new Error(`field ${field} is not a number`)
  return value
}

function asBytes(value: Value): Buffer {
  if (typeof value === 'bigint') throw new Error('a number stands where bytes belong')
  return value
}

function doubleOf(bits: bigint): number {
  return new Float64Array(new BigUint64Array([bits]).buffer)[0] ?? 0
}
