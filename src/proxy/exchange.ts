// One request and its answer, with the snapshot that it is pinned to. Its steps, in the order of the body below:
//   1 admit: what HTTP refuses ends here        2 pin the current snapshot, decide
//   3 plugins onRequest                         4 a failure that was compiled, a mock, or
//   5 forward (forward.ts streams both ways)    6 plugins onResponse
//   7 finish: respond.ts writes error bodies, telemetry/record.ts the signals, once
// No promise unless a plugin returns one. Nothing here throws on a request's account; what throws is our bug: code 01.

import type { ServerResponse, IncomingMessage } from 'node:http'
import { failure, type Failure } from '../errors/failure.ts'
import { rejectionOf, type RejectionReason } from '../errors/rejections.ts'
import { decide, type Decision } from '../decide.ts'
import { ResponseView } from '../plugins/response-view.ts'
import { ExchangeRecord } from '../telemetry/exchange-record.ts'
import { admit, type Admitted } from './admit.ts'
import type { Connection, LiveExchange } from './connection.ts'
import type { Timed } from './deadlines.ts'
import { describeRequest } from './describe-request.ts'
import { type ExchangeServices, roomForRequest } from './exchange-services.ts'
import { CONTINUE_WAIT_MS, Expectation } from './expectation.ts'
import { Forward } from './forward.ts'
import { Linger } from './linger.ts'
import { mockAnswer } from './mock.ts'
import { PluginSteps, type PluginVerdict } from './plugin-steps.ts'
import type { RequestBodyEvents } from './request-body.ts'
import { headerValue, traceFields } from './request-headers.ts'
import { failureAnswer, rejectionAnswer, writeAnswer } from './respond.ts'
import { CORRELATION_HEADER } from './response-headers.ts'

const NO_FIELDS: readonly string[] = []

export class Exchange implements Timed, RequestBodyEvents, LiveExchange {
  deadlineAt = 0
  deadlinePlace = -1
  readonly record = new ExchangeRecord()
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly #services: ExchangeServices
  readonly #connection: Connection
  #admitted: Admitted | undefined
  #plugins: PluginSteps | undefined
  #forward: Forward | undefined
  #linger: Linger | undefined
  #expectation: Expectation | undefined
  #over = false

  constructor(services: ExchangeServices, connection: Connection, req: IncomingMessage, res: ServerResponse) {
    this.#services = services
    this.#connection = connection
    this.req = req
    this.res = res
  }

  /** Runs the exchange up to the point where it waits for something. */
  run(): void {
    this.#services.load.requests += 1
    this.#services.recorder.inFlight(1)
    this.#services.deadlines.add(this)
    this.#connection.add(this)
    try {
      this.#begin()
    } catch (error) {
      this.fail(failure('internal_error', 'the gateway has a bug', error))
    }
  }

  #begin(): void {
    // 1 admit
    const { req, record } = this
    const admitted = admit(
      {
        method: req.method ?? '',
        target: req.url ?? '',
        httpVersion: req.httpVersion,
        rawHeaders: req.rawHeaders,
      },
      this.#services.options['server.max_header_count'],
    )
    const head = typeof admitted === 'string' ? undefined : admitted
    describeRequest(record, req, head, this.#connection.peer, this.#services.trusted)
    const { traceparent, tracestate } = traceFields(req.rawHeaders)
    this.#services.recorder.begin(record, traceparent, tracestate)
    if (typeof admitted === 'string') return this.reject(admitted)
    this.#admitted = admitted
    if (admitted.expectsContinue) this.#expectation = new Expectation(this.res)
    const room = roomForRequest(this.#services)
    if (room === true) return this.#decide(admitted)
    const settle = (given: boolean): void =>
      given && !this.#over ? this.#decide(admitted) : this.reject('overloaded_requests')
    if (room === false) settle(room)
    else void this.#guarded(room.then(settle))
  }

  #decide(admitted: Admitted): void {
    const { req, res, record } = this
    const bytesMax = this.#services.options['server.max_body_bytes']
    if (bytesMax > 0 && admitted.contentLength > bytesMax) return this.reject('body_too_large')
    if (admitted.path === '*') {
      record.status = 204
      res.writeHead(204, [
        CORRELATION_HEADER,
        record.traceId,
        'allow',
        'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
      ])
      res.end()
      return
    }
    // 2 pin and decide
    const snapshot = this.#services.current.snapshot
    record.snapshot = snapshot
    const decision = decide(snapshot, {
      method: req.method ?? '',
      path: admitted.path,
      host: admitted.host,
      header: (name) => headerValue(req.rawHeaders, name.toLowerCase()),
    })
    record.route = decision.route
    // 3 plugins onRequest
    if (
      decision.route === undefined ||
      decision.route.plugins.length === 0 ||
      decision.route.invalid !== undefined
    ) {
      return this.#settle(decision)
    }
    this.#plugins = new PluginSteps(this.#services, decision.route, record, decision.targetPath)
    const verdict = this.#plugins.onRequest()
    if (verdict instanceof Promise) {
      void this.#guarded(verdict.then((settled) => this.#afterPlugins(settled, decision)))
    } else this.#afterPlugins(verdict, decision)
  }

