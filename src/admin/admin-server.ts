// A small HTTP server for pages that operators and probes read: exact paths, bounded in every direction.
// A fault in a page costs a 500 and a log line, never the process; nothing here belongs to the request path of users.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import { listen, type Listening, type ListenPlace } from '../proxy/listen.ts'
import type { LogFields } from '../telemetry/names.ts'
import { type Answer, refusal, writeAnswer } from './answer.ts'
import { announcesBody, BODY_BYTES_MAX, readBody } from './body.ts'
import { refuseMalformed } from './malformed.ts'

const { createServer } = process.getBuiltinModule('node:http')

/** What a page is given; it holds no socket. */
export interface AdminRequest {
  readonly query: URLSearchParams
  /** What stands for the star of the page's path, as sent; empty where it has none. */
  readonly segment: string
  readonly accept: string | undefined
  /** Empty for a GET. */
  readonly body: Buffer
  readonly clientAddress: string
  /** Aborted when the client has left or the server closes. */
  readonly signal: AbortSignal
}

export interface AdminRoute {
  /** A GET page answers HEAD too. */
  readonly method: 'GET' | 'POST'
  /** Compared whole; a last segment that is a star stands for any one that is not empty. */
  readonly path: string
  answer(request: AdminRequest): Answer | Promise<Answer>
}

/** The part of the program's log that admin servers write to. */
export interface AdminLog {
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}

/** PEM; with a `ca`, clients must show a certificate that it signed. */
export interface AdminTls {
  readonly cert: Buffer
  readonly key: Buffer
  readonly ca?: Buffer
}

export interface AdminLimits {
  readonly connectionsMax: number
  /** From the connection to the end of the request's head. */
  readonly headersTimeoutMs: number
  /** From the connection to the end of the request's content. */
  readonly requestTimeoutMs: number
  /** A socket on which nothing moves is closed; longer than the longest profile. */
  readonly idleTimeoutMs: number
  /** How long `close` waits for requests in flight. */
  readonly closeTimeoutMs: number
}

const LIMITS: AdminLimits = {
  connectionsMax: 100,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  idleTimeoutMs: 90_000,
  closeTimeoutMs: 1_000,
}

export interface AdminServerInputs {
  /** For log lines: `metrics`, `profiling`. */
  readonly name: string
  readonly routes: readonly AdminRoute[]
  readonly log: AdminLog
  readonly tls?: AdminTls
  /** Asked before any page, also one that is not there; an answer refuses the request. */
  readonly guard?: (request: IncomingMessage) => Answer | undefined
  readonly limits?: Partial<AdminLimits>
}

export class AdminServer {
  readonly #inputs: AdminServerInputs
  readonly #limits: AdminLimits
  readonly #pages: ReadonlyMap<string, ReadonlyMap<string, AdminRoute>>
  readonly #server: Server | TlsServer
  readonly #closing = new AbortController()

  constructor(inputs: AdminServerInputs) {
    this.#inputs = inputs
    this.#limits = { ...LIMITS, ...inputs.limits }
    this.#pages = pagesOf(inputs.routes)
    this.#server = this.#create()
  }

  /** Opens the port; on failure returns the line that says why. */
  async listen(place: ListenPlace): Promise<Listening> {
    const listening = await listen(this.#server, place)
    if ('port' in listening) {
      this.#server.on('error', (err) =>
        this.#inputs.log.warn({ err, server: this.#inputs.name }, 'Accepting failed'),
      )
    }
    return listening
  }

