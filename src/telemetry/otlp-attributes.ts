// Attributes as OTLP bytes: `KeyValue` messages of opentelemetry-proto's common.proto, either encoded once and kept, or
// written with a key that was encoded once. Values as the SDK tells them: an integer is an int, any other number a double.

import { OtlpWriter, varintSize } from './otlp-writer.ts'

/** Field 9 of Span: attributes. */
const SPAN_ATTRIBUTE = 0x4a
const KEY = 0x0a
const VALUE = 0x12
const STRING_VALUE = 0x0a
const BOOL_VALUE = 0x10
const INT_VALUE = 0x18
const DOUBLE_VALUE = 0x21
const ARRAY_VALUE = 0x2a
const ARRAY_ITEM = 0x0a
const INT_LIMIT = 2 ** 63

/** A key with its tag and length, and the tag of the value that follows. */
export type AttributeKey = Uint8Array

/** Encodes a key once for all its values. */
export function attributeKey(name: string): AttributeKey {
  return encoded((to) => {
    to.textField(KEY, name)
    to.byte(VALUE)
  })
}

/** What `write` writes, as bytes of their own. Not for the path of a request: it allocates. */
export function encoded(write: (to: OtlpWriter) => void): Buffer {
  const writer = new OtlpWriter(Buffer.allocUnsafeSlow(256))
  write(writer)
  return joined([writer.bytes.subarray(0, writer.at)])
}

/** One after the other in memory of their own: a piece of Node's pool would keep all of its 8 KiB for as long as it lives. */
export function joined(parts: readonly Buffer[]): Buffer {
  const all = Buffer.allocUnsafeSlow(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** A whole attribute of a span. @param tag of the field that it is */
export function putText(to: OtlpWriter, key: AttributeKey, value: string, tag = SPAN_ATTRIBUTE): void {
  const { length } = value
  to.reserve(key.length + 3 * length + 24)
  const start = to.at
  const head = headSize(key, length)
  to.at = start + head
  const written = to.text(value)
  if (written !== length) {
    const needed = headSize(key, written)
    if (needed !== head) to.bytes.copyWithin(start + needed, start + head, start + head + written)
  }
  to.at = start
  const any = 1 + varintSize(written) + written
  to.byte(tag)
  to.varint(key.length + varintSize(any) + any)
  to.raw(key)
  to.varint(any)
  to.byte(STRING_VALUE)
  to.varint(written)
  to.at += written
}

/** The same of a number. */
export function putNumber(to: OtlpWriter, key: AttributeKey, value: number, tag = SPAN_ATTRIBUTE): void {
  to.reserve(key.length + 24)
  to.byte(tag)
  const lengthAt = to.at++
  to.raw(key)
  const anyAt = to.at++
  if (Number.isInteger(value) && value >= -INT_LIMIT && value < INT_LIMIT) {
    to.byte(INT_VALUE)
    to.varint(value)
  } else {
    to.byte(DOUBLE_VALUE)
    to.double(value)
  }
  // A key and a number are far below 128 bytes: each length is one byte.
  to.bytes[anyAt] = to.at - anyAt - 1
  to.bytes[lengthAt] = to.at - lengthAt - 1
}

/** The same of a list of texts, under a name that a client chose. */
export function putTexts(to: OtlpWriter, name: string, values: readonly string[]): void {
  let room = 3 * name.length + 48
  for (const value of values) room += 3 * value.length + 24
  to.reserve(room)
  to.byte(SPAN_ATTRIBUTE)
  const pairAt = to.at++
  to.textField(KEY, name)
  to.byte(VALUE)
  const anyAt = to.at++
  to.byte(ARRAY_VALUE)
  const arrayAt = to.at++
  for (const value of values) {
    to.byte(ARRAY_ITEM)
    const itemAt = to.at++
    to.textField(STRING_VALUE, value)
    to.endOf(itemAt, 1, to.at - itemAt - 1)
  }
  to.endOf(arrayAt, 1, to.at - arrayAt - 1)
  to.endOf(anyAt, 1, to.at - anyAt - 1)
  to.endOf(pairAt, 1, to.at - pairAt - 1)
}

/** A whole attribute that never changes. */
export function attribute(name: string, value: string | number | boolean): Buffer {
  const key = attributeKey(name)
  if (typeof value === 'string') return encoded((to) => putText(to, key, value))
  if (typeof value === 'number') return encoded((to) => putNumber(to, key, value))
  return encoded((to) => {
    to.byte(SPAN_ATTRIBUTE)
    to.varint(key.length + 3)
    to.raw(key)
    to.byte(2)
    to.byte(BOOL_VALUE)
    to.byte(value ? 1 : 0)
  })
}

/** Bytes in front of a text of so many bytes. */
function headSize(key: AttributeKey, textBytes: number): number {
  const any = 1 + varintSize(textBytes) + textBytes
  const pair = key.length + varintSize(any) + any
  return 1 + varintSize(pair) + key.length + varintSize(any) + 1 + varintSize(textBytes)
}