  #afterPlugins(verdict: PluginVerdict, decision: Decision): void {
    if (this.#over) return
    if (verdict === undefined) return this.#settle(decision)
    if (verdict.type === 'failure') return this.fail(verdict.failure)
    const body = Buffer.from(verdict.answer.body)
    const headers = [...verdict.answer.headers]
    if (verdict.answer.status !== 204 && verdict.answer.status !== 304) {
      headers.push('content-length', String(body.length))
    }
    this.#answer({ status: verdict.answer.status, headers, body })
  }

  /** Steps 4 to 6, once plugins let the request pass. */
  #settle(decision: Decision): void {
    const { outcome } = decision
    // 4 a compiled failure, or a mock
    if (outcome.type === 'failed') return this.fail(outcome.failure)
    const admitted = this.#admitted
    if (admitted === undefined) return
    if (outcome.type === 'answer' || !this.#services.transport.isEndToEnd) this.#expectation?.meet()
    if (outcome.type === 'answer') return this.#mock(mockAnswer(outcome.route))
    // 5 forward
    const plan = {
      upstream: outcome,
      path: decision.targetPath + admitted.search,
      rawHeaders: this.#plugins?.request.headers() ?? this.req.rawHeaders,
      plugins: this.#plugins,
      hop: {
        peer: this.#connection.peer,
        authority: admitted.authority,
        httpVersion: this.record.httpVersion,
      },
      contentLength: admitted.contentLength,
      expectsContinue: this.#expectation?.isWaiting === true,
      cardinality: decision.cardinality,
    }
    this.touch()
    this.#forward = new Forward(this, this.#services, plan)
    this.#forward.start()
  }

