// What the socket transport finds wrong with an answer, as errors with codes of our own. They say what was seen, never
// what it means: that is classify.ts's.

import type { HEAD_TOO_LARGE, STATUS_INVALID } from './transport.ts'

/** The peer closed the connection before the answer was complete. */
export const CLOSED = 'KANALI_CLOSED'
/** The bytes are no HTTP/1.1 answer (RFC 9112). */
export const MALFORMED = 'KANALI_MALFORMED'
/** A 101 that nobody asked for. */
export const UNEXPECTED_INFORMATIONAL = 'KANALI_UNEXPECTED_INFORMATIONAL'
/** The request cannot be written as HTTP/1.1. */
export const REQUEST_UNWRITABLE = 'KANALI_REQUEST_UNWRITABLE'

type WireCode =
  | typeof CLOSED
  | typeof MALFORMED
  | typeof UNEXPECTED_INFORMATIONAL
  | typeof REQUEST_UNWRITABLE
  | typeof HEAD_TOO_LARGE
  | typeof STATUS_INVALID

export class WireFault extends Error {
  override readonly name = 'WireFault'
  readonly code: WireCode

  constructor(code: WireCode, message: string) {
    super(message)
    this.code = code
  }
}

/** Bytes that RFC 9112 does not allow where they stand. The words are those that undici has, for whoever searches them. */
export function malformed(message: string): WireFault {
  return new WireFault(MALFORMED, `Response does not match the HTTP/1.1 protocol (${message})`)
}
