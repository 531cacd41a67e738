// A client's connection: the exchanges that live on it, and whether it has been refused. node:http goes on emitting
// requests that were pipelined behind a refused one; whoever holds this says no to them.

import type { Socket } from 'node:net'
import type { RejectionReason } from '../errors/rejections.ts'
import type { Peer } from './peer.ts'

/** What a connection needs of an exchange. */
export interface LiveExchange {
  /** The content of its request has arrived whole. */
  readonly contentComplete: boolean
  /** The client has sent FIN or the socket is gone. */
  clientGone(socketClosed: boolean): void
  /** The parser has found its content broken. */
  reject(reason: RejectionReason): void
}

export class Connection {
  readonly socket: Socket
  readonly peer: Peer
  readonly #live: LiveExchange[] = []
  /** Framing is lost or an answer said `connection: close`: nothing more is read as a request. */
  refused = false
  /** Given while it is not known whether there is room for this connection: its requests wait for that. */
  admitted: Promise<boolean> | undefined = undefined
  /** Called once when the last live exchange is over: for an answer that must not overtake an earlier one. */
  whenIdle: (() => void) | undefined = undefined

  constructor(socket: Socket, peer: Peer) {
    this.socket = socket
    this.peer = peer
    socket.on('end', () => this.#gone(false))
    socket.on('close', () => this.#gone(true))
  }

  /** The exchange whose request was parsed last. */
  get latest(): LiveExchange | undefined {
    return this.#live[this.#live.length - 1]
  }

  add(exchange: LiveExchange): void {
    this.#live.push(exchange)
  }

  remove(exchange: LiveExchange): void {
    const at = this.#live.indexOf(exchange)
    if (at >= 0) this.#live.splice(at, 1)
    if (this.#live.length > 0 || this.whenIdle === undefined) return
    const then = this.whenIdle
    this.whenIdle = undefined
    then()
  }

  #gone(socketClosed: boolean): void {
    for (const exchange of this.#live.slice()) exchange.clientGone(socketClosed)
  }
}
