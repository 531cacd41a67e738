// Where failed exchanges are kept, by reason. When it is full, the oldest of the reason that has most makes room: a burst
// of one reason takes the room that others do not need, and never pushes out the last of them.

import type { KeptExchange } from './kept-exchange.ts'

export class FailureShelf {
  readonly #max: number
  readonly #byReason = new Map<string, KeptExchange[]>()
  readonly #make: (index: number) => KeptExchange
  #size = 0

  /** @param make makes the exchange of an index below `max`; each is made once and filled again later */
  constructor(max: number, make: (index: number) => KeptExchange) {
    this.#max = max
    this.#make = make
  }

  /** The place for one more failure of that reason, with what it held before still in it; undefined where none is kept. */
  place(reason: string): KeptExchange | undefined {
    if (this.#max === 0) return undefined
    const place = this.#size < this.#max ? this.#make(this.#size++) : this.#evict()
    if (place === undefined) return undefined
    const same = this.#byReason.get(reason)
    if (same === undefined) this.#byReason.set(reason, [place])
    else same.push(place)
    return place
  }

  *[Symbol.iterator](): Generator<KeptExchange> {
    for (const kept of this.#byReason.values()) yield* kept
  }

  #evict(): KeptExchange | undefined {
    let reasonOfMost = ''
    let most: KeptExchange[] | undefined
    for (const [reason, kept] of this.#byReason) {
      if (most !== undefined && kept.length <= most.length) continue
      most = kept
      reasonOfMost = reason
    }
    const oldest = most?.shift()
    if (most?.length === 0) this.#byReason.delete(reasonOfMost)
    return oldest
  }
}
