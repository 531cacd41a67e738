// Reads a socket byte by byte as a test wants it: up to a mark, a number of bytes, to the end. It takes from the
// socket only what is asked for, so that a test that does not read exerts backpressure.

import type { Socket } from 'node:net'

/** `reset` covers every error of the socket; `destroyed` is an end by this side. */
export type End = 'open' | 'fin' | 'reset' | 'destroyed'

const MARK_BYTES_MAX = 1024 * 1024
const NOTHING = Buffer.alloc(0)

export class WireReader {
  end: End = 'open'
  /** Code of the socket's error, such as ECONNRESET. */
  errorCode: string | undefined
  /** Bytes taken from the socket so far. */
  bytesRead = 0
  readonly #socket: Socket
  #buffered: Buffer = NOTHING
  #wake: () => void = () => undefined

  constructor(socket: Socket) {
    this.#socket = socket
    const settle = (end: End): void => {
      if (this.end === 'open') this.end = end
      this.#wake()
    }
    socket.on('readable', () => this.#wake())
    socket.on('end', () => settle('fin'))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.errorCode = error.code
      if (this.end === 'open' || this.end === 'fin') this.end = 'reset'
      this.#wake()
    })
    socket.on('close', () => settle('destroyed'))
  }

  /** The bytes up to and with the mark; undefined where the end came first (what there is stays unread). */
  async readThrough(mark: string, timeoutMs?: number): Promise<Buffer | undefined> {
    for (;;) {
      const at = this.#buffered.indexOf(mark, 0, 'latin1')
      if (at >= 0) return this.#consume(at + mark.length)
      if (this.#buffered.length > MARK_BYTES_MAX) throw new Error(`no ${JSON.stringify(mark)} within 1 MiB`)
      if (!(await this.#more(timeoutMs))) return undefined
    }
  }

  /** Hands `count` bytes to `sink` as they come; false where the end came first. */
  async readBytes(count: number, sink: (chunk: Buffer) => void, timeoutMs?: number): Promise<boolean> {
    let left = count
    while (left > 0) {
      if (this.#buffered.length === 0 && !(await this.#more(timeoutMs))) return false
      const chunk = this.#consume(Math.min(left, this.#buffered.length))
      left -= chunk.length
      sink(chunk)
    }
    return true
  }

  /** Hands everything to `sink` until the connection ends. */
  async readToEnd(sink: (chunk: Buffer) => void, timeoutMs?: number): Promise<void> {
    do {
      if (this.#buffered.length > 0) sink(this.#consume(this.#buffered.length))
    } while (await this.#more(timeoutMs))
  }

  /** What is left unread of what was taken from the socket. */
  takeRest(): Buffer {
    return this.#consume(this.#buffered.length)
  }

  async #more(timeoutMs = 20_000): Promise<boolean> {
    for (;;) {
      const chunk = this.#socket.read() as Buffer | null
      if (chunk !== null) {
        this.bytesRead += chunk.length
        this.#buffered = this.#buffered.length === 0 ? chunk : Buffer.concat([this.#buffered, chunk])
        return true
      }
      if (this.end !== 'open') return false
      await this.#woken(timeoutMs)
    }
  }

  #woken(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const seen = JSON.stringify(this.#buffered.toString('latin1').slice(0, 500))
        reject(new Error(`nothing more came for ${timeoutMs} ms; unread: ${seen}`))
      }, timeoutMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #consume(count: number): Buffer {
    const taken = this.#buffered.subarray(0, count)
    this.#buffered = this.#buffered.length === count ? NOTHING : this.#buffered.subarray(count)
    return taken
  }
}
