// What a client waits for that asked to be told before it sends content: `Expect: 100-continue` (RFC 9110 section 10.1.1).
// It must never ask for content by itself: who decides that content is wanted is the exchange.

import type { ServerResponse } from 'node:http'

/**
 * How long an upstream may be silent before the client is asked for its content all the same. Many upstreams do not know
 * the expectation, and a client that waits for ever would; most send after a second anyway.
 */
export const CONTINUE_WAIT_MS = 1_000

/** Made only for requests that expect. */
export class Expectation {
  /** The client has its 100. */
  isMet = false
  /** It has begun to send without one, as it may. */
  isPassedOver = false
  readonly #res: ServerResponse

  constructor(res: ServerResponse) {
    this.#res = res
  }

  /** The client sends nothing until it hears something. */
  get isWaiting(): boolean {
    return !this.isMet && !this.isPassedOver && this.#res.req.readableLength === 0
  }

  /** Sends the 100, once, unless the answer has begun. */
  meet(): void {
    if (this.isMet || this.#res.headersSent) return
    this.isMet = true
    this.#res.writeContinue()
  }
}
