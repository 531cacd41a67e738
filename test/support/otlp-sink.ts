// A receiver of OTLP traces inside the test's own process: http/protobuf, http/json and grpc, each on a port of
// its own. It can also play the Collector that refuses, hangs or resets. Must never change what it received.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { decodeTraces } from './otlp-protobuf.ts'
import { flattenSpans, type JsonTraces, type ReceivedSpan } from './received-span.ts'
import { seeSpan } from './registry/watch.ts'
import { waitUntil } from './wait-until.ts'

/** `refuse` answers 503 (grpc: UNAVAILABLE), `hang` never answers, `reset` resets the connection. */
export type SinkBehaviour = 'accept' | 'refuse' | 'hang' | 'reset'

/** Of the gateway's own exporter. What comes from a Collector has been changed on its way. */
const GATEWAY = /^OTel-OTLP-Exporter-JavaScript\//

export interface SinkOptions {
  /** Variables limit the attributes of the gateway that sends here: they may be cut or missing. */
  readonly limited?: boolean
}

export class OtlpSink implements AsyncDisposable {
  /** How the next exports are met; may be changed at any time. */
  behaviour: SinkBehaviour = 'accept'
  /** Export requests that arrived whole, whatever became of them. */
  exports = 0
  readonly received: ReceivedSpan[] = []
  httpUrl = ''
  grpcUrl = ''
  readonly #limited: boolean
  readonly #sockets = new Set<Socket>()
  readonly #http = createServer((request, response) => void this.#answerHttp(request, response))
  readonly #grpc = createHttp2Server()

  constructor({ limited = false }: SinkOptions = {}) {
    this.#limited = limited
  }

  /** @param httpPort where one ran before; 0: a free one */
  async start(httpPort = 0): Promise<this> {
    this.#grpc.on('stream', (stream, headers) => {
      void this.#answerGrpc(stream as ServerHttp2Stream, headers['user-agent'])
    })
    for (const server of [this.#http, this.#grpc]) {
      server.on('connection', (socket: Socket) => {
        this.#sockets.add(socket)
        socket.on('error', () => undefined).once('close', () => this.#sockets.delete(socket))
      })
      server.listen(server === this.#http ? httpPort : 0, '127.0.0.1')
      await once(server, 'listening')
    }
    this.httpUrl = `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
    this.grpcUrl = `http://127.0.0.1:${(this.#grpc.address() as AddressInfo).port}`
    return this
  }

  /** Waits until at least `count` spans that `predicate` accepts have arrived, and gives all of those. */
  async spans(
    predicate: (span: ReceivedSpan) => boolean,
    { count = 1, timeoutMs = 10_000 }: { count?: number; timeoutMs?: number } = {},
  ): Promise<ReceivedSpan[]> {
    return waitUntil(
      () => {
        const found = this.received.filter(predicate)
        return found.length >= count && found
      },
      () => `${count} spans; there were: ${JSON.stringify(this.received.map((span) => span.name))}`,
      { timeoutMs },
    )
  }

  /** All spans of one trace, once there are `count`. */
  trace(traceId: string, count = 1): Promise<ReceivedSpan[]> {
    return this.spans((span) => span.traceId === traceId, { count })
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(
      [this.#http, this.#grpc].map((server) => new Promise((resolve) => server.close(resolve))),
    )
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #answerHttp(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(request)
    if (body === undefined || !this.#mayAnswer(request.socket)) return
    if (this.behaviour === 'refuse') {
      response.writeHead(503).end()
      return
    }
    const isJson = request.headers['content-type']?.startsWith('application/json') ?? false
    if (request.url === '/v1/traces') {
      const plain = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
      const traces = isJson ? (JSON.parse(plain.toString('utf8')) as JsonTraces) : decodeTraces(plain)
      this.#keep(traces, request.headers['user-agent'])
    }
    response.writeHead(200, { 'content-type': isJson ? 'application/json' : 'application/x-protobuf' })
    response.end(isJson ? '{}' : '')
  }

  async #answerGrpc(stream: ServerHttp2Stream, sender: string | undefined): Promise<void> {
    const body = await readAll(stream)
    const socket = stream.session?.socket
    if (body === undefined || socket === undefined || !this.#mayAnswer(socket)) return
    const refused = this.behaviour === 'refuse'
    if (!refused) this.#keep(decodeTraces(grpcMessage(body)), sender)
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': refused ? '14' : '0' }))
    stream.end(refused ? undefined : Buffer.alloc(5))
  }

  #mayAnswer(socket: { destroy(): void }): boolean {
    this.exports++
    if (this.behaviour === 'hang') return false
    if (this.behaviour !== 'reset') return true
    socket.destroy()
    return false
  }

  #keep(traces: JsonTraces, sender = ''): void {
    const spans = flattenSpans(traces)
    if (GATEWAY.test(sender)) for (const span of spans) seeSpan(span, this.#limited)
    this.received.push(...spans)
  }
}

/** Starts one; stop it with `stop()` or `await using`. @param httpPort of OTLP over HTTP; 0: a free one */
export function startOtlpSink(httpPort = 0, options: SinkOptions = {}): Promise<OtlpSink> {
  return new OtlpSink(options).start(httpPort)
}

/** Undefined where the sender went away in between. */
async function readAll(stream: Readable): Promise<Buffer | undefined> {
  try {
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks)
  } catch {
    return undefined
  }
}

/** One message behind its prefix of a compression flag and four bytes of length. */
function grpcMessage(body: Buffer): Buffer {
  const message = body.subarray(5, 5 + body.readUInt32BE(1))
  return body.readUInt8(0) === 1 ? gunzipSync(message) : message
}
