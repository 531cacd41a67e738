// How server.max_requests and server.max_connections are divided among workers: what all of them hold together and what
// is left is always the whole, so that no limit can be exceeded. A worker whose share is used up asks for more; what
// others do not need is asked back first. Refused is only who comes when nobody has anything to spare.

import type { Limited } from '../proxy/exchange-services.ts'
import type { Shares } from './messages.ts'

export interface ShareLedgerParts {
  readonly whole: Shares
  readonly workers: number
  /** Asks a worker to give back up to so much. False where it cannot be asked. */
  readonly spare: (worker: number, what: Limited, wanted: number) => boolean
  /** Adds so much, which may be nothing, to a worker's share: the answer to what it asked for. */
  readonly grant: (worker: number, what: Limited, amount: number) => void
  /** How long a worker may take to say what it can spare. */
  readonly spareMs: number
}

export class ShareLedger {
  readonly #ledgers: Readonly<Record<Limited, Ledger>>

  constructor(parts: ShareLedgerParts) {
    this.#ledgers = { requests: new Ledger(parts, 'requests'), connections: new Ledger(parts, 'connections') }
  }

  /** What a worker begins with: an equal part, as far as it is there. */
  open(worker: number): Shares {
    const { requests, connections } = this.#ledgers
    return { requests: requests.open(worker), connections: connections.open(worker) }
  }

  /** It has ended: what it held is free. */
  close(worker: number): void {
    for (const ledger of Object.values(this.#ledgers)) ledger.close(worker)
  }

  more(worker: number, what: Limited, wanted: number): void {
    this.#ledgers[what].more(worker, wanted)
  }

  spared(worker: number, what: Limited, given: number): void {
    this.#ledgers[what].spared(worker, given)
  }
}

interface Ask {
  readonly worker: number
  readonly wanted: number
}

class Ledger {
  readonly #parts: ShareLedgerParts
  readonly #what: Limited
  readonly #held = new Map<number, number>()
  /** At most one a worker: it asks again only once it was answered. */
  readonly #asks: Ask[] = []
  #free: number
  /** Workers that have still to say what they can spare; undefined while none is asked. */
  #asked: Set<number> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(parts: ShareLedgerParts, what: Limited) {
    this.#parts = parts
    this.#what = what
    this.#free = parts.whole[what]
  }

  open(worker: number): number {
    const { whole, workers } = this.#parts
    const part = Math.ceil(whole[this.#what] / workers)
    const share = Math.min(part, this.#free)
    this.#free -= share
    this.#held.set(worker, share)
    return share
  }

  close(worker: number): void {
    this.#free += this.#held.get(worker) ?? 0
    this.#held.delete(worker)
    const at = this.#asks.findIndex((ask) => ask.worker === worker)
    if (at >= 0) this.#asks.splice(at, 1)
    this.#heard(worker)
  }

  more(worker: number, wanted: number): void {
    this.#asks.push({ worker, wanted })
    if (this.#asked === undefined) this.#next()
  }

  spared(worker: number, given: number): void {
    const held = this.#held.get(worker)
    if (held !== undefined && given > 0) {
      const back = Math.min(held, given)
      this.#held.set(worker, held - back)
      this.#free += back
    }
    this.#heard(worker)
  }

  /** Grants what is there; where that is too little, the others are asked first. */
  #next(): void {
    for (let ask = this.#asks[0]; ask !== undefined; ask = this.#asks[0]) {
      if (this.#free < ask.wanted && this.#askOthers(ask)) return
      this.#grant(ask)
    }
  }

  #grant(ask: Ask): void {
    this.#asks.shift()
    const amount = Math.min(this.#free, ask.wanted)
    this.#free -= amount
    this.#held.set(ask.worker, (this.#held.get(ask.worker) ?? 0) + amount)
    this.#parts.grant(ask.worker, this.#what, amount)
  }

  /** True where somebody is to be heard first. */
  #askOthers({ worker, wanted }: Ask): boolean {
    const missing = wanted - this.#free
    const asked = new Set<number>()
    for (const [other, held] of this.#held) {
      if (other !== worker && held > 0 && this.#parts.spare(other, this.#what, missing)) asked.add(other)
    }
    if (asked.size === 0) return false
    this.#asked = asked
    this.#timer = setTimeout(() => this.#heardOut(), this.#parts.spareMs)
    return true
  }

  #heard(worker: number): void {
    if (this.#asked?.delete(worker) === true && this.#asked.size === 0) this.#heardOut()
  }

  /** Everybody has said what can be spared, or has had the time for it. */
  #heardOut(): void {
    clearTimeout(this.#timer)
    this.#asked = undefined
    const ask = this.#asks[0]
    if (ask !== undefined) this.#grant(ask)
    this.#next()
  }
}
