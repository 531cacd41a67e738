// Quotas while the store is away: this process may grant its share of what was left when the store last answered, and
// owes what it granted to the store. Bounded; what is lost at the limit is knowledge, never a debt.

import type { Allowance } from './limiter.ts'

interface Share {
  /** What the store last said. */
  used: number
  /** Granted here since then. */
  granted: number
  /** Granted here and not told to the store yet. */
  owed: number
}

export class QuotaShare {
  readonly #replicas: number
  readonly #entriesMax: number
  readonly #shares = new Map<string, Share>()

  constructor(replicas: number, entriesMax: number) {
    this.#replicas = replicas
    this.#entriesMax = entriesMax
  }

  /** What the store said was used, a moment ago. */
  told(id: string, used: number): void {
    const share = this.#shares.get(id)
    if (share !== undefined) {
      share.used = used
      share.granted = share.owed
    } else if (this.#makeRoom()) this.#shares.set(id, { used, granted: 0, owed: 0 })
  }

  /** Requests that this process may still grant. */
  left({ id, quota = 0 }: Allowance): number {
    const { used, granted } = this.#shares.get(id) ?? { used: 0, granted: 0 }
    return Math.max(0, Math.ceil(Math.max(0, quota - used) / this.#replicas) - granted)
  }

  /** Counts a request that is granted; false where there is no room to count. `isOwed`: the store has to be told. */
  grant(id: string, isOwed: boolean): boolean {
    const share = this.#shares.get(id)
    if (share !== undefined) {
      share.granted += 1
      share.owed += Number(isOwed)
      return true
    }
    if (!this.#makeRoom()) return false
    this.#shares.set(id, { used: 0, granted: 1, owed: Number(isOwed) })
    return true
  }

  /** What is owed to the store, from now on told: given back by `untold` where the store was not reached. */
  tell(id: string): number {
    const share = this.#shares.get(id)
    if (share === undefined || share.owed === 0) return 0
    const { owed } = share
    share.owed = 0
    return owed
  }

  untold(id: string, owed: number): void {
    const share = this.#shares.get(id)
    if (share !== undefined) share.owed += owed
  }

  /** The oldest that owes nothing makes room. */
  #makeRoom(): boolean {
    if (this.#shares.size < this.#entriesMax) return true
    let looked = 0
    for (const [id, share] of this.#shares) {
      if (share.granted === 0) {
        this.#shares.delete(id)
        return true
      }
      looked += 1
      if (looked === LOOKED_AT_MAX) return false
    }
    return false
  }
}

const LOOKED_AT_MAX = 32
