// What waits to be written, in order: lines, and between them the places where a new segment begins. It is bounded in
// bytes; what does not fit is not taken.

import type { State } from '../state.ts'

/** Up to where the journal has come with a record. */
export interface Point {
  readonly seq: number
  readonly revision: number
  /** Milliseconds since the epoch. */
  readonly observedAt: number
  readonly state: State
}

interface Line {
  readonly type: 'line'
  readonly text: string
  readonly bytes: number
  readonly revision: number
}

export interface Roll {
  readonly type: 'roll'
  /** What the checkpoint of the new segment holds. */
  readonly point: Point
}

/** Lines that are written at once. */
export interface Batch {
  readonly type: 'batch'
  readonly text: string
  readonly records: number
  /** Of the first one. */
  readonly revision: number
}

const BATCH_BYTES_MAX = 1024 * 1024

export class LineQueue {
  readonly #bytesMax: number
  #items: (Line | Roll)[] = []
  #bytes = 0
  #records = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get records(): number {
    return this.#records
  }

  get bytes(): number {
    return this.#bytes
  }

  get isEmpty(): boolean {
    return this.#items.length === 0
  }

  /** False where it does not fit; one line of any length fits where nothing waits. */
  push(text: string, revision: number): boolean {
    const bytes = Buffer.byteLength(text)
    if (this.#bytes > 0 && this.#bytes + bytes > this.#bytesMax) return false
    this.#items.push({ type: 'line', text, bytes, revision })
    this.#bytes += bytes
    this.#records += 1
    return true
  }

  roll(point: Point): void {
    this.#items.push({ type: 'roll', point })
  }

  /** Takes what is to be done next; undefined where nothing is. */
  next(): Batch | Roll | undefined {
    const [first] = this.#items
    if (first === undefined) return undefined
    if (first.type === 'roll') {
      this.#items.shift()
      return first
    }
    let count = 0
    let bytes = 0
    const texts: string[] = []
    for (const item of this.#items) {
      if (item.type === 'roll' || (count > 0 && bytes + item.bytes > BATCH_BYTES_MAX)) break
      texts.push(item.text)
      bytes += item.bytes
      count += 1
    }
    this.#items.splice(0, count)
    this.#bytes -= bytes
    this.#records -= count
    return { type: 'batch', text: texts.join(''), records: count, revision: first.revision }
  }

  /** Empties it. @returns how many records are lost with that, and the revision of the first */
  clear(): { readonly records: number; readonly revision: number | undefined } {
    const records = this.#records
    const revision = this.#items.find((item) => item.type === 'line')?.revision
    this.#items = []
    this.#bytes = 0
    this.#records = 0
    return { records, revision }
  }
}
