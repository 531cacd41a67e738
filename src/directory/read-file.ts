// Reads the bytes of one manifest, bounded, and says whether they changed. Must never block on what is no regular file
// and never follow a link: the scan has resolved them all.

import { hash as digest } from 'node:crypto'
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { lstat, open, type FileHandle } from 'node:fs/promises'
import { codeOf } from './scan.ts'

const FILE_BYTES_MAX = 8 * 1024 * 1024
/** Larger ones are not read at once. */
const SMALL_BYTES_MAX = 64 * 1024
// Without O_NONBLOCK, opening a named pipe that took the file's place would wait for a writer for ever.
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW
const UTF8 = new TextDecoder('utf-8', { fatal: true })
/** A file that changed less than this before it was read may change again within the clock's grain: read it again. */
const SETTLED_MS = 2_000

/** What is remembered of a file between two looks. */
export interface Seen {
  /** Device, inode, size and times; absent where they prove nothing yet. */
  readonly stamp?: string
  /** SHA-256 of the bytes. */
  readonly hash: string
}

export type FileRead =
  | { readonly type: 'unchanged'; readonly seen: Seen }
  | { readonly type: 'text'; readonly seen: Seen; readonly text: string }
  /** It was there when the folder was listed. */
  | { readonly type: 'gone' }
  | {
      readonly type: 'failed'
      readonly reason: 'Unreadable' | 'TooLarge' | 'Unparsable'
      readonly message: string
      readonly seen?: Seen
    }

/**
 * Reads a small file that nobody knows yet without waiting for it: a tenth of the time, and the process stands still
 * meanwhile. Undefined where there is anything unusual about it, which `readFile` then says.
 */
export function readSmallFile(realPath: string): FileRead | undefined {
  let file: number
  try {
    file = openSync(realPath, FLAGS)
  } catch {
    return undefined
  }
  try {
    const stats = fstatSync(file, { bigint: true })
    const size = Number(stats.size)
    if (!stats.isFile() || size > SMALL_BYTES_MAX) return undefined
    const bytes = Buffer.allocUnsafe(size + 1)
    // A file that has become another since it was looked at takes more than one read.
    return readSync(file, bytes, 0, size + 1, 0) === size
      ? found(bytes.subarray(0, size), stats, undefined)
      : undefined
  } catch {
    return undefined
  } finally {
    closeSync(file)
  }
}

/** Reads a regular file as UTF-8. Never rejects. */
export async function readFile(
  realPath: string,
  known: Seen | undefined,
  bytesMax = FILE_BYTES_MAX,
): Promise<FileRead> {
  // Of thousands of files nearly all are as they were: one call each, instead of three.
  if (known?.stamp !== undefined && (await stampAt(realPath)) === known.stamp) {
    return { type: 'unchanged', seen: known }
  }
  let file: FileHandle
  try {
    file = await open(realPath, FLAGS)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return { type: 'gone' }
    return { type: 'failed', reason: 'Unreadable', message: `the file cannot be read (${code})` }
  }
  try {
    return await readOpen(file, known, bytesMax)
  } catch (error) {
    return { type: 'failed', reason: 'Unreadable', message: `the file cannot be read (${codeOf(error)})` }
  } finally {
    await file.close().catch(() => undefined)
  }
}

async function readOpen(file: FileHandle, known: Seen | undefined, bytesMax: number): Promise<FileRead> {
  const stats = await file.stat({ bigint: true })
  if (!stats.isFile()) return { type: 'failed', reason: 'Unreadable', message: 'it is not a regular file' }
  const bytes = await readBytes(file, Number(stats.size), bytesMax)
  if (bytes === undefined) {
    return { type: 'failed', reason: 'TooLarge', message: `the file is larger than ${bytesMax} bytes` }
  }
  return found(bytes, stats, known)
}

/** What the bytes of a file are to one who knows it as it was. */
function found(bytes: Buffer, stats: BigIntStats, known: Seen | undefined): FileRead {
  const hash = digest('sha256', bytes, 'base64')
  const settled = Date.now() - Number(stats.ctimeMs) > SETTLED_MS
  const seen: Seen = settled ? { stamp: stampOf(stats), hash } : { hash }
  if (known?.hash === hash) return { type: 'unchanged', seen }
  try {
    return { type: 'text', seen, text: UTF8.decode(bytes) }
  } catch {
    return { type: 'failed', reason: 'Unparsable', message: 'the file is not UTF-8', seen }
  }
}

/** The whole file, or undefined where it holds more than `bytesMax`, also where it grows while it is read. */
async function readBytes(file: FileHandle, size: number, bytesMax: number): Promise<Buffer | undefined> {
  if (size > bytesMax) return undefined
  let buffer = Buffer.allocUnsafe(size + 1)
  let length = 0
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, length)
    length += bytesRead
    // There was a byte to spare: a file of the size that it said it has takes one read.
    if (bytesRead === 0 || (length >= size && length < buffer.length)) return buffer.subarray(0, length)
    if (length > bytesMax) return undefined
    if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(buffer.length * 2, bytesMax + 1))
  }
}

async function stampAt(realPath: string): Promise<string | undefined> {
  try {
    return stampOf(await lstat(realPath, { bigint: true }))
  } catch {
    // Opening it says what is wrong.
    return undefined
  }
}

function stampOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`
}
