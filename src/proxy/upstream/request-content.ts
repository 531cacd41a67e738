// The content of a request on its way into a socket, with its framing and backpressure. It must never send more or less
// than was declared, and never the last chunk of a content that broke off.

import type { Socket } from 'node:net'
import { isFieldText, isToken } from './field-section.ts'
import type { UpstreamContent } from './transport.ts'
import { REQUEST_UNWRITABLE, WireFault } from './wire-fault.ts'

export interface ContentEvents {
  /** All of it has been handed over. */
  contentSent(): void
  contentFailed(error: Error): void
}

export class RequestContent {
  /** Some of it has been handed over, or it has ended. */
  hasBegun = false
  readonly #body: UpstreamContent
  /** -1: chunked. */
  readonly #length: number
  readonly #events: ContentEvents
  #socket: Socket | undefined
  #bytes = 0

  constructor(body: UpstreamContent, length: number, events: ContentEvents) {
    this.#body = body
    this.#length = length
    this.#events = events
  }

  start(socket: Socket): void {
    this.#socket = socket
    this.#body.on('end', this.#onEnd).on('error', this.#onError).on('close', this.#onClose)
    this.#body.on('data', this.#onData)
    this.#body.resume()
  }

  /** Sends nothing more. */
  stop(): void {
    this.#socket = undefined
    this.#body.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose)
    // The error listener stays: a stream that fails when nobody wants it any more must not take the process down.
    this.#body.pause()
  }

  /** The socket takes bytes again. */
  drained(): void {
    if (this.#socket !== undefined) this.#body.resume()
  }

  readonly #onData = (chunk: Buffer): void => {
    const socket = this.#socket
    if (socket === undefined || chunk.length === 0) return
    this.hasBegun = true
    this.#bytes += chunk.length
    if (this.#length === -1) {
      socket.cork()
      socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
      socket.write(chunk)
      socket.write('\r\n', 'latin1')
      socket.uncork()
    } else if (this.#bytes > this.#length) {
      this.#fail('the content is longer than its declared length')
      return
    } else socket.write(chunk)
    if (socket.writableNeedDrain) this.#body.pause()
  }

  readonly #onEnd = (): void => {
    const socket = this.#socket
    if (socket === undefined) return
    this.hasBegun = true
    if (this.#length !== -1 && this.#bytes < this.#length) {
      this.#fail('the content is shorter than its declared length')
      return
    }
    if (this.#length === -1) {
      const lines = trailerLines(this.#body.trailers)
      if (lines === undefined) return this.#fail('a trailer is none that could be written')
      socket.write(`0\r\n${lines}\r\n`, 'latin1')
    }
    this.stop()
    this.#events.contentSent()
  }

  readonly #onError = (error: Error): void => {
    if (this.#socket === undefined) return
    this.stop()
    this.#events.contentFailed(error)
  }

  readonly #onClose = (): void => this.#fail('the content broke off')

  #fail(message: string): void {
    if (this.#socket === undefined) return
    this.stop()
    this.#events.contentFailed(new WireFault(REQUEST_UNWRITABLE, message))
  }
}

/** Undefined where one of them could end its line, or contradicts the framing that was gone by. */
function trailerLines(trailers: readonly string[] | undefined): string | undefined {
  if (trailers === undefined || trailers.length === 0) return ''
  let lines = ''
  for (let at = 0; at < trailers.length; at += 2) {
    const name = trailers[at] ?? ''
    const value = trailers[at + 1] ?? ''
    if (!isToken(name, 0, name.length) || !isFieldText(value)) return undefined
    if (/^(?:content-length|transfer-encoding)$/i.test(name)) return undefined
    lines += `${name}: ${value}\r\n`
  }
  return lines
}
