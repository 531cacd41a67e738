// The head of an answer, scanned as it comes in, in pieces of any size (RFC 9112 sections 4 and 5), and what its fields say
// about framing. It must never read beyond the empty line.

import { FieldSection, isFieldText, LINE_INCOMPLETE } from './field-section.ts'
import { ANSWER_HEAD_BYTES_MAX, HEAD_TOO_LARGE, STATUS_INVALID } from './transport.ts'
import { malformed, WireFault } from './wire-fault.ts'

/** Most heads are smaller: what lies behind one is content, which need not become text. */
const FIRST_TEXT_BYTES = 4096
const PREFIX = 'HTTP/1.'
const SPACE = 32
const CR = 13

/** How the answer's fields say that its content is coded for transfer. */
export type TransferCoding = 'none' | 'chunked' | 'other'

export class AnswerHead {
  status = 0
  statusText = ''
  /** HTTP/1.1 and above; 1.0 has other rules on framing and keeping. */
  isCurrent = true
  /** Content-Length; -1 without one. */
  length = -1
  coding: TransferCoding = 'none'
  /** The Connection field has `close`, or `keep-alive`. */
  closes = false
  keepsAlive = false
  /** Seconds of Keep-Alive's `timeout`; -1 without it. */
  keepAliveSeconds = -1
  /** As far as it has been read, with its line ends. */
  bytes = 0
  ended = false
  fault: WireFault | undefined
  readonly #section = new FieldSection()
  /** What of a line has come. */
  #rest = ''

  /** Flat name, value list. */
  get fields(): string[] {
    return this.#section.fields
  }

  /** The next head begins. */
  clear(): void {
    this.status = 0
    this.statusText = ''
    this.isCurrent = true
    this.length = -1
    this.coding = 'none'
    this.closes = false
    this.keepsAlive = false
    this.keepAliveSeconds = -1
    this.bytes = 0
    this.ended = false
    this.fault = undefined
    this.#section.clear()
    this.#rest = ''
  }

  /** Reads on; gives where in `bytes` it stopped, which is `to` until the head has ended. */
  read(bytes: Buffer, from: number, to: number): number {
    let at = from
    while (at < to && !this.ended && this.fault === undefined) {
      const upTo = Math.min(to, at + FIRST_TEXT_BYTES)
      const kept = this.#rest.length
      const text =
        kept === 0 ? bytes.toString('latin1', at, upTo) : this.#rest + bytes.toString('latin1', at, upTo)
      const used = this.#lines(text, kept)
      this.bytes += used
      if (this.ended) at += used - kept
      else {
        this.#rest = text.slice(used)
        at = upTo
      }
      if (this.bytes + this.#rest.length > ANSWER_HEAD_BYTES_MAX) {
        this.fault = new WireFault(HEAD_TOO_LARGE, `the head has more than ${ANSWER_HEAD_BYTES_MAX} bytes`)
      }
    }
    return at
  }

  /** Reads whole lines; gives how much of the text they are. The first `seen` characters are known to end no line. */
  #lines(text: string, seen: number): number {
    if (seen > 0 && text.indexOf('\n', seen) === -1) {
      this.#checkUnfinished(text, seen - 1)
      return 0
    }
    let at = 0
    if (this.status === 0) {
      at = this.#statusLine(text)
      if (at <= 0) return 0
    }
    const section = this.#section
    for (;;) {
      const next = section.line(text, at)
      if (next < 0) {
        if (next !== LINE_INCOMPLETE) this.fault = section.fault
        return at
      }
      at = next
      if (section.ended) {
        this.#rest = ''
        this.ended = true
        this.#judge()
        return at
      }
    }
  }

  /** Where the status line ends; 0 where it is not whole or wrong. */
  #statusLine(text: string): number {
    const end = text.indexOf('\n')
    if (end === -1) {
      this.#checkUnfinished(text, 0)
      return 0
    }
    const minor = text.charCodeAt(7) - 48
    const status = digits(text, 9, 12)
    const after = text.charCodeAt(12)
    const isWhole =
      text.startsWith(PREFIX) &&
      minor >= 0 &&
      minor <= 9 &&
      text.charCodeAt(8) === SPACE &&
      status >= 0 &&
      text.charCodeAt(end - 1) === CR &&
      // The space in front of an empty phrase is left out by many.
      (after === SPACE || end === 13)
    if (!isWhole || !isFieldText(text, 12, end - 1)) {
      this.fault = malformed('the first line is no status line of HTTP/1.1')
      return 0
    }
    if (status < 100) {
      this.fault = new WireFault(STATUS_INVALID, `the status ${status} is below 100`)
      return 0
    }
    this.status = status
    this.statusText = end > 14 ? text.slice(13, end - 1) : ''
    this.isCurrent = minor > 0
    return end + 1
  }

  /** What can never become a good line is not waited for. */
  #checkUnfinished(text: string, from: number): void {
    const isStatusLine = this.status === 0
    const length = Math.min(text.length, PREFIX.length)
    if (isStatusLine && !PREFIX.startsWith(text.slice(0, length))) {
      this.fault = malformed('what came does not begin like HTTP/1.1')
    } else if (!isFieldText(text, from, text.endsWith('\r') ? text.length - 1 : text.length)) {
      this.fault = malformed('a control character stands in the head')
    }
  }

  #judge(): void {
    const { fields } = this.#section
    for (let at = 0; at < fields.length; at += 2) {
      const name = fields[at] ?? ''
      switch (name.length) {
        case 10:
          this.#connection(name.toLowerCase(), fields[at + 1] ?? '')
          break
        case 14:
          if (name.toLowerCase() === 'content-length') this.#contentLength(fields[at + 1] ?? '')
          break
        case 17:
          if (name.toLowerCase() === 'transfer-encoding') this.#transferEncoding(fields[at + 1] ?? '')
          break
        default:
      }
    }
    if (this.length !== -1 && this.coding !== 'none') {
      this.fault ??= malformed('the answer has both a length and a transfer coding')
    }
  }

  #connection(name: string, value: string): void {
    if (name === 'connection') {
      const lower = value.toLowerCase()
      if (lower === 'keep-alive') this.keepsAlive = true
      else if (lower === 'close') this.closes = true
      else {
        const tokens = new Set(lower.split(',').map((token) => token.trim()))
        this.closes ||= tokens.has('close')
        this.keepsAlive ||= tokens.has('keep-alive')
      }
    } else if (name === 'keep-alive') {
      const found = /(?:^|[\s,])timeout=(\d{1,9})(?=[\s,]|$)/i.exec(value)
      if (found !== null) this.keepAliveSeconds = Number(found[1])
    }
  }

  /** Two of them are refused even where they agree: who sends two does not know what it sends. */
  #contentLength(value: string): void {
    const length = digits(value, 0, value.length)
    if (length < 0) this.fault ??= malformed('a content-length is no decimal number that can be counted to')
    if (this.length !== -1) this.fault ??= malformed('the answer has two lengths')
    this.length = length
  }

  #transferEncoding(value: string): void {
    this.coding = this.coding === 'none' && value.toLowerCase() === 'chunked' ? 'chunked' : 'other'
  }
}

/** The decimal number; -1 where it is none, or too large to be exact. */
function digits(text: string, from: number, to: number): number {
  if (from >= to) return -1
  let number = 0
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 48
    if (!(digit >= 0 && digit <= 9)) return -1
    number = number * 10 + digit
    if (number > Number.MAX_SAFE_INTEGER) return -1
  }
  return number
}
