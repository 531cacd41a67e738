// Which records changed which object: what `why` walks back along. It holds places in files, never records.

import type { RecordOutline } from './record.ts'
import type { Position } from './segment.ts'

export interface Mention extends Position {
  readonly seq: number
  readonly revision: number
  /** Milliseconds since the epoch. */
  readonly observedAt: number
}

export class KeyIndex {
  readonly #mentions = new Map<string, Mention[]>()
  #records = 0

  /** Records must come in their order. */
  add({ seq, revision, observedAt, keys }: RecordOutline, position: Position): void {
    this.#records += 1
    const { segment, offset, end } = position
    const mention = { segment, offset, end, seq, revision, observedAt }
    for (const key of keys) {
      const known = this.#mentions.get(key)
      if (known === undefined) this.#mentions.set(key, [mention])
      else known.push(mention)
    }
  }

  /** Records that changed what stands under this key (touched.ts), the oldest first. */
  of(key: string): readonly Mention[] {
    return this.#mentions.get(key) ?? []
  }

  /** Records that changed any of these keys, the newest first, each once. */
  ofAny(keys: Iterable<string>): readonly Mention[] {
    const found = new Map<number, Mention>()
    for (const key of keys) for (const mention of this.of(key)) found.set(mention.seq, mention)
    return Array.from(found.values()).sort((a, b) => b.seq - a.seq)
  }

  /** How many records are in it. */
  get records(): number {
    return this.#records
  }
}
