// Steps 5 and 6 of an exchange: sends the request to one endpoint and streams the answer back, with backpressure both
// ways. It writes good answers only; every failure goes to the exchange, which alone decides what the client sees.

import type { Endpoint, Upstream } from '../snapshot/snapshot.ts'
import type { Attempt } from '../telemetry/exchange-record.ts'
import { failure, type Failure } from '../errors/failure.ts'
import { classify, timedOut } from './classify.ts'
import type { Exchange } from './exchange.ts'
import type { ExchangeServices } from './exchange-services.ts'
import type { PluginSteps } from './plugin-steps.ts'
import { RequestBody } from './request-body.ts'
import { headerList, requestHeaders, type Hop } from './request-headers.ts'
import {
  CARDINALITY_HEADER,
  informationalHeaders,
  responseHead,
  type ResponseHead,
} from './response-headers.ts'
import { announcedTrailers, passedTrailers, requestTrailerTest, responseTrailerTest } from './trailers.ts'
import { pickEndpoint } from './upstream/pick-endpoint.ts'
import type { Call, TransportFault, UpstreamEvents } from './upstream/transport.ts'
import type { BatchedWrite } from './write-batch.ts'

/** Content of up to this many bytes that comes in one turn with its head leaves in one write with it. */
const ONE_WRITE_BYTES_MAX = 16 * 1024

const NO_TRAILERS: readonly string[] = []

/** What is forwarded. */
export interface ForwardPlan {
  readonly upstream: Upstream
  /** Path and query. */
  readonly path: string
  /** The client's fields, as plugins left them. */
  readonly rawHeaders: readonly string[]
  readonly plugins: PluginSteps | undefined
  readonly hop: Hop
  readonly contentLength: number
  /** The client waits for a 100 of the upstream. */
  readonly expectsContinue: boolean
  /** Services found by dynamic discovery, where they were several; else 0. */
  readonly cardinality: number
}

export class Forward implements UpstreamEvents, BatchedWrite {
  readonly #exchange: Exchange
  readonly #services: ExchangeServices
  readonly #plan: ForwardPlan
  readonly #endpoint: Endpoint
  readonly #attempt: Attempt
  /** A connection has been given to the request. */
  connected = false
  #body: RequestBody | undefined
  #call: Call | undefined
  #status = 0
  #statusText = ''
  #head: ResponseHead | undefined
  /** As plugins left them. */
  #headers: string[] = []
  /** Response plugins are done: the head may go out. */
  #ready = false
  #sent = false
  /** Content that came before the head was sent. */
  #held: Buffer | undefined
  #trailers = NO_TRAILERS
  /** All has come. */
  #complete = false
  /** Given up, or all has been handed over. */
  #ended = false

