// The segment that is being written. It is made under another name and gets its own once its checkpoint is complete, so
// that a segment that can be seen can be read. What it is given is on its way to the disk when `write` resolves, and on it
// when `sync` does.

import { constants } from 'node:fs'
import { type FileHandle, open, rename, unlink } from 'node:fs/promises'
import path from 'node:path'
import type { State } from '../state.ts'
import { checkpointLines } from './checkpoint.ts'
import { FILE_MODE, NO_LINKS, segmentName, syncFolder, UNFINISHED } from './folder.ts'
import { frame } from './frame.ts'
import type { SegmentHead } from './record.ts'

/** A checkpoint is made and written so much at a time; between two pieces the process does other work. */
const PIECE_CHARS = 256 * 1024

export class SegmentFile {
  readonly name: string
  readonly head: SegmentHead
  /** Bytes of head and checkpoint. */
  readonly checkpointBytes: number
  readonly #handle: FileHandle
  #bytes: number

  private constructor(
    name: string,
    head: SegmentHead,
    handle: FileHandle,
    bytes: number,
    checkpointBytes: number,
  ) {
    this.name = name
    this.head = head
    this.#handle = handle
    this.#bytes = bytes
    this.checkpointBytes = checkpointBytes
  }

  /** A new segment that begins with this state. Throws where the disk refuses, and leaves nothing behind then. */
  static async create(this: void, folder: string, head: SegmentHead, state: State): Promise<SegmentFile> {
    const name = segmentName(head.seq)
    const unfinished = path.join(folder, `${name}${UNFINISHED}`)
    const flags = constants.O_CREAT | constants.O_TRUNC | constants.O_WRONLY | NO_LINKS
    const handle = await open(unfinished, flags, FILE_MODE)
    try {
      const bytes = await writeStart(handle, head, state)
      await handle.datasync()
      await rename(unfinished, path.join(folder, name))
      await syncFolder(folder)
      return new SegmentFile(name, head, handle, bytes, bytes)
    } catch (error) {
      await handle.close().catch(() => undefined)
      await unlink(unfinished).catch(() => undefined)
      throw error
    }
  }

  /** Goes on with one that was written by another process. Throws where the disk refuses. */
  static async reopen(
    folder: string,
    { name, head, bytes, checkpointBytes }: Pick<SegmentFile, 'name' | 'head' | 'bytes' | 'checkpointBytes'>,
  ): Promise<SegmentFile> {
    const handle = await open(path.join(folder, name), constants.O_WRONLY | NO_LINKS)
    await handle.chmod(FILE_MODE)
    return new SegmentFile(name, head, handle, bytes, checkpointBytes)
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Throws where not all of it could be written; then the segment ends with the last text that could. */
  async write(text: string): Promise<void> {
    const start = this.#bytes
    try {
      this.#bytes = start + (await writeAll(this.#handle, text, start))
    } catch (error) {
      await this.#handle.truncate(start).catch(() => undefined)
      throw error
    }
  }

  sync(): Promise<void> {
    return this.#handle.datasync()
  }

  /** Never throws. */
  async close(): Promise<void> {
    await this.#handle.datasync().catch(() => undefined)
    await this.#handle.close().catch(() => undefined)
  }
}

async function writeStart(handle: FileHandle, head: SegmentHead, state: State): Promise<number> {
  let piece = frame(head)
  let bytes = 0
  for (const line of checkpointLines(state)) {
    piece += frame(line)
    if (piece.length < PIECE_CHARS) continue
    bytes += await writeAll(handle, piece, bytes)
    piece = ''
  }
  return bytes + (await writeAll(handle, piece, bytes))
}

/** @returns how many bytes it took */
async function writeAll(handle: FileHandle, text: string, at: number): Promise<number> {
  const data = Buffer.from(text)
  let written = 0
  while (written < data.length) {
    const { bytesWritten } = await handle.write(data, written, data.length - written, at + written)
    written += bytesWritten
  }
  return written
}
