// One request as undici's dispatch handler: a class with fixed fields, no closure and no promise per request.

import type { Dispatcher } from 'undici'
import { latin1List } from '../response-headers.ts'
import { ConnectError, type Connecting } from './connector.ts'
import type { EndpointPool, Lane, PooledCall } from './endpoint-pool.ts'
import {
  ANSWER_HEAD_BYTES_MAX,
  HEAD_TOO_LARGE,
  INFORMATIONAL_MAX,
  STATUS_INVALID,
  type Phase,
  type UpstreamEvents,
} from './transport.ts'

type Controller = Dispatcher.DispatchController & {
  readonly rawHeaders?: (Buffer | string)[] | null
  readonly rawTrailers?: (Buffer | string)[] | null
}

/** `HTTP/1.1 103` with its line end and the empty line. */
const STATUS_LINE_BYTES = 16

class Aborted extends Error {
  override name = 'Aborted'
}
const ABORTED = new Aborted('the exchange has no more use for this request')

/** Adapts undici's callbacks to `UpstreamEvents`. */
export class UndiciCall implements PooledCall {
  readonly options: Dispatcher.DispatchOptions
  readonly #pool: EndpointPool<UndiciCall>
  readonly #events: UpstreamEvents
  #controller: Controller | undefined
  #phase: Phase = 'pending'
  /** No more callbacks: ended, failed or aborted. */
  #silent = false
  #released = false
  #informationalBytes = 0
  #informationalCount = 0
  /** The lane that it was given, and how far its connection is; undefined while it waits for one. */
  #lane: Lane<UndiciCall> | undefined
  #connecting: Connecting | undefined

  constructor(pool: EndpointPool<UndiciCall>, options: Dispatcher.DispatchOptions, events: UpstreamEvents) {
    this.#pool = pool
    this.options = options
    this.#events = events
  }

  get phase(): Phase {
    return this.#phase === 'pending' ? (this.#connecting?.phase ?? 'pending') : this.#phase
  }

  /** A lane is about to dispatch it. */
  given(lane: Lane<UndiciCall>, connecting: Connecting): void {
    this.#lane = lane
    this.#connecting = connecting
  }

  refuse(error: Error): void {
    this.onResponseError(undefined, error)
  }

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }

  abort(): void {
    if (this.#silent) return
    this.#silent = true
    if (this.#lane === undefined) this.#pool.forget(this)
    // Where its connection is still being made, it is dropped as soon as it would be sent.
    else this.#controller?.abort(ABORTED)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller as Controller
    if (this.#silent) {
      controller.abort(ABORTED)
      return
    }
    this.#phase = 'sending'
    this.#events.started()
  }

  onRequestSent(): void {
    if (this.#phase === 'sending') this.#phase = 'waiting'
  }

  onResponseStarted(): void {
    if (this.#phase !== 'body') this.#phase = 'head'
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _parsed: unknown,
    text?: string,
  ): void {
    if (this.#silent) return
    const raw = latin1List((controller as Controller).rawHeaders ?? [])
    if (status < 200) {
      const fault = this.#informationalFault(status, raw)
      if (fault === undefined) {
        this.#phase = 'waiting'
        this.#events.informational(status, raw)
      } else {
        this.abort()
        this.#events.failed({ phase: 'head', error: fault })
      }
      return
    }
    this.#phase = 'body'
    this.#events.head(status, text ?? '', raw)
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    if (!this.#silent) this.#events.data(chunk)
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#release(false)
    if (this.#silent) return
    this.#silent = true
    this.#events.ended(latin1List((controller as Controller).rawTrailers ?? []))
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (error instanceof ConnectError) this.#pool.unreachable()
    this.#release(true)
    if (this.#silent) return
    this.#silent = true
    const isTooLarge = 'code' in error && error.code === 'UND_ERR_HEADERS_OVERFLOW'
    this.#events.failed({
      phase: error instanceof ConnectError ? error.phase : this.#phase,
      error: isTooLarge
        ? withCode(`the head has more than ${ANSWER_HEAD_BYTES_MAX} bytes`, HEAD_TOO_LARGE)
        : error,
    })
  }

  /** Each informational answer starts the deadlines anew, so that without an end to them there would be none. */
  #informationalFault(status: number, raw: readonly string[]): Error | undefined {
    if (status < 100) return withCode(`the status ${status} is below 100`, STATUS_INVALID)
    this.#informationalBytes += raw.reduce((sum, part) => sum + part.length + 2, STATUS_LINE_BYTES)
    this.#informationalCount += 1
    return this.#informationalBytes > ANSWER_HEAD_BYTES_MAX || this.#informationalCount > INFORMATIONAL_MAX
      ? withCode('too many informational answers', HEAD_TOO_LARGE)
      : undefined
  }

  #release(failed: boolean): void {
    if (this.#released || this.#lane === undefined) return
    this.#released = true
    // undici is in the middle of its own work on this connection: what follows an error comes after that.
    this.#pool.release(this.#lane, failed)
  }
}

function withCode(message: string, code: string): Error {
  return Object.assign(new Error(message), { code })
}
