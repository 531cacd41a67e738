// One request on the socket transport: how far it has come, and what it tells whoever asked. It must never call back
// after it has ended, failed or been aborted.

import type { EndpointPool, PooledCall } from './endpoint-pool.ts'
import type { AnswerSink } from './answer-reader.ts'
import { RequestContent, type ContentEvents } from './request-content.ts'
import type { RequestHead } from './request-head.ts'
import type { SocketLane } from './socket-lane.ts'
import type { Phase, UpstreamEvents, UpstreamRequest } from './transport.ts'

/** Methods that may be sent again (RFC 9110 section 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

export class SocketCall implements PooledCall, AnswerSink, ContentEvents {
  readonly request: UpstreamRequest
  /** Head and content have been handed to the socket. */
  isSent = false
  isPaused = false
  /** Ended, failed or aborted. */
  isOver = false
  content: RequestContent | undefined
  readonly #pool: EndpointPool<SocketCall>
  readonly #events: UpstreamEvents
  #lane: SocketLane | undefined
  #phase: Phase = 'pending'

  constructor(pool: EndpointPool<SocketCall>, request: UpstreamRequest, events: UpstreamEvents) {
    this.#pool = pool
    this.request = request
    this.#events = events
  }

  get phase(): Phase {
    return this.#phase === 'pending' ? (this.#lane?.connecting.phase ?? 'pending') : this.#phase
  }

  get isStopped(): boolean {
    return this.isPaused || this.isOver
  }

  /** Nothing happens twice at the upstream by sending it again; it is not, on a connection that is new. */
  get isRepeatable(): boolean {
    return this.content?.hasBegun !== true && IDEMPOTENT.has(this.request.method)
  }

  pause(): void {
    if (this.isStopped) return
    this.isPaused = true
    this.#lane?.paused(this)
  }

  resume(): void {
    if (!this.isPaused || this.isOver) return
    this.isPaused = false
    this.#lane?.resumed(this)
  }

  abort(): void {
    if (this.isOver) return
    this.isOver = true
    this.content?.stop()
    if (this.#lane === undefined) this.#pool.forget(this)
    else this.#lane.abandon(this)
  }

  refuse(error: Error): void {
    this.fail(error, this.phase)
  }

  given(lane: SocketLane): void {
    this.#lane = lane
  }

  /** The head is about to be written. */
  starts(head: RequestHead): void {
    const { body } = this.request
    this.#phase = body === undefined ? 'waiting' : 'sending'
    this.isSent = body === undefined
    if (body !== undefined) this.content = new RequestContent(body, head.length, this)
    this.#events.started()
  }

  /** It will be sent again, on a new connection. */
  repeats(): void {
    this.isSent = false
    this.#phase = 'pending'
    this.content?.stop()
    this.content = undefined
  }

  contentSent(): void {
    this.isSent = true
    if (this.#phase === 'sending') this.#phase = 'waiting'
  }

  contentFailed(error: Error): void {
    this.#lane?.cut(this, error)
  }

  /** Bytes of an answer have come. */
  answerBegins(): void {
    if (this.#phase !== 'body') this.#phase = 'head'
  }

  informational(status: number, rawHeaders: string[]): void {
    this.#phase = this.isSent ? 'waiting' : 'sending'
    this.#events.informational(status, rawHeaders)
  }

  head(status: number, statusText: string, rawHeaders: string[]): void {
    this.#phase = 'body'
    this.#events.head(status, statusText, rawHeaders)
  }

  data(chunk: Buffer): void {
    this.#events.data(chunk)
  }

  complete(trailers: string[]): void {
    if (this.isOver) return
    this.isOver = true
    this.#events.ended(trailers)
  }

  fail(error: Error, phase: Phase = this.#phase): void {
    if (this.isOver) return
    this.isOver = true
    this.content?.stop()
    this.#events.failed({ phase, error })
  }
}