  #mock(answer: { status: number; headers: string[]; body: Buffer }): void {
    const changed = this.runResponsePlugins(answer.status, answer.headers)
    if (changed instanceof Promise) {
      void this.#guarded(
        changed.then((settled) => {
          if (settled !== undefined) this.#answer({ ...settled, body: answer.body })
        }),
      )
    } else if (changed !== undefined) this.#answer({ ...changed, body: answer.body })
  }

  /**
   * Step 6. Status and headers as the plugins left them; undefined where one of them failed, which has then been
   * answered.
   */
  runResponsePlugins(
    status: number,
    headers: string[],
  ): ResponseParts | undefined | Promise<ResponseParts | undefined> {
    if (this.#plugins === undefined) return { status, headers }
    const view = new ResponseView(status, headers)
    const verdict = this.#plugins.onResponse(view)
    const settle = (settled: PluginVerdict): ResponseParts | undefined => {
      if (this.#over) return undefined
      if (settled === undefined) return { status: view.status, headers: [...view.headers()] }
      if (settled.type === 'failure') this.fail(settled.failure)
      return undefined
    }
    return verdict instanceof Promise ? verdict.then(settle) : settle(verdict)
  }

  /** Writes the head of a good answer. */
  writeHead(status: number, statusText: string, headers: string[]): void {
    this.record.status = status
    this.record.respondedAt = performance.now()
    headers.push(CORRELATION_HEADER, this.record.traceId, ...(this.#plugins?.answerFields ?? NO_FIELDS))
    if (this.#services.load.draining) headers.push('connection', 'close')
    // Without a 100 node:http closes, since content may still come: not where it has come.
    else if (this.#expectation?.isMet === false && this.req.complete && this.res.shouldKeepAlive) {
      headers.push('connection', 'keep-alive')
    }
    if (statusText === '') this.res.writeHead(status, headers)
    else this.res.writeHead(status, statusText, headers)
  }

  /** Ends a good answer; waits a little for content that the client is still sending, so that it is not reset. */
  endResponse(lastLatin1?: string): void {
    this.deadlineAt = 0
    if (this.contentComplete) {
      if (lastLatin1 === undefined) this.res.end()
      else this.res.end(lastLatin1, 'latin1')
      return
    }
    if (lastLatin1 === undefined) this.res.flushHeaders()
    else this.res.write(lastLatin1, 'latin1')
    this.#lingering()
  }

  /** Step 7 for a failure: the answer of its code, or a reset where the head has gone out already. */
  fail(reason: Failure): void {
    if (this.#over || this.record.outcome !== 'ok') return
    this.record.outcome = 'error'
    this.record.failure = reason
    this.#forward?.abort()
    if (this.res.headersSent) {
      this.record.truncated = true
      this.#reset()
      return
    }
    this.#write(failureAnswer(reason, this.#services.answers, this.#frame(false)))
  }

  /** Step 7 for what HTTP refuses. */
  reject(reason: RejectionReason): void {
    if (this.#over || this.record.outcome !== 'ok') return
    this.record.outcome = 'rejected'
    const rejection = rejectionOf(reason)
    this.record.rejection = rejection
    if (rejection.closes) this.#connection.refused = true
    this.#forward?.abort()
    if (this.res.headersSent) {
      this.record.truncated = true
      this.#reset()
      return
    }
    this.#write(rejectionAnswer(rejection, this.#services.answers, this.#frame(rejection.closes)))
  }

  get contentComplete(): boolean {
    const admitted = this.#admitted
    return this.req.complete || admitted?.contentLength === 0 || this.#expectation?.isWaiting === true
  }

  /** The upstream wants the content, or says nothing about it. */
  continueClient(): void {
    this.#expectation?.meet()
  }

  /** The client waits to be asked for its content, and the upstream has not said whether it is to be. */
  get #awaitsContinue(): boolean {
    return this.#expectation?.isWaiting === true && this.#forward?.awaitsHead === true
  }

  /** Something has moved: the deadline of whoever is awaited now starts anew. */
  touch(): void {
    const { options } = this.#services
    const awaitsClient = this.#forward?.awaitsClient === true
    const limitMs = awaitsClient ? options['server.body_timeout'] : options['proxy.upstream_timeout']
    this.deadlineAt =
      performance.now() + (this.#awaitsContinue ? Math.min(CONTINUE_WAIT_MS, limitMs) : limitMs)
  }

  expired(): void {
    if (this.#linger !== undefined) return this.#linger.stop()
    if (this.res.writableNeedDrain) return this.clientGone(true)
    if (this.#forward === undefined) return
    if (this.#awaitsContinue) {
      this.continueClient()
      return this.touch()
    }
    if (this.#forward.awaitsClient) return this.reject('request_timeout')
    const reason = this.#forward.deadlineFailure()
    this.#forward.failAttempt(reason)
  }

  cutOff(): void {
    this.reject('shutting_down')
  }

  bodyProgress(bytes: number): void {
    this.record.bytesIn += bytes
    if (bytes > 0 && this.#expectation !== undefined) this.#expectation.isPassedOver = true
    this.#bodyMoved()
  }

  bodyBlocked(): void {
    this.#bodyMoved()
  }

  bodyTooLarge(): void {
    this.reject('body_too_large')
  }

  bodyComplete(rawTrailers: readonly string[]): readonly string[] {
    this.#bodyMoved()
    return rawTrailers.length === 0 ? NO_FIELDS : (this.#forward?.requestTrailers(rawTrailers) ?? NO_FIELDS)
  }

  /** Until there is a connection, nothing that the client sends gives the upstream more time to take it. */
  #bodyMoved(): void {
    if (this.#forward?.connected === true) this.touch()
  }

  /** A FIN counts as going away: whoever has closed its side gets nothing more. */
  clientGone(socketClosed: boolean): void {
    if (this.#over || (this.res.writableEnded && !socketClosed)) return
    if (this.record.outcome === 'ok' && !this.res.writableFinished) this.record.outcome = 'client_closed'
    this.#plugins?.clientGone()
    this.#forward?.abort()
    if (!socketClosed || !this.#connection.socket.destroyed) this.#connection.socket.destroy()
    this.finish()
  }

  /** Step 7, once: every signal of this request. */
  finish(): void {
    if (this.#over) return
    this.#over = true
    if (this.record.outcome === 'ok' && !this.res.writableFinished) this.record.outcome = 'client_closed'
    this.record.endedAt = performance.now()
    this.#linger?.stop()
    this.#forward?.abort()
    this.#services.deadlines.delete(this)
    this.#services.load.requests -= 1
    this.#services.recorder.inFlight(-1)
    this.#services.recorder.finish(this.record)
    this.#connection.remove(this)
  }

  /** Frame of an answer of ours: closes where framing is lost, and where `100-continue` was expected and not given. */
  #frame(close: boolean): { traceId: string; close: boolean } {
    const unanswered = this.#expectation?.isMet === false
    return { traceId: this.record.traceId, close: close || unanswered || this.#services.load.draining }
  }

  #answer(answer: { status: number; headers: string[]; body: Buffer }): void {
    if (this.#over) return
    answer.headers.push(CORRELATION_HEADER, this.record.traceId)
    if (this.#frame(false).close) answer.headers.push('connection', 'close')
    this.#write(answer)
  }

  #write(answer: { status: number; headers: string[]; body: Buffer }): void {
    this.deadlineAt = 0
    this.record.status = answer.status
    this.record.respondedAt = performance.now()
    if (this.#plugins !== undefined) answer.headers.push(...this.#plugins.answerFields)
    const end = this.contentComplete
    this.record.bytesOut = writeAnswer(this.res, answer, end)
    if (!end) this.#lingering()
  }

  #lingering(): void {
    this.#linger = new Linger(this.req, this.res)
    this.deadlineAt = this.#linger.deadlineAt
  }

  #reset(): void {
    const { socket } = this.#connection
    if ('encrypted' in socket) socket.destroy()
    else socket.resetAndDestroy()
    this.finish()
  }

  async #guarded(step: Promise<void>): Promise<void> {
    try {
      await step
    } catch (error) {
      this.fail(failure('internal_error', 'the gateway has a bug', error))
    }
  }
}

interface ResponseParts {
  readonly status: number
  readonly headers: string[]
}
