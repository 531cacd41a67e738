// Where the access log goes: standard output. Node writes to a pipe as its reader takes it, and to a file within the call,
// which makes every request wait for a slow disk; a file is therefore written here, in the background.

import { fstatSync, write } from 'node:fs'
import type { AccessLogOutput } from './access-log.ts'

type Done = (error?: Error | null) => void

/** Standard output as whatever it is: a file, a pipe, a terminal. */
export function standardOutput(): AccessLogOutput {
  return isFile(process.stdout) ? new FileOutput(process.stdout.fd) : process.stdout
}

/** Writes pieces to a file one after the other. What a full disk refuses is told, and the next piece is tried again. */
export class FileOutput implements AccessLogOutput {
  readonly #fd: number
  readonly #queue: { readonly chunk: Buffer; readonly done: Done }[] = []
  #isWriting = false

  constructor(fd: number) {
    this.#fd = fd
  }

  write(chunk: Buffer, done: Done): void {
    this.#queue.push({ chunk, done })
    if (!this.#isWriting) this.#next()
  }

  /** Errors come with the piece that they hit. */
  on(): void {
    // There are no others.
  }

  #next(): void {
    const next = this.#queue.shift()
    this.#isWriting = next !== undefined
    if (next !== undefined) this.#writeFrom(next.chunk, next.done)
  }

  /** The system may take a part of it only. */
  #writeFrom(chunk: Buffer, done: Done): void {
    write(this.#fd, chunk, 0, chunk.length, null, (error, written) => {
      if (error === null && written < chunk.length) {
        this.#writeFrom(chunk.subarray(written), done)
        return
      }
      done(error)
      this.#next()
    })
  }
}

function isFile({ fd }: { readonly fd: number }): boolean {
  try {
    return fstatSync(fd).isFile()
  } catch {
    // Closed by whoever started the process.
    return false
  }
}
