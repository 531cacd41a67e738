// Cuts a byte stream into lines at LF alone (node:readline also cuts at U+2028, which JSON may hold). It never holds more
// than its limit of an unfinished line.

const LF = 0x0a

export class LineSplitter {
  readonly #lineBytesMax: number
  #parts: Buffer[] = []
  #bytes = 0

  /** @param lineBytesMax an object of Kubernetes has at most 1.5 MiB; as JSON it can be some times longer */
  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax
  }

  /** Bytes of the line that has no end yet. */
  get pendingBytes(): number {
    return this.#bytes
  }

  /** The complete lines, empty ones left out; undefined where one is longer than the limit. */
  push(chunk: Buffer): string[] | undefined {
    const lines: string[] = []
    let start = 0
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      if (!this.#keep(chunk.subarray(start, end))) return undefined
      const line = this.#take()
      if (line !== '') lines.push(line)
      start = end + 1
    }
    return this.#keep(chunk.subarray(start)) ? lines : undefined
  }

  #keep(part: Buffer): boolean {
    if (part.length > 0) this.#parts.push(part)
    this.#bytes += part.length
    return this.#bytes <= this.#lineBytesMax
  }

  #take(): string {
    const [only] = this.#parts
    const line = this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts)
    this.#parts = []
    this.#bytes = 0
    return line.toString('utf8')
  }
}
