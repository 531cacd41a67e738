// The listeners of the data path: node:http and node:https with this gateway's limits, and an exchange for each request.
// It must never answer on its own where an earlier answer is still due on the same connection.

import type { IncomingMessage, Server, ServerOptions } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Socket } from 'node:net'
import type { SecureContextOptions, TlsOptions } from 'node:tls'
import { rejectionOf, type RejectionReason } from '../errors/rejections.ts'
import { ExchangeRecord } from '../telemetry/exchange-record.ts'
import { Connection } from './connection.ts'
import { Exchange } from './exchange.ts'
import type { ExchangeServices } from './exchange-services.ts'
import { GatewayRequest } from './gateway-request.ts'
import { parserRejection } from './parser-errors.ts'
import { peerOf } from './peer.ts'
import { answerBytes, rejectionAnswer } from './respond.ts'

const { createServer, ServerResponse } = process.getBuiltinModule('node:http')

/** A response that knows its exchange: one listener function serves all of them. */
class GatewayResponse extends ServerResponse {
  exchange: Exchange | undefined = undefined
}

function onResponseClose(this: GatewayResponse): void {
  this.exchange?.finish()
}

/** Certificate options of an HTTPS listener; absent: plain HTTP. */
export type ListenerTls = SecureContextOptions & TlsOptions

/** Makes a listener; the caller listens and closes. */
export function createListener(services: ExchangeServices, tls?: ListenerTls): Server {
  const { options } = services
  const settings: ServerOptions<typeof GatewayRequest, typeof GatewayResponse> = {
    IncomingMessage: GatewayRequest,
    ServerResponse: GatewayResponse,
    maxHeaderSize: options['server.max_header_bytes'],
    keepAliveTimeout: options['server.idle_timeout'],
    headersTimeout: options['server.header_timeout'],
    // Content is timed by progress, not as a whole: a large upload is not an attack.
    requestTimeout: 0,
    connectionsCheckingInterval: 1000,
    noDelay: true,
    requireHostHeader: false,
  }
  const server =
    tls === undefined
      ? createServer(settings)
      : createSecureServer({ ...settings, ...tls, handshakeTimeout: 10_000 })
  // Counted by us: beyond Node's own limit fields would be lost silently.
  server.maxHeadersCount = 0
  new Door(services).attach(server, tls === undefined ? 'connection' : 'secureConnection')
  return server
}

/** Everything that comes in through one listener. */
class Door {
  readonly #services: ExchangeServices
  readonly #connections = new WeakMap<Socket, Connection>()

  constructor(services: ExchangeServices) {
    this.#services = services
  }

  attach(server: Server, connectionEvent: 'connection' | 'secureConnection'): void {
    const onRequest = (req: IncomingMessage, res: InstanceType<typeof ServerResponse>): void =>
      this.#request(req, res as GatewayResponse)
    server.on(connectionEvent, (socket: Socket) => this.#connected(socket))
    server.on('request', onRequest)
    server.on('checkContinue', onRequest)
    server.on('checkExpectation', onRequest)
    server.on('connect', (req: IncomingMessage, socket: Socket) =>
      this.#refuse(socket, 'method_not_allowed', req),
    )
    server.on('clientError', (error: Error, socket: Socket) => this.#parserError(error, socket))
  }

  #connected(socket: Socket): void {
    const { load, more, trusted } = this.#services
    const connection = new Connection(socket, peerOf(socket, trusted))
    this.#connections.set(socket, connection)
    load.connections += 1
    socket.on('close', () => {
      load.connections -= 1
    })
    if (load.connections <= load.connectionsMax) return
    const place = more?.('connections')
    if (place === undefined) return this.#overloaded(connection)
    connection.admitted = place.then((given) => {
      connection.admitted = undefined
      if (!given && !socket.destroyed) this.#overloaded(connection)
      return given
    })
  }

  #overloaded(connection: Connection): void {
    connection.refused = true
    this.#refuse(connection.socket, 'overloaded_connections')
  }

  #request(req: IncomingMessage, res: GatewayResponse): void {
    const connection = this.#connections.get(req.socket)
    // node:http emits what was pipelined behind a refused request; it was never asked to be served.
    if (connection === undefined || connection.refused) return
    if (connection.admitted !== undefined) {
      void connection.admitted.then(() => this.#request(req, res))
      return
    }
    const exchange = new Exchange(this.#services, connection, req, res)
    res.exchange = exchange
    res.on('close', onResponseClose)
    exchange.run()
  }

  #parserError(error: Error, socket: Socket): void {
    const reason = parserRejection(error)
    const connection = this.#connections.get(socket)
    if (reason === undefined || connection === undefined || !socket.writable) {
      socket.destroy()
      return
    }
    if (connection.refused) return
    connection.refused = true
    const live = connection.latest
    if (live === undefined) return this.#refuse(socket, reason)
    // Inside the content of the latest request the error is that request's; behind it, it must not overtake its answer.
    if (live.contentComplete) connection.whenIdle = () => this.#refuse(socket, reason)
    else live.reject(reason)
  }

  /** Answers on the bare socket and closes it, with every signal that a request would have had. */
  #refuse(socket: Socket, reason: RejectionReason, req?: IncomingMessage): void {
    const { recorder, answers } = this.#services
    const record = new ExchangeRecord()
    const rejection = rejectionOf(reason)
    record.startedAt = performance.now()
    record.method = req?.method ?? ''
    const peer = this.#connections.get(socket)?.peer ?? peerOf(socket, this.#services.trusted)
    record.scheme = peer.scheme
    record.peerAddress = peer.address
    record.clientAddress = peer.address
    record.peerPort = peer.port
    record.outcome = 'rejected'
    record.rejection = rejection
    record.snapshot = this.#services.current.snapshot
    recorder.begin(record, undefined, undefined)
    const answer = rejectionAnswer(rejection, answers, { traceId: record.traceId, close: true })
    record.status = answer.status
    record.bytesOut = answer.body.length
    socket.on('error', () => socket.destroy())
    socket.end(answerBytes(answer), () => socket.destroySoon())
    record.respondedAt = performance.now()
    record.endedAt = record.respondedAt
    recorder.finish(record)
  }
}
