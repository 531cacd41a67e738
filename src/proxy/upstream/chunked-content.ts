// Chunked content, taken apart octet by octet (RFC 9112 section 7.1) in pieces of any size. It holds no content: it says
// where in the bytes the next piece of it lies. It must never take a line end but CRLF, nor a size that it cannot count.

import { FieldSection, LINE_INCOMPLETE } from './field-section.ts'
import { ANSWER_HEAD_BYTES_MAX, HEAD_TOO_LARGE } from './transport.ts'
import { malformed, WireFault } from './wire-fault.ts'

/** All extensions of one answer together: they are thrown away, so nobody needs more. */
export const CHUNK_EXTENSION_BYTES_MAX = 16 * 1024
/** Digits of one size, leading zeros among them. */
export const CHUNK_SIZE_DIGITS_MAX = 64

const LF = 10
const CR = 13
/** RFC 9112 section 7.1.1. */
const EXTENSIONS =
  /^(?:[\t ]*;[\t ]*[!#$%&'*+\-.^_`|~\w]+(?:[\t ]*=[\t ]*(?:[!#$%&'*+\-.^_`|~\w]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)+$/

type State = 'size' | 'extension' | 'size-lf' | 'content' | 'content-cr' | 'content-lf' | 'trailers' | 'ended'

export class ChunkedContent {
  /** The piece of content that `read` stopped behind; empty where there is none. */
  pieceFrom = 0
  pieceTo = 0
  fault: WireFault | undefined
  readonly #section = new FieldSection()
  #state: State = 'size'
  #size = 0
  #digits = 0
  #extension = ''
  #extensionBytes = 0
  #rest = ''
  #trailerBytes = 0

  get ended(): boolean {
    return this.#state === 'ended'
  }

  /** Flat name, value list. */
  get trailers(): string[] {
    return this.#section.fields
  }

  clear(): void {
    this.fault = undefined
    this.#section.clear()
    this.#state = 'size'
    this.#size = 0
    this.#digits = 0
    this.#extension = ''
    this.#extensionBytes = 0
    this.#rest = ''
    this.#trailerBytes = 0
  }

  /** Reads until there is a piece of content, the end, a fault, or nothing more; gives where it stopped. */
  read(bytes: Buffer, from: number, to: number): number {
    this.pieceFrom = this.pieceTo = 0
    let at = from
    while (at < to && this.fault === undefined) {
      switch (this.#state) {
        case 'size':
          this.#sizeOctet(bytes[at++] ?? 0)
          break
        case 'extension':
          this.#extensionOctet(bytes[at++] ?? 0)
          break
        case 'size-lf':
        case 'content-cr':
        case 'content-lf':
          this.#lineEndOctet(bytes[at++] ?? 0)
          break
        case 'content':
          this.pieceFrom = at
          at = this.pieceTo = Math.min(to, at + this.#size)
          this.#size -= this.pieceTo - this.pieceFrom
          if (this.#size === 0) this.#state = 'content-cr'
          return at
        case 'trailers':
          at = this.#trailer(bytes, at, to)
          break
        case 'ended':
          return at
      }
    }
    return at
  }

  #lineEndOctet(octet: number): void {
    if (this.#state === 'content-cr') {
      if (octet !== CR) return this.#wrong('a chunk is longer than its size')
      this.#state = 'content-lf'
    } else if (this.#state === 'content-lf') {
      if (octet !== LF) return this.#wrong('a chunk does not end with CRLF')
      this.#state = 'size'
    } else {
      if (octet !== LF) return this.#wrong('a chunk size does not end with CRLF')
      this.#state = this.#size === 0 ? 'trailers' : 'content'
      this.#digits = 0
    }
  }

  #sizeOctet(octet: number): void {
    const digit = hexDigit(octet)
    if (digit >= 0) {
      this.#size = this.#size * 16 + digit
      this.#digits += 1
      if (this.#size > Number.MAX_SAFE_INTEGER || this.#digits > CHUNK_SIZE_DIGITS_MAX) {
        this.#wrong('a chunk size is larger than can be counted')
      }
      return
    }
    if (this.#digits === 0) return this.#wrong('a chunk has no size')
    if (octet === CR) this.#state = 'size-lf'
    else {
      this.#state = 'extension'
      this.#extensionOctet(octet)
    }
  }

  #extensionOctet(octet: number): void {
    if (octet === CR) {
      if (!EXTENSIONS.test(this.#extension)) return this.#wrong('a chunk extension is not well-formed')
      this.#extension = ''
      this.#state = 'size-lf'
      return
    }
    this.#extensionBytes += 1
    if (this.#extensionBytes > CHUNK_EXTENSION_BYTES_MAX) {
      return this.#wrong(`the chunk extensions have more than ${CHUNK_EXTENSION_BYTES_MAX} bytes`)
    }
    // Waiting for the end of a line that cannot become good would be waiting for ever.
    if ((octet < 32 && octet !== 9) || octet === 127) {
      return this.#wrong('a control character stands behind a chunk size')
    }
    this.#extension += String.fromCharCode(octet)
  }

  #trailer(bytes: Buffer, from: number, to: number): number {
    const kept = this.#rest.length
    // One octet more tells apart a section of the largest size from a larger one.
    const room = ANSWER_HEAD_BYTES_MAX - this.#trailerBytes - kept + 1
    const upTo = Math.min(to, from + room)
    const text = this.#rest + bytes.toString('latin1', from, upTo)
    let at = 0
    if (kept === 0 || text.indexOf('\n', kept) !== -1) {
      for (;;) {
        const next = this.#section.line(text, at)
        if (next < 0) {
          if (next !== LINE_INCOMPLETE) this.fault = this.#section.fault
          break
        }
        at = next
        if (this.#section.ended) return this.#endTrailers(from + at - kept, at)
      }
    }
    this.#trailerBytes += at
    this.#rest = text.slice(at)
    if (this.#trailerBytes + this.#rest.length > ANSWER_HEAD_BYTES_MAX) this.#tooLarge()
    return upTo
  }

  #endTrailers(at: number, used: number): number {
    if (this.#trailerBytes + used > ANSWER_HEAD_BYTES_MAX) this.#tooLarge()
    const { fields } = this.#section
    for (let field = 0; field < fields.length; field += 2) {
      const name = (fields[field] ?? '').toLowerCase()
      // They would contradict the framing that has just been gone by (RFC 9110 section 6.5.1).
      if (name === 'content-length' || name === 'transfer-encoding') this.#wrong('a trailer is about framing')
    }
    this.#rest = ''
    this.#state = 'ended'
    return at
  }

  #tooLarge(): void {
    this.fault ??= new WireFault(HEAD_TOO_LARGE, `the trailers have more than ${ANSWER_HEAD_BYTES_MAX} bytes`)
  }

  #wrong(message: string): void {
    this.fault ??= malformed(message)
  }
}

/** -1 for what is no digit. */
function hexDigit(octet: number): number {
  if (octet >= 48 && octet <= 57) return octet - 48
  const lower = octet | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}
