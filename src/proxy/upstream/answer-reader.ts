// One answer after the other out of the bytes of a connection: informational heads, the head, and the content by the
// framing that the head gives it (RFC 9112 section 6.3). It must never give bytes of one answer to another.

import { AnswerHead } from './answer-head.ts'
import { ChunkedContent } from './chunked-content.ts'
import { ANSWER_HEAD_BYTES_MAX, HEAD_TOO_LARGE, INFORMATIONAL_MAX } from './transport.ts'
import { UNEXPECTED_INFORMATIONAL, WireFault } from './wire-fault.ts'

/** Who asked for the answer. */
export interface AnswerSink {
  /** It takes nothing more for now, or for good. */
  readonly isStopped: boolean
  informational(status: number, rawHeaders: string[]): void
  head(status: number, statusText: string, rawHeaders: string[]): void
  data(chunk: Buffer): void
}

type State = 'head' | 'length' | 'chunks' | 'until-close' | 'ended'

const NO_TRAILERS: string[] = []

export class AnswerReader {
  fault: WireFault | undefined
  /** A first byte has come since `begin`. */
  hasBegun = false
  /** After this answer the connection may be used for another request. */
  keeps = false
  readonly #head = new AnswerHead()
  readonly #chunks = new ChunkedContent()
  #state: State = 'ended'
  #left = 0
  #isHead = false
  #informationalBytes = 0
  #informationalCount = 0

  get ended(): boolean {
    return this.#state === 'ended'
  }

  /** How long the upstream keeps the connection, as it said; -1 where it did not. */
  get keepAliveSeconds(): number {
    return this.#head.keepAliveSeconds
  }

  /** Flat name, value list. */
  get trailers(): string[] {
    return this.#chunks.ended ? this.#chunks.trailers : NO_TRAILERS
  }

  /** A request of that method is sent: what comes from now on is its answer. */
  begin(method: string): void {
    this.fault = undefined
    this.hasBegun = false
    this.keeps = false
    this.#head.clear()
    this.#chunks.clear()
    this.#state = 'head'
    this.#isHead = method === 'HEAD'
    this.#informationalBytes = 0
    this.#informationalCount = 0
  }

  /**
   * Gives on what stands in `bytes`; stops at a fault, at the end of the answer and where the sink does, and gives where.
   * `owned`: the bytes stay as they are; otherwise content is copied.
   */
  read(bytes: Buffer, from: number, to: number, owned: boolean, sink: AnswerSink): number {
    let at = from
    if (at < to) this.hasBegun = true
    while (at < to && !sink.isStopped && this.fault === undefined) {
      switch (this.#state) {
        case 'head':
          at = this.#head.read(bytes, at, to)
          if (this.#head.fault !== undefined) this.fault = this.#head.fault
          else if (this.#head.ended) this.#headEnded(sink)
          break
        case 'length': {
          const piece = Math.min(to - at, this.#left)
          this.#left -= piece
          if (this.#left === 0) this.#state = 'ended'
          sink.data(part(bytes, at, at + piece, owned))
          at += piece
          break
        }
        case 'chunks':
          at = this.#chunks.read(bytes, at, to)
          this.fault = this.#chunks.fault
          if (this.#chunks.ended) this.#state = 'ended'
          if (this.#chunks.pieceTo > this.#chunks.pieceFrom) {
            sink.data(part(bytes, this.#chunks.pieceFrom, this.#chunks.pieceTo, owned))
          }
          break
        case 'until-close':
          sink.data(part(bytes, at, to, owned))
          at = to
          break
        case 'ended':
          return at
      }
    }
    return at
  }

  /** The peer has closed; false where the answer is cut by that. */
  closed(): boolean {
    if (this.#state === 'until-close') this.#state = 'ended'
    return this.#state === 'ended'
  }

  #headEnded(sink: AnswerSink): void {
    const head = this.#head
    const { status } = head
    if (status >= 200) {
      this.#frame()
      sink.head(status, head.statusText, head.fields)
      return
    }
    if (status === 101) {
      this.fault = new WireFault(UNEXPECTED_INFORMATIONAL, 'bad response: a 101 that nobody asked for')
      return
    }
    this.#informationalBytes += head.bytes
    this.#informationalCount += 1
    // Each one starts the deadlines anew, so that without an end to them there would be none.
    if (this.#informationalBytes > ANSWER_HEAD_BYTES_MAX || this.#informationalCount > INFORMATIONAL_MAX) {
      this.fault = new WireFault(HEAD_TOO_LARGE, 'too many informational answers')
      return
    }
    const { fields } = head
    head.clear()
    sink.informational(status, fields)
  }

  /** RFC 9112 section 6.3, with what cannot be trusted closed behind the answer. */
  #frame(): void {
    const { status, length, coding, isCurrent, closes, keepsAlive } = this.#head
    this.keeps = !closes && (isCurrent || keepsAlive)
    if (this.#isHead || status === 204 || status === 304) {
      this.#state = 'ended'
      // Whether the content that they announce comes all the same cannot be known: it could pass for the next answer.
      if (length > 0 || coding !== 'none') this.keeps = false
    } else if (coding === 'chunked') {
      this.#state = 'chunks'
      // HTTP/1.0 knows no chunks: its framing is as if it were faulty (RFC 9112 section 6.1).
      if (!isCurrent) this.keeps = false
    } else if (coding === 'none' && length >= 0) {
      this.#left = length
      this.#state = length === 0 ? 'ended' : 'length'
    } else {
      this.#state = 'until-close'
      this.keeps = false
    }
  }
}

function part(bytes: Buffer, from: number, to: number, owned: boolean): Buffer {
  if (owned) return bytes.subarray(from, to)
  const copy = Buffer.allocUnsafe(to - from)
  bytes.copy(copy, 0, from, to)
  return copy
}