  constructor(exchange: Exchange, services: ExchangeServices, plan: ForwardPlan) {
    this.#exchange = exchange
    this.#services = services
    this.#plan = plan
    const endpoint = pickEndpoint(plan.upstream, services.transport)
    this.#endpoint = endpoint
    this.#attempt = {
      endpoint: endpoint.host.includes(':')
        ? `[${endpoint.host}]:${endpoint.port}`
        : `${endpoint.host}:${endpoint.port}`,
      host: endpoint.host,
      port: endpoint.port,
      scheme: plan.upstream.scheme,
      path: plan.path,
      startedAt: performance.now(),
      headAt: 0,
      endedAt: 0,
      status: 0,
      failure: undefined,
      span: undefined,
      spanOpen: false,
      spanId: '',
    }
  }

  /** Dispatches; callbacks may come before this returns. */
  start(): void {
    const plan = this.#plan
    const { req, record } = this.#exchange
    record.attempt = this.#attempt
    const headers = requestHeaders(plan.rawHeaders, plan.hop, plan.contentLength, this.#services.headerRules)
    headers.push('traceparent', this.#services.recorder.beginAttempt(record, this.#attempt))
    if (record.tracestate !== '') headers.push('tracestate', record.tracestate)
    if (plan.contentLength === -1) this.#announceTrailers(headers)
    if (plan.expectsContinue) headers.push('expect', '100-continue')
    if (plan.contentLength !== 0) {
      this.#body = new RequestBody(req, this.#services.options['server.max_body_bytes'], this.#exchange)
    }
    const call = this.#services.transport.dispatch(
      plan.upstream,
      this.#endpoint,
      { method: req.method ?? 'GET', path: plan.path, headers, body: this.#body },
      this,
    )
    this.#call = call
    if (call === undefined) {
      this.failAttempt(
        failure(
          'connection_limit',
          `${this.#attempt.endpoint}: every connection is busy and the queue is full`,
        ),
      )
    }
  }

  /** Those of the request's trailers that go on. */
  requestTrailers(rawTrailers: readonly string[]): readonly string[] {
    const { options, transport, headerRules } = this.#services
    const { record } = this.#exchange
    if (rawTrailers.length / 2 > options['server.max_header_count']) {
      record.requestTrailersDropped = true
      this.#exchange.reject('too_many_headers')
      return NO_TRAILERS
    }
    const passed = transport.isEndToEnd
      ? passedTrailers(rawTrailers, requestTrailerTest(this.#plan, headerRules))
      : NO_TRAILERS
    record.requestTrailersDropped = passed.length < rawTrailers.length
    return passed
  }

  /** The upstream has a connection, and has not begun its answer. */
  get awaitsHead(): boolean {
    return this.connected && this.#attempt.headAt === 0
  }

  /** True while the only thing awaited is content that the client has not sent. */
  get awaitsClient(): boolean {
    return (
      this.#body !== undefined && !this.#body.blocked && this.awaitsHead && !this.#exchange.contentComplete
    )
  }

  /** The failure of a deadline that passed now. */
  deadlineFailure(): Failure {
    const limit = this.#services.options['proxy.upstream_timeout']
    return timedOut(this.#call?.phase ?? 'pending', this.#attempt.endpoint, limit)
  }

  /** Ends the attempt where it is still going on: client gone, deadline, failure elsewhere. */
  abort(): void {
    this.#ended = true
    this.#call?.abort()
    this.#body?.destroy()
    this.closeAttempt()
  }

  /** Writes the attempt's span; once. */
  closeAttempt(): void {
    if (this.#attempt.endedAt !== 0) return
    this.#attempt.endedAt = performance.now()
    this.#services.recorder.endAttempt(this.#exchange.record, this.#attempt)
  }

  started(): void {
    if (this.connected) this.#attempt.resends = (this.#attempt.resends ?? 0) + 1
    this.connected = true
    this.#exchange.touch()
  }

  informational(status: number, rawHeaders: string[]): void {
    // A 100 is for who asked for it and may be thrown away by all others (RFC 9110 section 15.2.1), some of which fail on it.
    if (status === 100) this.#exchange.continueClient()
    else if (this.#exchange.record.httpVersion === '1.1') {
      this.#exchange.res.writeInformation(status, informationalHeaders(rawHeaders))
    }
    this.#exchange.touch()
  }

  head(status: number, statusText: string, rawHeaders: string[]): void {
    this.#attempt.headAt = performance.now()
    this.#attempt.status = status
    this.#exchange.touch()
    const head = responseHead(rawHeaders, '1.1', status === 204)
    if (head.unframeable) {
      this.#call?.abort()
      this.failAttempt(
        failure(
          'response_unframeable',
          `${this.#attempt.endpoint}: the answer's transfer coding is not chunked`,
        ),
      )
      return
    }
    const { cardinality } = this.#plan
    if (cardinality > 1) head.headers.push(CARDINALITY_HEADER, String(cardinality))
    this.#status = status
    this.#statusText = statusText
    this.#head = head
    const settled = this.#exchange.runResponsePlugins(status, head.headers)
    if (!(settled instanceof Promise)) {
      this.#settle(settled)
      return
    }
    this.#call?.pause()
    void settled.then((changed) => {
      if (this.#ended) return
      this.#settle(changed)
      this.#call?.resume()
    })
  }

  /** The head goes out, with what there is of the content. */
  writeNow(): void {
    if (this.#sent || this.#ended || !this.#ready) return
    this.#sendHead()
    const held = this.#held
    this.#held = undefined
    if (held !== undefined && this.#complete && this.#head?.contentLength === held.length) {
      // A string joins the head in one write; a buffer would make two parts.
      this.#ended = true
      this.#exchange.endResponse(held.toString('latin1'))
      return
    }
    if (held !== undefined) this.#write(held)
    if (this.#complete) this.#end()
    else if (held === undefined) this.#exchange.res.flushHeaders()
  }

  data(chunk: Buffer): void {
    this.#exchange.touch()
    this.#exchange.record.bytesOut += chunk.length
    if (this.#sent) return this.#write(chunk)
    this.#held = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk])
    if (this.#held.length > ONE_WRITE_BYTES_MAX) this.writeNow()
  }

  ended(rawTrailers: string[]): void {
    this.closeAttempt()
    this.#body?.destroy()
    if (this.#ended) return
    this.#complete = true
    this.#trailers = rawTrailers
    if (this.#sent) this.#end()
  }

  failed(fault: TransportFault): void {
    // What came before it was good.
    if (this.#held !== undefined) this.writeNow()
    this.failAttempt(classify(fault, this.#attempt.endpoint))
  }

  #write(chunk: Buffer): void {
    const { res } = this.#exchange
    if (res.write(chunk)) return
    this.#call?.pause()
    res.once('drain', () => {
      this.#exchange.touch()
      this.#call?.resume()
    })
  }

  #end(): void {
    this.#ended = true
    if (this.#trailers.length > 0) {
      const passed = passedTrailers(this.#trailers, responseTrailerTest(this.#head?.named))
      this.#exchange.res.addTrailers(pairs(passed))
    }
    this.#exchange.endResponse()
  }

  /** Ends the attempt with a failure, and with it the exchange. */
  failAttempt(reason: Failure): void {
    this.#attempt.failure = reason
    this.#body?.destroy()
    this.closeAttempt()
    if (this.#ended) return
    this.#ended = true
    this.#exchange.fail(reason)
  }

  /** `changed`: status and headers as plugins left them; undefined where a plugin ended the exchange. */
  #settle(changed: { readonly status: number; readonly headers: string[] } | undefined): void {
    if (changed === undefined || this.#head === undefined) return
    if (changed.status !== this.#status) this.#statusText = ''
    this.#status = changed.status
    this.#headers = changed.headers
    this.#ready = true
    this.#services.writes.add(this)
  }

  #sendHead(): void {
    this.#sent = true
    if (this.#head !== undefined && this.#head.trailer !== '' && this.#isSentInChunks(this.#head)) {
      const names = announcedTrailers(this.#head.trailer, responseTrailerTest(this.#head.named))
      if (names !== '') this.#headers.push('trailer', names)
    }
    this.#exchange.writeHead(this.#status, this.#statusText, this.#headers)
  }

  /** Only then can anything stand behind the content; node:http refuses to announce it otherwise. */
  #isSentInChunks(head: ResponseHead): boolean {
    const { req, record } = this.#exchange
    const hasContent = req.method !== 'HEAD' && this.#status !== 204 && this.#status !== 304
    return hasContent && head.contentLength === -1 && record.httpVersion === '1.1'
  }

  #announceTrailers(headers: string[]): void {
    const { transport, headerRules } = this.#services
    const announced = headerList(this.#plan.rawHeaders, 'trailer')
    if (announced === '' || !transport.isEndToEnd) return
    const names = announcedTrailers(announced, requestTrailerTest(this.#plan, headerRules))
    if (names !== '') headers.push('trailer', names)
  }
}

function pairs(raw: readonly string[]): [string, string][] {
  const list: [string, string][] = []
  for (let at = 0; at < raw.length; at += 2) list.push([raw[at] ?? '', raw[at + 1] ?? ''])
  return list
}
