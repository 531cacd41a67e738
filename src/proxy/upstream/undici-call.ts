// One request as undici's dispatch handler: a class with fixed fields, no closure and no promise per request.

import type { Dispatcher } from 'undici'
import { latin1List } from '../response-headers.ts'
import { ConnectError, type Connecting } from './connector.ts'
import type { Call, Phase, UpstreamEvents } from './transport.ts'

type Controller = Dispatcher.DispatchController & {
  readonly rawHeaders?: (Buffer | string)[] | null
  readonly rawTrailers?: (Buffer | string)[] | null
}

/** What a call tells its pool. */
export interface CallPool {
  readonly connecting: Connecting
  readonly connections: number
  active: number
  lastUsedAt: number
}

class Aborted extends Error {
  override name = 'Aborted'
}
const ABORTED = new Aborted('the exchange has no more use for this request')

/** Adapts undici's callbacks to `UpstreamEvents`. */
export class UndiciCall implements Call {
  readonly #pool: CallPool
  readonly #events: UpstreamEvents
  #controller: Controller | undefined
  #phase: Phase = 'pending'
  /** No more callbacks: ended, failed or aborted. */
  #silent = false
  #counted = true

  constructor(pool: CallPool, events: UpstreamEvents) {
    this.#pool = pool
    this.#events = events
    pool.active += 1
  }

  get phase(): Phase {
    if (
      this.#phase === 'pending' &&
      this.#pool.connecting.count > 0 &&
      this.#pool.active <= this.#pool.connections
    ) {
      return 'connect'
    }
    return this.#phase
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
    // Where it is still waiting, undici drops it as soon as it would be sent.
    this.#controller?.abort(ABORTED)
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
      this.#phase = 'waiting'
      this.#events.informational(status, raw)
      return
    }
    this.#phase = 'body'
    this.#events.head(status, text ?? '', raw)
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    if (!this.#silent) this.#events.data(chunk)
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#release()
    if (this.#silent) return
    this.#silent = true
    this.#events.ended(latin1List((controller as Controller).rawTrailers ?? []))
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#release()
    if (this.#silent) return
    this.#silent = true
    this.#events.failed({ phase: error instanceof ConnectError ? error.phase : this.#phase, error })
  }

  #release(): void {
    if (!this.#counted) return
    this.#counted = false
    this.#pool.active -= 1
    this.#pool.lastUsedAt = performance.now()
  }
}
