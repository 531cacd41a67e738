// HTTP/1.1 messages as they are on the wire: heads taken apart without normalising a byte, content by its framing.
// It believes what it reads: judging whether a message is right is the test's part.

import { createHash, type Hash } from 'node:crypto'
import type { WireReader } from './wire-reader.ts'

export type Field = readonly [name: string, value: string]
export type Framing =
  | { type: 'none' }
  | { type: 'length'; bytes: number }
  | { type: 'chunked' }
  | { type: 'close' }

export interface Head {
  /** Every byte of the head as latin1, with the empty line. */
  readonly head: string
  readonly startLine: string
  /** In order, names as written; values without the white space around them. */
  readonly rawHeaders: readonly Field[]
}

export interface Content {
  /** Empty where `keepBody` was false. */
  readonly body: Buffer
  readonly bodyBytes: number
  /** Hex. */
  readonly sha256: string
  readonly framing: Framing['type']
  readonly chunkSizes: readonly number[]
  readonly trailers: readonly Field[]
  /** False where the connection ended before the framing's end; always true for `close` that ended by a FIN. */
  readonly complete: boolean
}

/** Reads the next head; undefined where the connection ended before it was whole. */
export async function readHead(reader: WireReader, timeoutMs?: number): Promise<Head | undefined> {
  const bytes = await reader.readThrough('\r\n\r\n', timeoutMs)
  if (bytes === undefined) return undefined
  const head = bytes.toString('latin1')
  const [startLine = '', ...lines] = head.slice(0, -4).split('\r\n')
  return { head, startLine, rawHeaders: lines.map(field) }
}

/** Reads the content that follows a head. Large contents: `keepBody: false` counts and hashes only. */
export async function readContent(
  reader: WireReader,
  framing: Framing,
  { keepBody = true, timeoutMs }: { keepBody?: boolean; timeoutMs?: number | undefined } = {},
): Promise<Content> {
  const tally = new Tally(keepBody)
  const add = (chunk: Buffer): void => tally.add(chunk)
  const chunkSizes: number[] = []
  let trailers: readonly Field[] = []
  let complete = true
  if (framing.type === 'length') {
    complete = await reader.readBytes(framing.bytes, add, timeoutMs)
  } else if (framing.type === 'close') {
    await reader.readToEnd(add, timeoutMs)
    complete = reader.end === 'fin'
  } else if (framing.type === 'chunked') {
    const end = await readChunks(reader, add, chunkSizes, timeoutMs)
    complete = end !== undefined
    trailers = end ?? []
  }
  return { ...tally.result(), framing: framing.type, chunkSizes, trailers, complete }
}

/** The values of every field of that name, whatever its case. */
export function valuesOf(fields: readonly Field[], name: string): string[] {
  const wanted = name.toLowerCase()
  return fields.filter(([each]) => each.toLowerCase() === wanted).map(([, value]) => value)
}

/** RFC 9112, 6.3, for a request. */
export function requestFraming(head: Head): Framing {
  return declaredFraming(head.rawHeaders) ?? { type: 'none' }
}

/** RFC 9112, 6.3, for the answer to a request with that method. */
export function responseFraming(head: Head, status: number, method: string): Framing {
  const hasNoContent = method === 'HEAD' || status < 200 || status === 204 || status === 304
  if (hasNoContent) return { type: 'none' }
  return declaredFraming(head.rawHeaders) ?? { type: 'close' }
}

function declaredFraming(fields: readonly Field[]): Framing | undefined {
  const codings = valuesOf(fields, 'transfer-encoding').join(',').toLowerCase()
  if (codings !== '') return codings.endsWith('chunked') ? { type: 'chunked' } : { type: 'close' }
  const length = valuesOf(fields, 'content-length').at(0)
  return length === undefined ? undefined : { type: 'length', bytes: Number(length) }
}

/** The trailers, or undefined where the content broke off or a chunk is malformed. */
async function readChunks(
  reader: WireReader,
  add: (chunk: Buffer) => void,
  chunkSizes: number[],
  timeoutMs: number | undefined,
): Promise<readonly Field[] | undefined> {
  for (;;) {
    const line = await reader.readThrough('\r\n', timeoutMs)
    const size = Number.parseInt(line?.toString('latin1') ?? '', 16)
    if (Number.isNaN(size)) return undefined
    if (size === 0) return readTrailers(reader, timeoutMs)
    if (!(await reader.readBytes(size, add, timeoutMs))) return undefined
    chunkSizes.push(size)
    if ((await reader.readThrough('\r\n', timeoutMs))?.length !== 2) return undefined
  }
}

async function readTrailers(reader: WireReader, timeoutMs?: number): Promise<readonly Field[] | undefined> {
  const trailers: Field[] = []
  for (;;) {
    const line = await reader.readThrough('\r\n', timeoutMs)
    if (line === undefined) return undefined
    if (line.length === 2) return trailers
    trailers.push(field(line.toString('latin1').slice(0, -2)))
  }
}

function field(line: string): Field {
  const colon = line.indexOf(':')
  return colon < 0
    ? [line, '']
    : [line.slice(0, colon), line.slice(colon + 1).replaceAll(/^[ \t]+|[ \t]+$/g, '')]
}

class Tally {
  readonly #keep: boolean
  readonly #chunks: Buffer[] = []
  readonly #hash: Hash = createHash('sha256')
  #bytes = 0

  constructor(keep: boolean) {
    this.#keep = keep
  }

  add(chunk: Buffer): void {
    this.#bytes += chunk.length
    this.#hash.update(chunk)
    if (this.#keep) this.#chunks.push(Buffer.from(chunk))
  }

  result(): { body: Buffer; bodyBytes: number; sha256: string } {
    return { body: Buffer.concat(this.#chunks), bodyBytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }
}
