// Takes access lines: into a buffer at once, to their reader later and in large pieces, and bounded. A reader that is slow
// or gone costs lines, which are counted, and never time, memory or the process.

export interface AccessLogOutput {
  readonly isTTY?: boolean
  /** Calls back once the chunk is handed on, with an error where it was not; it is not touched before. */
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
export const PIECE_BYTES = 64 * 1024
const FLUSH_EVERY_MS = 200
/** UTF-8 takes no more for a unit of UTF-16. */
const BYTES_A_UNIT = 3
/** Buffers kept for the pieces to come; with a reader that keeps up no more are in use. */
const SPARE_BUFFERS_MAX = 2

interface Piece {
  readonly bytes: Buffer
  readonly lines: number
  /** What `bytes` is a part of, where it can be used again. */
  readonly buffer?: Buffer
}

export class AccessLog {
  readonly #output: AccessLogOutput
  readonly #onDropped: (lines: number) => void
  readonly #spare: Buffer[] = []
  #buffer: Buffer = Buffer.allocUnsafeSlow(PIECE_BYTES)
  #used = 0
  #lines = 0
  /** Full, and not handed to the stream yet. */
  #full: Piece[] = []
  /** Bytes of full pieces and of those that the stream has not written yet. */
  #waiting = 0
  #unwritten = 0
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
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

  /** Adds one line, which ends in a line feed. Nothing is written before this turn of the event loop is over. */
  write(line: string): void {
    if (this.#closed || this.#waiting + this.#used + line.length > WAITING_BYTES_MAX) {
      this.#onDropped(1)
      return
    }
    const bytesMax = line.length * BYTES_A_UNIT
    if (bytesMax > PIECE_BYTES) {
      this.#seal()
      this.#enqueue({ bytes: Buffer.from(line), lines: 1 })
      return
    }
    if (this.#used + bytesMax > PIECE_BYTES) this.#seal()
    this.#used += this.#buffer.write(line, this.#used)
    this.#lines++
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.flush(), FLUSH_EVERY_MS).unref()
  }

  /** Hands what is pending to the stream. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#seal()
    this.#handOver()
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

  /** What the buffer holds becomes a piece, and another buffer takes its place. */
  #seal(): void {
    if (this.#lines === 0) return
    const buffer = this.#buffer
    this.#enqueue({ bytes: buffer.subarray(0, this.#used), lines: this.#lines, buffer })
    this.#buffer = this.#spare.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES)
    this.#used = 0
    this.#lines = 0
  }

  #enqueue(piece: Piece): void {
    this.#full.push(piece)
    this.#waiting += piece.bytes.length
    this.#unwritten += piece.lines
    // A stream may write at once, and take its time for it: not within a request.
    this.#immediate ??= setImmediate(() => this.#handOver())
  }

  #handOver(): void {
    clearImmediate(this.#immediate)
    this.#immediate = undefined
    const pieces = this.#full
    this.#full = []
    for (const piece of pieces) {
      if (this.#closed) this.#done(piece, true)
      else this.#output.write(piece.bytes, (error) => this.#done(piece, error instanceof Error))
    }
  }

  #done({ bytes, lines, buffer }: Piece, isLost: boolean): void {
    this.#waiting -= bytes.length
    this.#unwritten -= lines
    if (isLost) this.#onDropped(lines)
    if (buffer !== undefined && this.#spare.length < SPARE_BUFFERS_MAX) this.#spare.push(buffer)
    if (this.#waiting === 0) this.#whenWritten?.()
  }
}
