// What an admin handler returns, and the one place that writes it to a socket.
// Every answer is uncacheable and never sniffed; this file must never put an exception's text into one.

import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { jsonText } from '../telemetry/visible-text.ts'

interface AnswerHead {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
}

/** A value to print as JSON, a finished text, or bytes as they come. */
export type Answer =
  | (AnswerHead & { readonly json: unknown })
  | (AnswerHead & { readonly contentType: string; readonly body: string })
  | (AnswerHead & { readonly contentType: string; readonly stream: Readable })

/** An answer that tells what was wrong: `{ "error": reason, "message": ..., ...more }`. */
export function refusal(
  status: number,
  error: string,
  message: string,
  more: { readonly fields?: object; readonly headers?: Readonly<Record<string, string>> } = {},
): Answer {
  const json = { error, message, ...more.fields }
  return more.headers === undefined ? { status, json } : { status, json, headers: more.headers }
}

/** Writes an answer; resolves when it is handed over, rejects where its stream fails or the client leaves. */
export async function writeAnswer(response: ServerResponse, answer: Answer): Promise<void> {
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value)
  response.setHeader('cache-control', 'no-store')
  response.setHeader('x-content-type-options', 'nosniff')
  response.statusCode = answer.status
  if ('stream' in answer) {
    response.setHeader('content-type', answer.contentType)
    if (response.req.method === 'HEAD') {
      // What is made while it is sent need not be made for a head (RFC 9110 section 9.3.2).
      answer.stream.destroy()
      response.end()
      return
    }
    await pipeline(answer.stream, response)
    return
  }
  const body = 'json' in answer ? `${jsonText(answer.json, 2)}\n` : answer.body
  response.setHeader('content-type', 'json' in answer ? 'application/json' : answer.contentType)
  response.setHeader('content-length', Buffer.byteLength(body))
  response.end(body)
}
