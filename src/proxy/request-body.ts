// The client's content on its way to the upstream: a bridge with backpressure, a count, a limit and a clock.
// It stands between the two because a transport destroys the stream that it is given, and destroying the request
// itself would take the client's connection along.

import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** What the bridge tells its exchange. */
export interface RequestBodyEvents {
  /** More has come from the client or gone upstream: deadlines start anew. */
  bodyProgress(bytes: number): void
  /** The upstream takes nothing just now: its deadline starts. */
  bodyBlocked(): void
  bodyTooLarge(): void
  /** Gives those of the trailers that go on; both are flat name, value lists. */
  bodyComplete(rawTrailers: readonly string[]): readonly string[]
}

/** The content of `req` as a stream that may be destroyed. */
export class RequestBody extends Readable {
  readonly #req: IncomingMessage
  readonly #events: RequestBodyEvents
  readonly #bytesMax: number
  #bytes = 0
  /** The upstream takes nothing just now: whoever waits, waits for it and not for the client. */
  blocked = false
  /** Known at the end. */
  trailers: readonly string[] | undefined

  /** `bytesMax` 0 is no limit. */
  constructor(req: IncomingMessage, bytesMax: number, events: RequestBodyEvents) {
    super({ highWaterMark: 64 * 1024, autoDestroy: true })
    this.#req = req
    this.#events = events
    this.#bytesMax = bytesMax
    req.on('data', this.#onData).on('end', this.#onEnd)
    req.pause()
  }

  override _read(): void {
    if (this.blocked) {
      this.blocked = false
      this.#events.bodyProgress(0)
    }
    this.#req.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#req.off('data', this.#onData).off('end', this.#onEnd)
    callback(error)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes += chunk.length
    if (this.#bytesMax > 0 && this.#bytes > this.#bytesMax) {
      this.#events.bodyTooLarge()
      return
    }
    this.#events.bodyProgress(chunk.length)
    if (!this.push(chunk)) {
      this.blocked = true
      this.#events.bodyBlocked()
      this.#req.pause()
    }
  }

  readonly #onEnd = (): void => {
    this.trailers = this.#events.bodyComplete(this.#req.rawTrailers)
    this.push(null)
  }
}
