// One connection of the socket transport with one request at a time: connects, writes the request, hands what is read to
// the reader of answers, and judges whether the connection may be used again. It must never use one again on which
// anything is open: bytes that nobody asked for, a request not sent whole, an answer whose end is not certain.

import type { OnReadOpts, Socket } from 'node:net'
import type { BatchedWrite, WriteBatch } from '../write-batch.ts'
import { AnswerReader } from './answer-reader.ts'
import { type ConnectError, openConnection, type Connecting, type Sessions } from './connector.ts'
import type { EndpointPool, Lane } from './endpoint-pool.ts'
import type { EndpointSetting } from './pooled-transport.ts'
import { requestHead } from './request-head.ts'
import type { SocketCall } from './socket-call.ts'
import { CLOSED, WireFault } from './wire-fault.ts'

/** What reads of every plain connection go into: each is taken out of it before the next one comes. */
const SHARED_BUFFER = Buffer.allocUnsafeSlow(64 * 1024)
/** Of TLS: as much as a record holds (RFC 8446 section 5.1). One each, since writing may hand over what had been read. */
const RECORD_BYTES = 16 * 1024
/** That a connection had been closed while it was idle shows within a round trip; later, it was this request's fault. */
const STALE_SHOWS_WITHIN_MS = 1_000

export interface LaneLimits {
  readonly ageMaxMs: number
  readonly idleMaxMs: number
}

export class SocketLane implements Lane<SocketCall>, BatchedWrite {
  readonly connecting: Connecting = { phase: undefined, connectedAt: 0 }
  readonly #pool: EndpointPool<SocketCall>
  readonly #setting: EndpointSetting
  readonly #sessions: Sessions
  readonly #limits: LaneLimits
  readonly #writes: WriteBatch
  readonly #reader = new AnswerReader()
  readonly #onread: OnReadOpts
  #opening: Socket | undefined
  #socket: Socket | undefined
  #call: SocketCall | undefined
  /** The connection has served a request before the one on it. */
  #isUsed = false
  /** The call waits for the end of the turn to be sent; only on a connection that is used again. */
  #isUnsent = false
  #idleUntil = 0
  #sentAt = 0
  /** Read, and not given on while the call is paused. */
  #held: Buffer | undefined
  /** How the connection ended while bytes were held: without an error, or with one. */
  #end: 'closed' | Error | undefined
  #isReading = false
  #isStopped = false

