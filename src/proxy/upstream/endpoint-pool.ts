// The connections to one endpoint under one TLS identity: so many lanes at most, each with one connection and one request
// at a time, and a queue in front of them. No pipelining: a slow answer must never hold up another request. What a lane
// is, each transport says for itself; undici's own Pool is not used (docs/decisions/0002-upstream-transport.md).

import type { Call, UpstreamEvents, UpstreamRequest } from './transport.ts'

/** A place for one connection. */
export interface Lane<C> {
  readonly connected: boolean
  /** Takes a request, and no other before it was released. */
  start(call: C): void
  /** It may take no further request: its connection is too old, or was unused for too long. */
  isSpent(now: number): boolean
  /** Ends its connection, and the request on it with this error. */
  destroy(error: Error): Promise<void>
}

/** A request as the pool sees it. */
export interface PooledCall extends Call {
  /** Ends it where it waits: it will be given no connection. */
  refuse(error: Error): void
}

/** What a transport adds to the pool. */
export interface LaneMaker<C extends PooledCall> {
  makeCall(pool: EndpointPool<C>, request: UpstreamRequest, events: UpstreamEvents): C
  openLane(pool: EndpointPool<C>): Lane<C>
}

export interface PoolLimits {
  readonly connectionsMax: number
  readonly pendingMax: number
}

/** An endpoint that takes no connections has nothing under way: it must not look like the idlest of all. */
const UNREACHABLE_LOAD = 1_000_000
const UNREACHABLE_MS = 5_000

export class EndpointPool<C extends PooledCall> {
  lastUsedAt = performance.now()
  readonly #limits: PoolLimits
  readonly #maker: LaneMaker<C>
  /** `performance.now()`. */
  #unreachableUntil = 0
  readonly #lanes = new Set<Lane<C>>()
  /** The one used last is taken first, so that those that are not needed fall idle and close. */
  readonly #free: Lane<C>[] = []
  #running = 0
  /** In the order in which they came. */
  readonly #waiting = new Set<C>()

  constructor(limits: PoolLimits, maker: LaneMaker<C>) {
    this.#limits = limits
    this.#maker = maker
  }

  /** Requests that run or wait. */
  get active(): number {
    return this.#running + this.#waiting.size
  }

  /** Requests under way, and many more for a while after a connection could not be made. */
  get load(): number {
    const reachable = this.#unreachableUntil === 0 || performance.now() >= this.#unreachableUntil
    return reachable ? this.active : this.active + UNREACHABLE_LOAD
  }

  get connected(): number {
    return [...this.#lanes].filter((lane) => lane.connected).length
  }

  /** Undefined where every connection is in use and as many requests wait as may. */
  dispatch(request: UpstreamRequest, events: UpstreamEvents): Call | undefined {
    const lane = this.#waiting.size > 0 ? undefined : this.#take()
    if (lane === undefined && this.#waiting.size >= this.#limits.pendingMax) return undefined
    const call = this.#maker.makeCall(this, request, events)
    if (lane === undefined) this.#waiting.add(call)
    else this.#start(lane, call)
    return call
  }

  /** That request was given up before it had a lane. */
  forget(call: C): void {
    this.#waiting.delete(call)
  }

  /** No connection could be made. */
  unreachable(): void {
    this.#unreachableUntil = performance.now() + UNREACHABLE_MS
  }

  /** The lane's request is over. `later`: the lane is in the middle of its own work, and must not be used in this turn. */
  release(lane: Lane<C>, later: boolean): void {
    this.#ended()
    if (later || this.#waiting.size > 0) setImmediate(() => this.#next(lane))
    else this.#free.push(lane)
  }

  /** The lane's request is over, and so is the lane. */
  releaseGone(lane: Lane<C>): void {
    this.#ended()
    if (this.#lanes.delete(lane) && this.#waiting.size > 0) setImmediate(() => this.#serve())
  }

  /** A lane without a request is over. */
  gone(lane: Lane<C>): void {
    if (!this.#lanes.delete(lane)) return
    const at = this.#free.lastIndexOf(lane)
    if (at !== -1) this.#free.splice(at, 1)
  }

  /** Closes connections that may take no further request. */
  sweep(now: number): void {
    for (let at = this.#free.length - 1; at >= 0; at--) {
      const lane = this.#free[at]
      if (lane === undefined || !lane.isSpent(now)) continue
      this.#free.splice(at, 1)
      this.#discard(lane)
    }
  }

  /** Ends every connection; what runs or waits fails. */
  async destroy(): Promise<void> {
    const error = new Error('the gateway is shutting down')
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const call of waiting) call.refuse(error)
    const lanes = [...this.#lanes]
    this.#lanes.clear()
    this.#free.length = 0
    await Promise.all(lanes.map((lane) => lane.destroy(error)))
  }

  #ended(): void {
    this.#running -= 1
    this.lastUsedAt = performance.now()
  }

  #next(lane: Lane<C>): void {
    if (this.#lanes.has(lane)) this.#free.push(lane)
    this.#serve()
  }

  /** Gives a lane that is free, or may be opened, to whoever waits longest. */
  #serve(): void {
    const [first] = this.#waiting
    if (first === undefined) return
    const lane = this.#take()
    if (lane === undefined) return
    this.#waiting.delete(first)
    this.#start(lane, first)
  }

  #take(): Lane<C> | undefined {
    for (;;) {
      const lane = this.#free.pop()
      if (lane === undefined) {
        return this.#lanes.size < this.#limits.connectionsMax ? this.#open() : undefined
      }
      if (!lane.isSpent(performance.now())) return lane
      this.#discard(lane)
    }
  }

  #discard(lane: Lane<C>): void {
    this.#lanes.delete(lane)
    void lane.destroy(new Error('a connection without a request'))
  }

  #start(lane: Lane<C>, call: C): void {
    this.#running += 1
    lane.start(call)
  }

  #open(): Lane<C> {
    const lane = this.#maker.openLane(this)
    this.#lanes.add(lane)
    return lane
  }
}