  /** Puts other certificate files into use for the connections that follow; throws where they do not parse. */
  renewTls(tls: AdminTls): void {
    if ('setSecureContext' in this.#server) this.#server.setSecureContext(tls)
  }

  /** Stops accepting, aborts what runs, gives answers in flight a moment, then closes every connection. */
  async close(): Promise<void> {
    this.#closing.abort()
    if (!this.#server.listening) return
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
    this.#server.closeIdleConnections()
    const cutOff = setTimeout(() => this.#server.closeAllConnections(), this.#limits.closeTimeoutMs)
    await closed
    clearTimeout(cutOff)
  }

  #create(): Server | TlsServer {
    const { tls } = this.#inputs
    const { headersTimeoutMs, requestTimeoutMs, idleTimeoutMs, connectionsMax } = this.#limits
    const options = {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      // Node looks at the two limits above only this often.
      connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs),
    }
    const onRequest = (request: IncomingMessage, response: ServerResponse) => {
      this.#exchange(request, response).catch(() => response.destroy())
    }
    const server =
      tls === undefined
        ? createServer(options, onRequest)
        : createTlsServer(
            { ...options, ...tls, handshakeTimeout: headersTimeoutMs, requestCert: tls.ca !== undefined },
            onRequest,
          )
    server.maxConnections = connectionsMax
    server.setTimeout(idleTimeoutMs)
    server.on('clientError', refuseMalformed)
    return server
  }

  async #exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const left = new AbortController()
    response.once('close', () => left.abort())
    const path = pathOf(request)
    try {
      const answer = await this.#answer(path, request, AbortSignal.any([left.signal, this.#closing.signal]))
      if (announcesBody(request) && !request.complete) response.shouldKeepAlive = false
      await writeAnswer(response, answer)
    } catch (err) {
      if (!isDeparture(err)) await this.#fail(err, path, response)
    }
  }

  async #answer(path: string, request: IncomingMessage, signal: AbortSignal): Promise<Answer> {
    const refused = this.#inputs.guard?.(request)
    if (refused !== undefined) return refused
    const methods = this.#pages.get(path) ?? this.#pages.get(starred(path))
    if (methods === undefined) return this.#notFound()
    const route = methods.get(request.method === 'HEAD' ? 'GET' : (request.method ?? ''))
    if (route === undefined) return wrongMethod([...methods.keys()])
    const body = route.method === 'POST' ? await readBody(request) : Buffer.alloc(0)
    if (body === 'too_large') {
      return refusal(413, 'body_too_large', `The content may have ${BODY_BYTES_MAX} bytes at most.`)
    }
    if (body === 'gone') return refusal(400, 'body_incomplete', 'The content ended before its length.')
    return route.answer({
      query: queryOf(request),
      segment: this.#pages.has(path) ? '' : path.slice(path.lastIndexOf('/') + 1),
      accept: request.headers.accept,
      body,
      clientAddress: request.socket.remoteAddress ?? '',
      signal,
    })
  }

  #notFound(): Answer {
    const paths = [...this.#pages].map(([path, methods]) => ({ path, methods: allowOf([...methods.keys()]) }))
    return refusal(404, 'not_found', 'There is no such page here.', { fields: { paths } })
  }

  async #fail(err: unknown, path: string, response: ServerResponse): Promise<void> {
    const known = [path, starred(path)].find((each) => this.#pages.has(each)) ?? 'unknown'
    this.#inputs.log.error({ err, server: this.#inputs.name, page: known }, 'An admin page failed')
    if (response.headersSent) {
      response.destroy()
      return
    }
    const answer = refusal(500, 'internal_error', 'This page failed; the log of the gateway says why.')
    await writeAnswer(response, answer)
  }
}

/** A client that leaves in the middle of an answer is no fault of the page. */
function isDeparture(err: unknown): boolean {
  return err instanceof Error && 'code' in err && err.code === 'ERR_STREAM_PREMATURE_CLOSE'
}

function pagesOf(routes: readonly AdminRoute[]): ReadonlyMap<string, ReadonlyMap<string, AdminRoute>> {
  const pages = new Map<string, Map<string, AdminRoute>>()
  for (const route of routes) {
    const methods = pages.get(route.path) ?? new Map<string, AdminRoute>()
    methods.set(route.method, route)
    pages.set(route.path, methods)
  }
  return pages
}

function allowOf(methods: readonly string[]): string[] {
  return methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
}

function wrongMethod(methods: readonly string[]): Answer {
  const allow = allowOf(methods).join(', ')
  return refusal(405, 'method_not_allowed', `This page answers ${allow}.`, { headers: { allow } })
}

function pathOf(request: IncomingMessage): string {
  const target = request.url ?? ''
  const end = target.indexOf('?')
  return end === -1 ? target : target.slice(0, end)
}

/** The path with its last segment as a star; itself where that segment is empty. */
function starred(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash === path.length - 1 ? path : `${path.slice(0, slash)}/*`
}

function queryOf(request: IncomingMessage): URLSearchParams {
  const target = request.url ?? ''
  const start = target.indexOf('?')
  return new URLSearchParams(start === -1 ? '' : target.slice(start + 1))
}
