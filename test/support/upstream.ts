// An upstream that does on the wire exactly what a script says, per connection, and records what it received.
// The scripts that most tests need are in upstream-scripts.ts. Must never answer anything that no script said.

import { once } from 'node:events'
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { readContent, readHead, requestFraming, valuesOf, type Content, type Head } from './http-message.ts'
import { waitUntil } from './wait-until.ts'
import { WireReader, type End } from './wire-reader.ts'

export interface UpstreamRequest extends Head, Content {
  readonly method: string
  readonly target: string
  /** First value of that field, or undefined. */
  header(name: string): string | undefined
  headerValues(name: string): string[]
}

/** What one connection does. When it returns, the connection stays open and is read to its end. */
export type Script = (connection: UpstreamConnection) => Promise<void> | void

export interface UpstreamOptions {
  /** Given: HTTPS. All in PEM. `ca` with `requestCert` asks for a client certificate and refuses without one. */
  readonly tls?: {
    readonly certificate: string
    readonly key: string
    readonly ca?: string
    readonly requestCert?: boolean
  }
  readonly host?: string
}

export class UpstreamConnection {
  /** 0 for the first connection that was accepted. */
  readonly index: number
  /** Requests read whole, or as far as they came, in order. */
  readonly requests: UpstreamRequest[] = []
  /** Name that the client asked for by SNI; undefined without TLS or without a name. */
  readonly serverName: string | undefined
  /** Subject's common name of the client certificate, where one was shown. */
  readonly clientName: string | undefined
  readonly socket: Socket
  readonly #raw: Socket
  readonly #reader: WireReader

  constructor(index: number, socket: Socket | TLSSocket, raw: Socket) {
    this.index = index
    this.socket = socket
    this.#raw = raw
    this.#reader = new WireReader(socket)
    if ('encrypted' in socket) {
      this.serverName = socket.servername || undefined
      const commonName = socket.getPeerCertificate()?.subject?.CN
      this.clientName = typeof commonName === 'string' ? commonName : undefined
    }
  }

  /** `open`, or how the gateway ended the connection as far as it is known. */
  get end(): End {
    return this.#reader.end
  }

  get bytesRead(): number {
    return this.#reader.bytesRead
  }

  /** Reads the head of the next request only; undefined where the connection ended. The content stays unread. */
  async readHead(): Promise<Head | undefined> {
    return readHead(this.#reader, NEVER_MS)
  }

  /** Reads the content that belongs to a head from `readHead`, and records the request. */
  async readBody(head: Head, { keepBody = true }: { keepBody?: boolean } = {}): Promise<UpstreamRequest> {
    const content = await readContent(this.#reader, requestFraming(head), { keepBody, timeoutMs: NEVER_MS })
    const [method = '', target = ''] = head.startLine.split(' ')
    const request: UpstreamRequest = {
      ...head,
      ...content,
      method,
      target,
      header: (name) => valuesOf(head.rawHeaders, name)[0],
      headerValues: (name) => valuesOf(head.rawHeaders, name),
    }
    this.requests.push(request)
    return request
  }

  /** Reads and records the next request; undefined where the connection ended before its head was whole. */
  async readRequest(options: { keepBody?: boolean } = {}): Promise<UpstreamRequest | undefined> {
    const head = await this.readHead()
    return head === undefined ? undefined : this.readBody(head, options)
  }

  /** Writes bytes (text is latin1); false where the connection is gone. Waits until the system has taken them. */
  write(bytes: string | Uint8Array): Promise<boolean> {
    return new Promise((resolve) => {
      const buffer = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
      this.socket.write(buffer, (error) => resolve(error === undefined || error === null))
    })
  }

  /** Sends a FIN behind what was written. */
  fin(): void {
    this.socket.end()
  }

  /** Ends the connection with a RST, under TLS too. */
  reset(): void {
    this.#raw.resetAndDestroy()
  }

  /** Reads and throws away until the gateway ends the connection; gives how. */
  async untilEnded(): Promise<End> {
    await this.#reader.readToEnd(() => undefined, NEVER_MS)
    return this.#reader.end
  }
}

export class Upstream implements AsyncDisposable {
  readonly port: number
  /** With scheme and port, without a slash at the end. */
  readonly url: string
  readonly connections: UpstreamConnection[] = []
  /** What TLS handshakes failed with. */
  readonly tlsErrors: string[] = []
  /** What a script threw; `stop()` throws the first of these. */
  readonly scriptErrors: Error[] = []
  readonly sockets = new Set<Socket>()
  readonly #server: Server

  constructor(server: Server, scheme: string, host: string) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    this.url = `${scheme}://${host}:${this.port}`
  }

  /** Every request of every connection, by connection and then in order. */
  get requests(): UpstreamRequest[] {
    return this.connections.flatMap((connection) => connection.requests)
  }

  /** Waits for the connection with that index to be there. */
  connection(index: number): Promise<UpstreamConnection> {
    return waitUntil(() => this.connections[index], `connection ${index} to the upstream`)
  }

  /** Waits for the request with that index, over all connections, to have been read. */
  request(index: number): Promise<UpstreamRequest> {
    return waitUntil(() => this.requests[index], `request ${index} at the upstream`)
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.sockets) socket.destroy()
    await closed
    const [error] = this.scriptErrors
    if (error !== undefined) throw error
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/** Long enough for any test: whether a silence is too long is decided by the test, not by the upstream. */
const NEVER_MS = 600_000

/**
 * Starts an upstream. One script serves every connection; of several, each serves one, and the last all that follow.
 */
export async function startUpstream(
  scripts: Script | readonly [Script, ...Script[]],
  { tls, host = '127.0.0.1' }: UpstreamOptions = {},
): Promise<Upstream> {
  const list = typeof scripts === 'function' ? [scripts] : scripts
  const server =
    tls === undefined
      ? createTcpServer({ allowHalfOpen: true, noDelay: true })
      : createTlsServer({
          cert: tls.certificate,
          key: tls.key,
          ca: tls.ca,
          requestCert: tls.requestCert ?? false,
          rejectUnauthorized: tls.requestCert ?? false,
        })
  server.listen(0, host)
  await once(server, 'listening')
  const upstream = new Upstream(server, tls === undefined ? 'http' : 'https', host)
  const rawByPort = new Map<number | undefined, Socket>()

  const serve = (socket: Socket | TLSSocket, raw: Socket): void => {
    const connection = new UpstreamConnection(upstream.connections.length, socket, raw)
    const script = list[Math.min(connection.index, list.length - 1)]
    upstream.connections.push(connection)
    void run(script, connection).catch((error: unknown) => upstream.scriptErrors.push(error as Error))
  }
  server.on('connection', (raw: Socket) => {
    upstream.sockets.add(raw)
    const { remotePort } = raw
    rawByPort.set(remotePort, raw)
    raw.on('error', () => undefined)
    raw.once('close', () => {
      upstream.sockets.delete(raw)
      rawByPort.delete(remotePort)
    })
    if (tls === undefined) serve(raw, raw)
  })
  server.on('secureConnection', (socket: TLSSocket) =>
    serve(socket, rawByPort.get(socket.remotePort) ?? socket),
  )
  server.on('tlsClientError', (error: Error) => upstream.tlsErrors.push(error.message))
  return upstream
}

async function run(script: Script | undefined, connection: UpstreamConnection): Promise<void> {
  await script?.(connection)
  const end = await connection.untilEnded()
  if (end === 'fin') connection.fin()
}
