// Reads the lines of one segment from its file, a block at a time, and says of each whether it is whole. It reads files
// that another process is writing: what has no line feed yet is no line yet.

import { closeSync, constants, openSync, readSync } from 'node:fs'
import path from 'node:path'
import { NO_LINKS } from './folder.ts'
import { unframe, unframeThrough } from './frame.ts'
import type { JournalLine } from './record.ts'
import type { PassedOver, Sieve } from './sieve.ts'

export interface ReadLine<T> {
  /** Where it begins, in bytes. */
  readonly offset: number
  /** Where it ends, behind its line feed. */
  readonly end: number
  /** Undefined where it is damaged. */
  readonly value: T | undefined
  /** False for what stands behind the last line feed. */
  readonly terminated: boolean
}

const BLOCK_BYTES = 256 * 1024
const LF = 0x0a
/** A longer line is damaged: a record is at most this long. */
export const LINE_BYTES_MAX = 256 * 1024 * 1024

/** How a line that is no record begins, behind its checksum and length. */
const OTHER_LINE = '{"type"'
const OTHER_LINE_WITHIN = 32

/** All lines from an offset, at which a line must begin. Throws where the file cannot be opened. */
export function readLines(
  folder: string,
  name: string,
  sieve?: Sieve,
): Generator<ReadLine<JournalLine | PassedOver>> {
  return read(folder, name, new Rest(0, false, unframing(sieve)))
}

/** The same without the head and the checkpoint, which are passed over without a look. */
export function readRecordLines(
  folder: string,
  name: string,
  from: number,
  sieve?: Sieve,
): Generator<ReadLine<JournalLine | PassedOver>> {
  return read(folder, name, new Rest(from, true, unframing(sieve)))
}

function unframing(sieve: Sieve | undefined): (line: Buffer) => JournalLine | PassedOver | undefined {
  return sieve === undefined ? unframe : (line) => unframeThrough(line, sieve)
}

function* read<T>(folder: string, name: string, rest: Rest<T>): Generator<ReadLine<T>> {
  const descriptor = openSync(path.join(folder, name), constants.O_RDONLY | NO_LINKS)
  try {
    yield* linesOf(descriptor, rest)
  } finally {
    closeSync(descriptor)
  }
}

function* linesOf<T>(descriptor: number, rest: Rest<T>): Generator<ReadLine<T>> {
  let position = rest.offset
  for (;;) {
    const block = Buffer.allocUnsafe(BLOCK_BYTES)
    const read = readSync(descriptor, block, 0, BLOCK_BYTES, position)
    if (read === 0) break
    position += read
    let start = 0
    for (;;) {
      const end = block.subarray(0, read).indexOf(LF, start)
      if (end === -1) break
      const line = rest.line(block.subarray(start, end))
      if (line !== undefined) yield line
      start = end + 1
    }
    rest.push(block.subarray(start, read))
  }
  const last = rest.unterminated()
  if (last !== undefined) yield last
}

/** What has been read of a line whose end has not. */
class Rest<T> {
  #blocks: Buffer[] = []
  #bytes = 0
  #offset: number
  readonly #recordsOnly: boolean
  readonly #unframe: (line: Buffer) => T | undefined

  constructor(offset: number, recordsOnly: boolean, unframed: (line: Buffer) => T | undefined) {
    this.#offset = offset
    this.#recordsOnly = recordsOnly
    this.#unframe = unframed
  }

  /** Where the line begins that is being read. */
  get offset(): number {
    return this.#offset
  }

  push(block: Buffer): void {
    if (block.length === 0) return
    this.#bytes += block.length
    // Of a line that is too long only the length is kept.
    if (this.#bytes > LINE_BYTES_MAX) this.#blocks = []
    else this.#blocks.push(block)
  }

  line(last: Buffer): ReadLine<T> | undefined {
    const offset = this.#offset
    const bytes = this.#bytes + last.length
    const line = this.#blocks.length === 0 ? last : Buffer.concat([...this.#blocks, last])
    this.#blocks = []
    this.#bytes = 0
    this.#offset = offset + bytes + 1
    if (this.#recordsOnly && line.subarray(0, OTHER_LINE_WITHIN).includes(OTHER_LINE)) return undefined
    const value = bytes > LINE_BYTES_MAX ? undefined : this.#unframe(line)
    return { offset, end: this.#offset, value, terminated: true }
  }

  unterminated(): ReadLine<T> | undefined {
    if (this.#bytes === 0) return undefined
    return { offset: this.#offset, end: this.#offset + this.#bytes, value: undefined, terminated: false }
  }
}
