// The parts of an OTLP span that are no attributes: ids, times, links, the exception, status and flags. Field numbers are
// those of opentelemetry-proto's trace.proto; what is written, and in which case, is what the SDK's serializer writes.

import type { SpanContext } from '@opentelemetry/api'
import { epochMs } from './clock.ts'
import { createTraceState } from './opentelemetry.ts'
import { attributeKey, type AttributeKey, encoded, putNumber, putText } from './otlp-attributes.ts'
import type { OtlpWriter } from './otlp-writer.ts'
import type { TraceParent } from './trace-context.ts'

/** Field 2 of ScopeSpans: spans. */
const SPAN = 0x12
/** What is kept for a span's length: nearly all take from 128 to 16,383 bytes. */
const LENGTH_BYTES = 2
const TRACE_ID = 0x0a
const SPAN_ID = 0x12
const TRACE_STATE = 0x1a
const PARENT_SPAN_ID = 0x22
const START = 0x39
const END = 0x41
const EVENT = 0x5a
const LINK = 0x6a
const STATUS = 0x7a
const TRACE_ID_BYTES = 16
const SPAN_ID_BYTES = 8
const EVENT_TIME = 0x09
const EVENT_NAME = 0x12
const EVENT_ATTRIBUTE = 0x1a
const DROPPED_ATTRIBUTES = 0x20
const EXCEPTION_NAME = 'exception'
const STATUS_MESSAGE = 0x12
const ERROR = 2
/** Bits of span flags: whether a parent is remote is known, and it is. */
const HAS_IS_REMOTE = 0x100
const IS_REMOTE = 0x200
const ROOM = 160

const EXCEPTION = {
  type: attributeKey('exception.type'),
  message: attributeKey('exception.message'),
  stacktrace: attributeKey('exception.stacktrace'),
}
/** No attribute, event or link was dropped: fields 10, 12, 14. */
const NOTHING_DROPPED = Buffer.from([0x50, 0, 0x60, 0, 0x70, 0])
/** How a span ends by its flags, with the status unset and with an error that has no message. */
const TAIL_UNSET = tails(0)
const TAIL_ERROR = tails(ERROR)

/** Begins a span with its ids. @returns where it began, for `endSpan` */
export function beginSpan(to: OtlpWriter, traceId: string, spanId: string, parentSpanId: string): number {
  to.reserve(ROOM)
  const start = to.at
  to.byte(SPAN)
  to.at += LENGTH_BYTES
  to.byte(TRACE_ID)
  to.byte(TRACE_ID_BYTES)
  to.hex(traceId)
  to.byte(SPAN_ID)
  to.byte(SPAN_ID_BYTES)
  to.hex(spanId)
  if (parentSpanId !== '') {
    to.byte(PARENT_SPAN_ID)
    to.byte(SPAN_ID_BYTES)
    to.hex(parentSpanId)
  }
  return start
}

/** Writes the length of a span that began at `start` and is complete. */
export function endSpan(to: OtlpWriter, start: number): void {
  to.endOf(start + 1, LENGTH_BYTES, to.at - start - 1 - LENGTH_BYTES)
}

/** The trace state as the SDK shows it, which knows the keys of Trace Context Level 1 only. */
export function putTraceState(to: OtlpWriter, tracestate: string): void {
  if (tracestate === '') return
  const shown = createTraceState(tracestate).serialize()
  if (shown !== '') to.textField(TRACE_STATE, shown)
}

/** Start and end; both are `performance.now()` milliseconds, and an end before its start is the start. */
export function putTimes(to: OtlpWriter, startedAt: number, endedAt: number): void {
  const started = epochMs(startedAt)
  to.reserve(18)
  to.byte(START)
  putTime(to, started)
  to.byte(END)
  putTime(to, Math.max(started, epochMs(endedAt)))
}

/** A link, encoded once for all who have it. */
export function linkBytes({ traceId, spanId, traceFlags, traceState, isRemote }: SpanContext): Buffer {
  return encoded((to) => {
    to.reserve(ROOM)
    to.byte(LINK)
    const lengthAt = to.at++
    to.byte(TRACE_ID)
    to.byte(TRACE_ID_BYTES)
    to.hex(traceId)
    to.byte(SPAN_ID)
    to.byte(SPAN_ID_BYTES)
    to.hex(spanId)
    const shown = traceState?.serialize() ?? ''
    if (shown !== '') to.textField(TRACE_STATE, shown)
    to.reserve(16)
    to.raw(Buffer.from([0x28, 0]))
    to.byte(0x35)
    putFlags(to, flagsOf(traceFlags, isRemote === true))
    to.endOf(lengthAt, 1, to.at - lengthAt - 1)
  })
}

