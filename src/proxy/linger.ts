// After an answer that came before the request's content had arrived: reads on for a little, so that the client can
// read the answer. Closing at once would reset the connection and take the answer along (RFC 9112 section 9.6).

import type { IncomingMessage, ServerResponse } from 'node:http'

const LINGER_MS = 2_000
const DISCARDED_BYTES_MAX = 256 * 1024

/** Discards content until it is complete or a limit is reached, then ends the answer. */
export class Linger {
  readonly #req: IncomingMessage
  readonly #res: ServerResponse
  readonly deadlineAt = performance.now() + LINGER_MS
  #discarded = 0

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.#req = req
    this.#res = res
    req.on('data', this.#onData).on('end', this.#onEnd)
    req.resume()
  }

  /** Ends the answer now; a connection whose request is still unfinished cannot be used again. */
  stop(): void {
    this.#req.off('data', this.#onData).off('end', this.#onEnd)
    if (this.#res.writableEnded) return
    this.#res.shouldKeepAlive = false
    const { socket } = this.#req
    this.#res.end(() => {
      if (!this.#req.complete) socket.destroy()
    })
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#discarded += chunk.length
    if (this.#discarded > DISCARDED_BYTES_MAX) this.stop()
  }

  readonly #onEnd = (): void => {
    this.#req.off('data', this.#onData)
    this.#res.end()
  }
}
