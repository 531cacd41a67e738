// Writes access lines to a stream: buffered, in large pieces, and bounded. A reader that is slow or gone costs lines,
// which are counted, and never time, memory or the process.

export interface AccessLogOutput {
  readonly isTTY?: boolean
  /** Calls back once the chunk is handed on, with an error where it was not. */
  write(chunk: Buffer, done: (error?: Error | null) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
}

export interface AccessLogInputs {
  readonly output: AccessLogOutput
  /** Called with the number of lines that were lost. */
  readonly onDropped: (lines: number) => void
}

/** Bytes that wait for the reader before lines are dropped. */
export const WAITING_BYTES_MAX = 4 * 1024 * 1024
const PIECE_CHARS = 64 * 1024
const FLUSH_EVERY_MS = 200

export class AccessLog {
  readonly #output: AccessLogOutput
  readonly #onDropped: (lines: number) => void
  #pending = ''
  #pendingLines = 0
  /** Bytes handed to the stream and not written yet. */
  #waiting = 0
  #unwritten = 0
  #timer: NodeJS.Timeout | undefined
  #closed = false
  #whenWritten: (() => void) | undefined

  constructor({ output, onDropped }: AccessLogInputs) {
    this.#output = output
    this.#onDropped = onDropped
    // A reader that has gone away (EPIPE) is no reason to end; without a listener it would be one.
    output.on('error', () => {
      this.#closed = true
    })
  }

  /** Adds one line, which ends in a line feed. */
  write(line: string): void {
    if (this.#closed || this.#waiting + this.#pending.length + line.length > WAITING_BYTES_MAX) {
      this.#onDropped(1)
      return
    }
    this.#pending += line
    this.#pendingLines++
    if (this.#pending.length >= PIECE_CHARS) this.flush()
    else if (this.#timer === undefined) this.#timer = setTimeout(() => this.flush(), FLUSH_EVERY_MS).unref()
  }

  /** Hands what is pending to the stream. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#pendingLines === 0) return
    const piece = Buffer.from(this.#pending, 'utf8')
    const lines = this.#pendingLines
    this.#pending = ''
    this.#pendingLines = 0
    if (this.#closed) return this.#onDropped(lines)
    this.#waiting += piece.length
    this.#unwritten += lines
    this.#output.write(piece, (error) => {
      this.#waiting -= piece.length
      this.#unwritten -= lines
      if (error) {
        this.#closed = true
        this.#onDropped(lines)
      }
      if (this.#waiting === 0) this.#whenWritten?.()
    })
  }

  /** Flushes, and waits at most `timeoutMs` for the stream. Lines that are left then are counted as dropped. */
  async stop(timeoutMs: number): Promise<void> {
    this.flush()
    if (this.#waiting > 0) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#whenWritten = resolve
      const timer = setTimeout(resolve, timeoutMs)
      await promise
      clearTimeout(timer)
    }
    this.#closed = true
    if (this.#unwritten > 0) this.#onDropped(this.#unwritten)
  }
}