/** A link to the span of a client. */
export function putRemoteLink(to: OtlpWriter, { traceId, spanId, flags }: TraceParent): void {
  const link = linkBytes({ traceId, spanId, traceFlags: flags, isRemote: true })
  to.reserve(link.length)
  to.raw(link)
}

/** What was thrown, as an event. @param at `performance.now()` milliseconds */
export function putException(to: OtlpWriter, thrown: Error & { readonly code?: unknown }, at: number): void {
  const { code, name, message, stack } = thrown
  const type = codeText(code) || name
  if (!type && !message) return
  to.reserve(ROOM)
  to.byte(EVENT)
  const lengthAt = to.at++
  to.byte(EVENT_TIME)
  putTime(to, epochMs(at))
  to.textField(EVENT_NAME, EXCEPTION_NAME)
  const dropped =
    putThrown(to, EXCEPTION.type, type) +
    putThrown(to, EXCEPTION.message, message) +
    putThrown(to, EXCEPTION.stacktrace, stack)
  to.reserve(16)
  to.byte(DROPPED_ATTRIBUTES)
  to.byte(dropped)
  to.endOf(lengthAt, 1, to.at - lengthAt - 1)
}

/** What an error is called by its code, as the SDK has it. */
function codeText(code: unknown): string {
  if (typeof code === 'string') return code
  return typeof code === 'number' && code !== 0 ? String(code) : ''
}

/** Plugins throw what they like: a field may be anything. @returns 1 where it cannot be an attribute, as the SDK counts */
function putThrown(to: OtlpWriter, key: AttributeKey, value: unknown): 0 | 1 {
  if (!value) return 0
  if (typeof value === 'string') putText(to, key, value, EVENT_ATTRIBUTE)
  else if (typeof value === 'number') putNumber(to, key, value, EVENT_ATTRIBUTE)
  else return 1
  return 0
}

/** Counts of what was dropped, status without a message, and flags. @param isRemote the parent is in another process */
export function putTail(to: OtlpWriter, isError: boolean, traceFlags: number, isRemote: boolean): void {
  const tail = (isError ? TAIL_ERROR : TAIL_UNSET)[(isRemote ? 4 : 0) | (traceFlags & 3)]
  if (tail === undefined) return
  to.reserve(tail.length)
  to.raw(tail)
}

/** The same of an error with a message. */
export function putErrorTail(to: OtlpWriter, message: string, traceFlags: number, isRemote: boolean): void {
  to.reserve(ROOM)
  to.raw(NOTHING_DROPPED)
  to.byte(STATUS)
  const lengthAt = to.at++
  to.textField(STATUS_MESSAGE, message)
  to.reserve(16)
  to.raw(Buffer.from([0x18, ERROR]))
  to.endOf(lengthAt, 1, to.at - lengthAt - 1)
  putFlagsField(to, flagsOf(traceFlags, isRemote))
}

function putTime(to: OtlpWriter, epoch: number): void {
  const seconds = Math.floor(epoch / 1000)
  to.time(seconds, Math.floor((epoch - seconds * 1000) * 1e6))
}

function flagsOf(traceFlags: number, isRemote: boolean): number {
  return (traceFlags & 0xff) | HAS_IS_REMOTE | (isRemote ? IS_REMOTE : 0)
}

function putFlagsField(to: OtlpWriter, flags: number): void {
  to.raw(Buffer.from([0x85, 0x01]))
  putFlags(to, flags)
}

function putFlags(to: OtlpWriter, flags: number): void {
  for (let shift = 0; shift < 32; shift += 8) to.byte((flags >>> shift) & 0xff)
}

function tails(status: number): readonly Buffer[] {
  return Array.from({ length: 8 }, (_, index) =>
    encoded((to) => {
      to.raw(NOTHING_DROPPED)
      to.raw(Buffer.from([STATUS, 2, 0x18, status]))
      putFlagsField(to, flagsOf(index & 3, index >= 4))
    }),
  )
}
