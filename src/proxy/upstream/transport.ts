// The narrow interface between an exchange and whatever speaks HTTP/1.1 to an endpoint. Implementations classify
// nothing: they report what happened, in which phase, and classify.ts turns that into a reason. What each must do is
// test/contracts/transport.ts.

import type { Endpoint, Upstream } from '../../snapshot/snapshot.ts'

/** How far one attempt had come when it failed. */
export type Phase =
  /** Waiting for a connection of the pool. */
  | 'pending'
  | 'dns'
  | 'connect'
  | 'tls'
  /** Connected; sending the request or waiting for the first byte of the answer. */
  | 'sending'
  | 'waiting'
  /** The first byte of the answer's head has come. */
  | 'head'
  | 'body'

/** Code of the error of an answer whose status is no status: below 100. */
export const STATUS_INVALID = 'KANALI_STATUS_INVALID'
/** Code of the error of an answer with more than `ANSWER_HEAD_BYTES_MAX` in informational heads. */
export const HEAD_TOO_LARGE = 'KANALI_HEAD_TOO_LARGE'
/** Head of an answer, in bytes; and those of all informational answers before it together. */
export const ANSWER_HEAD_BYTES_MAX = 64 * 1024

/** Informational answers before one answer; each may have been small, and starts the deadlines anew. */
export const INFORMATIONAL_MAX = 1000

/** A failure as the transport saw it. */
export interface TransportFault {
  readonly phase: Phase
  readonly error: Error
}

/** `trailers`: a flat name, value list, read at the end, and sent where content is in chunks and the transport is end to end. */
export type UpstreamContent = NodeJS.ReadableStream & { readonly trailers?: readonly string[] | undefined }

export interface UpstreamRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  /** Flat name, value list, ready to be sent. */
  readonly headers: string[]
  readonly body: UpstreamContent | undefined
}

/** Callbacks of one attempt, in the order in which they can come. After `failed` or `ended` none comes. */
export interface UpstreamEvents {
  /** A connection is there and the head is being written; again where the request is sent again on another one. */
  started(): void
  /** Any but 101, which nobody asks for; 100 only where the transport goes from end to end. */
  informational(status: number, rawHeaders: string[]): void
  head(status: number, statusText: string, rawHeaders: string[]): void
  data(chunk: Buffer): void
  /** Trailers as a flat list. */
  ended(rawTrailers: string[]): void
  failed(fault: TransportFault): void
}

/** A request on its way. */
export interface Call {
  pause(): void
  resume(): void
  /** Ends it without further callbacks; its connection is not used again. */
  abort(): void
  /** How far it has come. */
  readonly phase: Phase
}

export interface Transport {
  /** Trailers of a request are sent, `Expect: 100-continue` may be among its fields, and a 100 is given on. */
  readonly isEndToEnd: boolean
  /** Starts a request to one endpoint; undefined where that endpoint is at its limit of waiting requests. */
  dispatch(
    upstream: Upstream,
    endpoint: Endpoint,
    request: UpstreamRequest,
    events: UpstreamEvents,
  ): Call | undefined
  /**
   * Requests under way to that endpoint from this process, those that wait for a connection among them; far more where
   * it has just been found to take none.
   */
  load(upstream: Upstream, endpoint: Endpoint): number
  /** Closes connections that have not been used for a while; called by the gateway's tick. */
  sweep(now: number): void
  close(): Promise<void>
}
