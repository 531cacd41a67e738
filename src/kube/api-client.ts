// Requests to the API server, on undici. What goes wrong is returned, never thrown: an answer with its status, or
// `unreachable` with why. It retries nothing; that is the caller's matter. Bodies are bounded.

import { Agent, type Dispatcher, ProxyAgent, request as undiciRequest } from 'undici'
import type { Access, Credentials } from './access.ts'

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the server's address, with its slash. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: unknown
  /** Default application/json. */
  readonly contentType?: string
  readonly signal?: AbortSignal
}

export interface Answer {
  readonly type: 'answer'
  readonly status: number
  /** The parsed body; undefined where it is no JSON. */
  readonly body: unknown
  /** What `Retry-After` asks for; 0 where absent. */
  readonly retryAfterMs: number
}

export interface Unreachable {
  readonly type: 'unreachable'
  /** One line. */
  readonly why: string
}

/** A body that goes on: each chunk as it comes. Whoever takes it must read it to its end or abort the request. */
export interface Stream {
  readonly type: 'stream'
  readonly chunks: AsyncIterable<Buffer>
}

const BODY_BYTES_MAX = 256 * 1024 * 1024
const CREDENTIALS_TIMEOUT_MS = 30_000
const RETRY_AFTER_MS_MAX = 60_000
const WHY_LENGTH_MAX = 500

/** How long nothing may come. What is streamed has no limit here: whoever reads it knows what is usual. */
export interface ApiClientTiming {
  readonly headTimeoutMs: number
  readonly bodyTimeoutMs: number
}

const TIMING: ApiClientTiming = { headTimeoutMs: 30_000, bodyTimeoutMs: 30_000 }

export class ApiClient {
  readonly #access: Access
  readonly #timing: ApiClientTiming
  #dispatcher: Dispatcher | undefined
  #dispatcherKey = ''

  constructor(access: Access, timing: ApiClientTiming = TIMING) {
    this.#access = access
    this.#timing = timing
  }

  /** One request and its whole answer, whatever its status. */
  async request(request: ApiRequest): Promise<Answer | Unreachable> {
    const opened = await this.#open(request)
    if (opened.type === 'unreachable') return opened
    return this.#answerOf(opened.response)
  }

  /** Opens a stream; an answer with another status than 200 is read whole. */
  async stream(request: ApiRequest): Promise<Stream | Answer | Unreachable> {
    const opened = await this.#open(request)
    if (opened.type === 'unreachable') return opened
    const { response } = opened
    if (response.statusCode !== 200) return this.#answerOf(response)
    return { type: 'stream', chunks: response.body }
  }

  /** Ends every connection at once; what runs fails. */
  async close(): Promise<void> {
    await this.#dispatcher?.destroy()
  }

  async #open(
    request: ApiRequest,
  ): Promise<{ readonly type: 'opened'; readonly response: Dispatcher.ResponseData } | Unreachable> {
    const { method, path, query, body, contentType = 'application/json', signal } = request
    try {
      const credentials = await withinLimit(this.#access.credentials())
      const response = await undiciRequest(`${this.#access.server}${path}${queryText(query)}`, {
        method,
        dispatcher: this.#dispatcherFor(credentials),
        headers: {
          ...credentials.headers,
          accept: 'application/json',
          'user-agent': 'kanali',
          ...(body !== undefined && { 'content-type': contentType }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        headersTimeout: this.#timing.headTimeoutMs,
        bodyTimeout: 0,
        signal: signal ?? null,
      })
      return { type: 'opened', response }
    } catch (error) {
      return { type: 'unreachable', why: whyOf(error) }
    }
  }

  async #answerOf({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Answer | Unreachable> {
    if (statusCode === 401) this.#access.renew()
    const parts: Buffer[] = []
    let bytes = 0
    const { bodyTimeoutMs } = this.#timing
    const idle = setTimeout(
      () => body.destroy(new Error(`the answer stood still for ${bodyTimeoutMs} ms`)),
      bodyTimeoutMs,
    )
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        idle.refresh()
        bytes += chunk.length
        if (bytes > BODY_BYTES_MAX) {
          body.destroy()
          return { type: 'unreachable', why: `the answer has more than ${BODY_BYTES_MAX} bytes` }
        }
        parts.push(chunk)
      }
    } catch (error) {
      return { type: 'unreachable', why: whyOf(error) }
    } finally {
      clearTimeout(idle)
    }
    const text = Buffer.concat(parts).toString('utf8')
    return {
      type: 'answer',
      status: statusCode,
      body: parseJson(text),
      retryAfterMs: retryAfterMs(headers['retry-after']),
    }
  }

  /** The same for as long as TLS material and proxy are the same: tokens change far more often. */
  #dispatcherFor({ tls, proxy }: Credentials): Dispatcher {
    const key = JSON.stringify([proxy, Object.entries(tls).map(([name, value]) => [name, String(value)])])
    if (this.#dispatcher !== undefined && key === this.#dispatcherKey) return this.#dispatcher
    // Watches under way end with their server-side timeout; what is new goes over new connections.
    this.#dispatcher?.close().catch(() => undefined)
    const connect = { ...tls, keepAlive: true, keepAliveInitialDelay: 30_000 } as const
    const limits = { allowH2: false, pipelining: 1 } as const
    this.#dispatcher =
      proxy === undefined
        ? new Agent({ ...limits, connect })
        : new ProxyAgent({ ...limits, uri: proxy, requestTls: connect })
    this.#dispatcherKey = key
    return this.#dispatcher
  }
}

/** What the server says of a failure (a Status object), for a log line or a condition; bounded. */
export function statusText({ status, body }: Answer): string {
  const message = (body as { message?: unknown } | undefined)?.message
  return typeof message === 'string' ? `${status}: ${message.slice(0, 500)}` : String(status)
}

function queryText(query: ApiRequest['query'] = {}): string {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined)
  if (entries.length === 0) return ''
  return `?${new URLSearchParams(entries.map(([name, value]) => [name, String(value)])).toString()}`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Seconds, or a date (RFC 9110 section 10.2.3); bounded, for a server must not be able to silence the gateway. */
function retryAfterMs(value: string | string[] | undefined): number {
  const text = typeof value === 'string' ? value.trim() : ''
  if (text === '') return 0
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return Number.isNaN(ms) ? 0 : Math.min(RETRY_AFTER_MS_MAX, Math.max(0, ms))
}

async function withinLimit(credentials: Promise<Credentials>): Promise<Credentials> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`credentials did not come within ${CREDENTIALS_TIMEOUT_MS} ms`))
    }, CREDENTIALS_TIMEOUT_MS)
  })
  try {
    return await Promise.race([credentials, late])
  } finally {
    clearTimeout(timer)
  }
}

function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : ''
  return `${error.message.split('\n', 1)[0]?.slice(0, WHY_LENGTH_MAX) || error.name}${code}`
}
