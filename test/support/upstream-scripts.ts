// Ready-made scripts for the upstream simulator, and the bytes of answers. Each is a plain function over the
// connection: a test that needs another behaviour writes its own.

import type { Field } from './http-message.ts'
import type { Script, UpstreamRequest } from './upstream.ts'

export interface AnswerParts {
  readonly status?: number
  readonly reasonPhrase?: string
  /** Sent in order, as given. */
  readonly headers?: readonly Field[]
  readonly body?: string | Uint8Array
  /** Sends the body in chunks of these sizes (the rest as one), instead of with Content-Length. */
  readonly chunkSizes?: readonly number[]
  /** Sent behind the last chunk; makes the answer chunked. */
  readonly trailers?: readonly Field[]
  /** Status codes of empty 1xx answers before the final one. */
  readonly informational?: readonly number[]
}

/** The bytes of an answer; without parts a 200 with the body `ok`. 1xx, 204 and 304 get no framing of their own. */
export function answerBytes(parts: AnswerParts = {}): Buffer {
  const { status = 200, reasonPhrase = 'Said', headers = [], informational = [] } = parts
  const hasContent = status >= 200 && status !== 204 && status !== 304
  const body = hasContent ? Buffer.from(parts.body ?? 'ok') : Buffer.alloc(0)
  const isChunked = parts.chunkSizes !== undefined || parts.trailers !== undefined
  const framing: Field = isChunked
    ? ['transfer-encoding', 'chunked']
    : ['content-length', String(body.length)]
  const before = informational.map((code) => `HTTP/1.1 ${code} Said\r\n\r\n`).join('')
  const head = `HTTP/1.1 ${status} ${reasonPhrase}\r\n${lines(hasContent ? [...headers, framing] : headers)}\r\n`
  return Buffer.concat([
    Buffer.from(before + head, 'latin1'),
    isChunked && hasContent ? chunked(body, parts.chunkSizes ?? [], parts.trailers ?? []) : body,
  ])
}

type Answer = Uint8Array | string | ((request: UpstreamRequest) => Uint8Array | string)

/** Answers every request, once it was read whole, with these bytes; connections are kept open. */
export function answers(answer: Answer = answerBytes()): Script {
  return async (connection) => {
    for (;;) {
      const request = await connection.readRequest()
      if (request === undefined || !request.complete) return
      await connection.write(typeof answer === 'function' ? answer(request) : answer)
    }
  }
}

/** Reads a request, writes the first `count` bytes of the answer, then ends the connection. */
export function cutsAfter(
  count: number,
  how: 'fin' | 'reset' = 'fin',
  bytes: Uint8Array = answerBytes(),
): Script {
  return async (connection) => {
    await connection.readRequest()
    await connection.write(bytes.subarray(0, count))
    if (how === 'fin') connection.fin()
    else connection.reset()
  }
}

/** Reads requests, and never says anything. */
export function neverAnswers(): Script {
  return async (connection) => {
    for (;;) if ((await connection.readRequest()) === undefined) return
  }
}

/** Writes the first `count` bytes of the answer and then nothing more; the connection stays open. */
export function stallsAfter(count: number, bytes: Uint8Array = answerBytes()): Script {
  return async (connection) => {
    await connection.readRequest()
    await connection.write(bytes.subarray(0, count))
  }
}

/** Resets each connection, at once or when the head of a request is there. */
export function resets(when: 'at once' | 'after the head' = 'at once'): Script {
  return async (connection) => {
    if (when === 'after the head') await connection.readHead()
    connection.reset()
  }
}

/** Takes the head of a request and reads none of its content. */
export function readsOnlyTheHead(): Script {
  return async (connection) => {
    await connection.readHead()
    await new Promise((resolve) => connection.socket.once('close', resolve))
  }
}

/** Writes bytes as soon as someone connects, before any request. */
export function speaksFirst(bytes: string | Uint8Array): Script {
  return async (connection) => {
    await connection.write(bytes)
  }
}

/** Sends the answer in pieces of `pieceBytes`, one each `everyMs`. */
export function drips(bytes: Uint8Array, pieceBytes: number, everyMs: number): Script {
  return async (connection) => {
    if ((await connection.readRequest()) === undefined) return
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      if (!(await connection.write(bytes.subarray(at, at + pieceBytes)))) return
      await new Promise((resolve) => setTimeout(resolve, everyMs))
    }
  }
}

/** Answers each request with that many zero bytes, as fast as the gateway takes them; nothing is kept in memory. */
export function sendsZeros(totalBytes: number, pieceBytes = 65_536): Script {
  const piece = Buffer.alloc(pieceBytes)
  return async (connection) => {
    while ((await connection.readRequest({ keepBody: false })) !== undefined) {
      await connection.write(`HTTP/1.1 200 Said\r\ncontent-length: ${totalBytes}\r\n\r\n`)
      for (let left = totalBytes; left > 0; left -= pieceBytes) {
        if (!(await connection.write(piece.subarray(0, Math.min(left, pieceBytes))))) return
      }
    }
  }
}

function chunked(body: Buffer, sizes: readonly number[], trailers: readonly Field[]): Buffer {
  const parts: Buffer[] = []
  let at = 0
  for (const size of [...sizes, body.length]) {
    const piece = body.subarray(at, at + size)
    at += piece.length
    if (piece.length === 0) continue
    parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from(`0\r\n${lines(trailers)}\r\n`, 'latin1')])
}

function lines(fields: readonly Field[]): string {
  return fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
}
