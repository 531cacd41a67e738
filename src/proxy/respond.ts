// The only writer of the gateway's own error answers: bodies of the contract for codes, HTTP's own for what is refused.
// A reason or a detail never reaches a client from here.

import type { ServerResponse } from 'node:http'
import type { Failure } from '../errors/failure.ts'
import { CHALLENGE, guardOf } from '../errors/guard-of.ts'
import type { Rejection } from '../errors/rejections.ts'
import { CORRELATION_HEADER } from './response-headers.ts'

const { STATUS_CODES } = process.getBuiltinModule('node:http')

/** What an answer of ours needs beside its cause. */
export interface AnswerFrame {
  readonly traceId: string
  /** The connection is closed after this answer. */
  readonly close: boolean
}

/** Prepared bodies of the fifteen codes, and whether clients are told more by Proxy-Status. */
export interface ErrorAnswers {
  readonly bodyOf: (code: number) => Buffer
  readonly proxyStatus: boolean
}

/** Head and body of a failure's answer (error contract). */
export function failureAnswer(failure: Failure, answers: ErrorAnswers, frame: AnswerFrame) {
  const body = answers.bodyOf(failure.fact.code)
  const headers = baseHeaders(body.length, frame)
  if (failure.fact.status === 401) headers.push('www-authenticate', CHALLENGE[guardOf(failure.fact.reason)])
  if (answers.proxyStatus) headers.push('proxy-status', `kanali; error=${failure.fact.proxyStatus}`)
  return { status: failure.fact.status, headers, body }
}

/** Head and body of the answer to what HTTP refuses. */
export function rejectionAnswer(rejection: Rejection, answers: ErrorAnswers, frame: AnswerFrame) {
  const body = Buffer.from(JSON.stringify({ status: rejection.status, message: rejection.means }))
  const headers = baseHeaders(body.length, frame)
  if (rejection.status === 405) headers.push('allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS')
  if (rejection.status === 503) headers.push('retry-after', '1')
  if (answers.proxyStatus) headers.push('proxy-status', 'kanali; error=http_request_error')
  return { status: rejection.status, headers, body }
}

/** Writes a whole answer; returns the bytes of content that go out. */
export function writeAnswer(
  res: ServerResponse,
  answer: { readonly status: number; readonly headers: string[]; readonly body: Buffer },
  end: boolean,
): number {
  res.writeHead(answer.status, answer.headers)
  if (end) res.end(answer.body)
  else res.write(answer.body)
  return res.req.method === 'HEAD' ? 0 : answer.body.length
}

/** The same answer as bytes for a socket on which there is no request that the parser would give a response to. */
export function answerBytes(answer: {
  readonly status: number
  readonly headers: string[]
  readonly body: Buffer
}): Buffer {
  let head = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\n`
  for (let at = 0; at < answer.headers.length; at += 2)
    head += `${answer.headers[at]}: ${answer.headers[at + 1]}\r\n`
  return Buffer.concat([
    Buffer.from(`${head}date: ${new Date().toUTCString()}\r\n\r\n`, 'latin1'),
    answer.body,
  ])
}

function baseHeaders(length: number, frame: AnswerFrame): string[] {
  const headers = ['content-type', 'application/json', 'content-length', String(length)]
  headers.push(CORRELATION_HEADER, frame.traceId)
  if (frame.close) headers.push('connection', 'close')
  return headers
}