  constructor(
    pool: EndpointPool<SocketCall>,
    setting: EndpointSetting,
    sessions: Sessions,
    limits: LaneLimits,
    writes: WriteBatch,
  ) {
    this.#pool = pool
    this.#setting = setting
    this.#sessions = sessions
    this.#limits = limits
    this.#writes = writes
    const isPlain = setting.connector.tls === undefined
    this.#onread = {
      buffer: isPlain ? SHARED_BUFFER : Buffer.allocUnsafeSlow(RECORD_BYTES),
      callback: (count, buffer) => {
        this.#received(buffer as Buffer, count)
        return true
      },
    }
  }

  get connected(): boolean {
    return this.#socket !== undefined
  }

  isSpent(now: number): boolean {
    const socket = this.#socket
    return (
      socket === undefined ||
      socket.destroyed ||
      now >= this.#idleUntil ||
      now - this.connecting.connectedAt >= this.#limits.ageMaxMs
    )
  }

  start(call: SocketCall): void {
    this.#call = call
    call.given(this)
    if (this.#socket === undefined) return this.#connect()
    this.#isUnsent = true
    this.#writes.add(this)
  }

  writeNow(): void {
    if (!this.#isUnsent) return
    this.#isUnsent = false
    if (this.#call !== undefined && this.#socket !== undefined) this.#send(this.#call, this.#socket)
  }

  destroy(error: Error): Promise<void> {
    this.#opening?.destroy(error)
    if (this.#socket !== undefined) this.#fail(error)
    return Promise.resolve()
  }

  /** That call takes nothing more for now. */
  paused(call: SocketCall): void {
    if (call !== this.#call || this.#isStopped) return
    this.#isStopped = true
    this.#socket?.pause()
  }

  resumed(call: SocketCall): void {
    // In the middle of reading, the loop there goes on by itself.
    if (call !== this.#call || this.#isReading) return
    const held = this.#held
    this.#held = undefined
    if (held !== undefined || this.#reader.ended)
      this.#take(call, held ?? SHARED_BUFFER, held?.length ?? 0, true)
    if (call !== this.#call || call.isPaused) return
    if (this.#end !== undefined) this.#over(this.#end)
    else this.#readOn()
  }

  /** That call is not wanted any more: neither is its connection, unless it is still being made. */
  abandon(call: SocketCall): void {
    if (call !== this.#call) return
    this.#call = undefined
    if (this.#socket === undefined) return
    if (this.#isUnsent) {
      this.#isUnsent = false
      return this.#pool.release(this, true)
    }
    this.#drop()
    this.#pool.releaseGone(this)
  }

  /** The content of that call failed: the upstream must not take the part for the whole. */
  cut(call: SocketCall, error: Error): void {
    if (call === this.#call) this.#fail(error)
  }

  #connect(): void {
    this.#opening = openConnection(
      this.#setting.connector,
      this.#sessions,
      this.connecting,
      (error, socket) => {
        this.#opening = undefined
        if (socket === null) this.#unreachable(error)
        else this.#connected(socket)
      },
      this.#onread,
    )
  }

  #unreachable(error: ConnectError | null): void {
    const call = this.#call
    this.#call = undefined
    this.#pool.unreachable()
    this.#pool.releaseGone(this)
    call?.fail(error ?? new Error('no connection'), error?.phase)
  }

  #connected(socket: Socket): void {
    this.#socket = socket
    this.#isUsed = false
    this.#held = undefined
    this.#end = undefined
    this.#isStopped = false
    socket.on('end', () => this.#ended(socket, 'closed'))
    socket.on('error', (error) => this.#ended(socket, error))
    socket.on('close', () => this.#ended(socket, 'closed'))
    socket.on('drain', () => this.#call?.content?.drained())
    if (this.#call !== undefined) return this.#send(this.#call, socket)
    this.#idleUntil = performance.now() + this.#limits.idleMaxMs
    this.#pool.release(this, false)
  }

  #send(call: SocketCall, socket: Socket): void {
    const head = requestHead(call.request, this.#setting.authority)
    if (head instanceof WireFault) {
      this.#call = undefined
      this.#pool.release(this, true)
      call.fail(head)
      return
    }
    this.#reader.begin(call.request.method)
    this.#sentAt = performance.now()
    call.starts(head)
    socket.write(head.text, 'latin1')
    if (call === this.#call) call.content?.start(socket)
  }

  #received(bytes: Buffer, count: number): void {
    const call = this.#call
    if (call === undefined) return this.#unasked()
    if (this.#isUnsent) return this.#anew()
    if (this.#held !== undefined || call.isPaused) {
      const piece = Buffer.from(bytes.subarray(0, count))
      this.#held = this.#held === undefined ? piece : Buffer.concat([this.#held, piece])
      return
    }
    call.answerBegins()
    this.#take(call, bytes, count, false)
  }

  /** Bytes on a connection that no request is on: they could pass for the answer to the next one. */
  #unasked(): void {
    if (this.#socket === undefined) return
    this.#drop()
    this.#pool.gone(this)
  }

  /** The connection is closed, or not to be trusted, before anything of the request was sent on it. */
  #anew(): void {
    this.#drop()
    this.#connect()
  }

  #take(call: SocketCall, bytes: Buffer, count: number, owned: boolean): void {
    this.#isReading = true
    const used = this.#reader.read(bytes, 0, count, owned, call)
    this.#isReading = false
    if (call !== this.#call) return
    if (this.#reader.fault !== undefined) return this.#failLater(call, this.#reader.fault)
    if (call.isPaused) {
      if (used < count) this.#held = owned ? bytes.subarray(used) : Buffer.from(bytes.subarray(used, count))
    } else if (this.#reader.ended) this.#complete(call, used < count)
    else this.#readOn()
  }

  #readOn(): void {
    if (!this.#isStopped) return
    this.#isStopped = false
    this.#socket?.resume()
  }

  #complete(call: SocketCall, hasSurplus: boolean): void {
    this.#call = undefined
    const { trailers, keeps, keepAliveSeconds } = this.#reader
    const idleMs = Math.min(
      this.#limits.idleMaxMs,
      keepAliveSeconds === -1 ? this.#limits.idleMaxMs : keepAliveSeconds * 1000,
    )
    const isClean = keeps && !hasSurplus && call.isSent && this.#end === undefined
    if (isClean && idleMs > 0 && this.#socket?.writable === true) {
      this.#isUsed = true
      this.#idleUntil = performance.now() + idleMs
      this.#readOn()
      this.#pool.release(this, false)
    } else {
      call.content?.stop()
      this.#drop()
      this.#pool.releaseGone(this)
    }
    call.complete(trailers)
  }

  /** The peer's FIN, an error, or the end of the socket, whichever comes first. */
  #ended(socket: Socket, how: 'closed' | Error): void {
    if (socket !== this.#socket || this.#end !== undefined) return
    const call = this.#call
    if (call === undefined) return this.#unasked()
    if (this.#isUnsent) return this.#anew()
    if (call.isPaused) this.#end = how
    else this.#over(how)
  }

  #over(how: 'closed' | Error): void {
    const call = this.#call
    if (call === undefined) return
    if (how === 'closed' && this.#reader.closed()) {
      this.#end = how
      this.#complete(call, false)
    } else if (this.#isStale(call, how)) {
      this.#drop()
      call.repeats()
      this.#connect()
    } else this.#fail(how === 'closed' ? new WireFault(CLOSED, 'other side closed') : how)
  }

  /** The connection was closed while it was idle, as far as can be known, and nothing is done twice by a second try. */
  #isStale(call: SocketCall, how: 'closed' | Error): boolean {
    return (
      this.#isUsed &&
      !this.#reader.hasBegun &&
      call.isRepeatable &&
      performance.now() - this.#sentAt < STALE_SHOWS_WITHIN_MS &&
      (how === 'closed' || ('code' in how && (how.code === 'ECONNRESET' || how.code === 'EPIPE')))
    )
  }

  /** Ends the connection, and the request on it with this error. */
  #fail(error: Error): void {
    const call = this.#call
    this.#call = undefined
    this.#drop()
    if (call === undefined) return this.#pool.gone(this)
    this.#pool.releaseGone(this)
    call.fail(error)
  }

  /** What came before the fault was good, and goes out before the failure cuts it off. */
  #failLater(call: SocketCall, fault: WireFault): void {
    this.#call = undefined
    this.#drop()
    this.#pool.releaseGone(this)
    setImmediate(() => call.fail(fault))
  }

  #drop(): void {
    const socket = this.#socket
    this.#socket = undefined
    this.#held = undefined
    this.#isUnsent = false
    socket?.destroy()
  }
}
