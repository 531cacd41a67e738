// A client that sends the bytes it is given and shows what came back as it came: for tests of what is on the wire.
// One connection, any number of requests on it. Must never normalise, retry or hide anything.

import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { readContent, readHead, responseFraming, valuesOf, type Content, type Head } from './http-message.ts'
import { WireReader, type End } from './wire-reader.ts'

export interface RawResponse extends Head, Content {
  /** Such as `HTTP/1.1`. */
  readonly version: string
  readonly status: number
  readonly reasonPhrase: string
  /** Heads of the 1xx answers that came before. */
  readonly informational: readonly (Head & { readonly status: number })[]
  /** The body as UTF-8. */
  readonly text: string
  /** First value of that field, or undefined. */
  header(name: string): string | undefined
  headerValues(name: string): string[]
}

export interface ResponseOptions {
  /** Method of the request that is answered; decides on the content of the answer. Default GET. */
  readonly method?: string
  /** False for large contents: only counted and hashed. */
  readonly keepBody?: boolean
  /** Longest silence. Default 20 s. */
  readonly timeoutMs?: number
}

export class HttpConnection implements AsyncDisposable {
  readonly socket: Socket
  readonly #reader: WireReader

  constructor(socket: Socket) {
    this.socket = socket
    this.#reader = new WireReader(socket)
  }

  /** Writes bytes (text is latin1) and waits until they are handed to the system or the connection is gone. */
  send(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (typeof bytes === 'string') this.socket.write(bytes, 'latin1', () => resolve())
      else this.socket.write(bytes, () => resolve())
    })
  }

  /** Reads one head and nothing behind it, such as that of a 100; throws where the connection ends before it is whole. */
  async head(timeoutMs?: number): Promise<Head & { readonly status: number }> {
    const head = await readHead(this.#reader, timeoutMs)
    if (head === undefined) throw new Error(`the connection ended (${this.end}) before the head of an answer`)
    return { ...head, status: Number(head.startLine.slice(9, 12)) }
  }

  /**
   * Reads the next final answer, with the 1xx ones before it. An answer that breaks off has `complete: false`.
   * Throws where the connection ends before a whole head.
   */
  async response(options: ResponseOptions = {}): Promise<RawResponse> {
    const informational: (Head & { status: number })[] = []
    for (;;) {
      const { status, ...head } = await this.head(options.timeoutMs)
      const isFinal = status >= 200 || status === 101
      if (!isFinal) {
        informational.push({ ...head, status })
        continue
      }
      const framing = responseFraming(head, status, options.method ?? 'GET')
      return rawResponse(head, status, await readContent(this.#reader, framing, options), informational)
    }
  }

  /** Sends a request made by `requestBytes` and reads its answer. */
  async request(
    method: string,
    target: string,
    options: RequestOptions & ResponseOptions = {},
  ): Promise<RawResponse> {
    await this.send(requestBytes(method, target, options))
    return this.response({ ...options, method })
  }

  /** `open`, or how the connection ended as far as it is known. */
  get end(): End {
    return this.#reader.end
  }

  /** Reads on until the other side ends the connection; gives how, and the bytes that came before. */
  async ended(timeoutMs?: number): Promise<{ end: End; rest: Buffer; errorCode: string | undefined }> {
    const chunks: Buffer[] = []
    await this.#reader.readToEnd((chunk) => chunks.push(chunk), timeoutMs)
    return { end: this.#reader.end, rest: Buffer.concat(chunks), errorCode: this.#reader.errorCode }
  }

  /** Half-close: a FIN is sent, answers can still be read. */
  fin(): void {
    this.socket.end()
  }

  /** Ends the connection with a RST (plain TCP only). */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  async close(): Promise<void> {
    if (this.socket.closed) return
    const closed = once(this.socket, 'close')
    this.socket.destroy()
    await closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

export interface ConnectOptions {
  readonly host?: string
  /** Given: TLS with these options (`ca`, `servername`, `cert`, `key`, ...). */
  readonly tls?: ConnectionOptions
}

/** Connects, with TLS up to the end of the handshake; rejects where that fails. */
export async function connectHttp(
  port: number,
  { host = '127.0.0.1', tls }: ConnectOptions = {},
): Promise<HttpConnection> {
  const socket: Socket | TLSSocket =
    tls === undefined
      ? connectTcp({ port, host, allowHalfOpen: true, noDelay: true })
      : connectTls({ port, host, ...tls })
  await once(socket, tls === undefined ? 'connect' : 'secureConnect')
  return new HttpConnection(socket)
}

/** One request on a connection of its own, which is closed afterwards. */
export async function httpRequest(
  port: number,
  method: string,
  target: string,
  options: RequestOptions & ResponseOptions & ConnectOptions = {},
): Promise<RawResponse> {
  await using connection = await connectHttp(port, options)
  return await connection.request(method, target, options)
}

export interface RequestOptions {
  /** Sent as given, after Host; an own `host` takes the place of the default one (`localhost`). */
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [string, string])[]
  /** Sent with Content-Length, unless the headers frame it themselves. */
  readonly body?: string | Uint8Array
}

/** The bytes of an ordinary HTTP/1.1 request. */
export function requestBytes(
  method: string,
  target: string,
  { headers = {}, body }: RequestOptions = {},
): Buffer {
  const fields = Array.isArray(headers) ? [...(headers as [string, string][])] : Object.entries(headers)
  if (valuesOf(fields, 'host').length === 0) fields.unshift(['host', 'localhost'])
  const content = Buffer.from(body ?? '')
  const isFramed =
    valuesOf(fields, 'content-length').length + valuesOf(fields, 'transfer-encoding').length > 0
  if (body !== undefined && !isFramed) fields.push(['content-length', String(content.length)])
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([
    Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'),
    content,
  ])
}

function rawResponse(
  head: Head,
  status: number,
  content: Content,
  informational: RawResponse['informational'],
): RawResponse {
  return {
    ...head,
    ...content,
    version: head.startLine.slice(0, 8),
    status,
    reasonPhrase: head.startLine.slice(13),
    informational,
    text: content.body.toString('utf8'),
    header: (name) => valuesOf(head.rawHeaders, name)[0],
    headerValues: (name) => valuesOf(head.rawHeaders, name),
  }
}
