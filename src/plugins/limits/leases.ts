// Tokens of rates that this process took ahead from the store and spends without asking. For each rate at most `most` at a
// time, as many as the use in the last second lets expect, gone after a second. Quotas are never leased.
//
// The bound: what all processes grant in any window is at most what the store granted in it plus what they held when it
// began, and that is at most processes times `most`.

import type { LimitObserver } from './limit-observer.ts'

export interface LeaseOptions {
  /** Most tokens a process holds of one rate; 0 switches leasing off. */
  readonly most: number
  readonly observer: Pick<LimitObserver, 'leased' | 'leaseSpent' | 'leaseExpired'>
  readonly entriesMax?: number
}

/** What is held of one rate, and how much it is used. */
export interface Lease {
  tokens: number
  untilMs: number
  /** Debt of the bucket when the tokens were granted: what headers are told from. */
  debt: number
  /** A take that asks for tokens is under way: no second one asks. */
  isAsked: boolean
  periodAtMs: number
  used: number
  usedBefore: number
}

/** How long tokens may be held; also how far back use is looked at. */
export const LEASE_MS = 1_000
const ENTRIES_MAX = 10_000
const LOOKED_AT_MAX = 32

export class Leases {
  readonly #options: LeaseOptions
  readonly #entriesMax: number
  readonly #leases = new Map<string, Lease>()

  constructor(options: LeaseOptions) {
    this.#options = options
    this.#entriesMax = options.entriesMax ?? ENTRIES_MAX
  }

  /** What is known of a rate, with this use counted; undefined where nothing is leased, or too many rates are in use. */
  use(id: string, nowMs: number): Lease | undefined {
    if (this.#options.most === 0) return undefined
    const lease = this.#leases.get(id) ?? this.#create(id, nowMs)
    if (lease === undefined) return undefined
    const periods = Math.floor((nowMs - lease.periodAtMs) / LEASE_MS)
    if (periods > 0) {
      lease.usedBefore = periods === 1 ? lease.used : 0
      lease.used = 0
      lease.periodAtMs += periods * LEASE_MS
    }
    lease.used += 1
    this.#expire(lease, nowMs)
    return lease
  }

  /** Spends one token; false where none is held. */
  spend(lease: Lease): boolean {
    if (lease.tokens === 0) return false
    lease.tokens -= 1
    this.#options.observer.leaseSpent()
    return true
  }

  /**
   * How many tokens to ask for beside the one that is needed: what is still to be expected in this second, if it goes on
   * like the last one. More would expire, and be lost to everybody.
   */
  wanted(lease: Lease): number {
    if (lease.isAsked) return 0
    return Math.max(0, Math.min(this.#options.most, lease.usedBefore - lease.used))
  }

  /** The store gave so many beside the one that was needed. */
  granted(lease: Lease, tokens: number, debt: number, nowMs: number): void {
    lease.tokens = tokens
    lease.untilMs = nowMs + LEASE_MS
    lease.debt = debt
    this.#options.observer.leased(tokens)
  }

  #expire(lease: Lease, nowMs: number): void {
    if (lease.tokens === 0 || nowMs < lease.untilMs) return
    this.#options.observer.leaseExpired(lease.tokens)
    lease.tokens = 0
  }

  #create(id: string, nowMs: number): Lease | undefined {
    if (this.#leases.size >= this.#entriesMax && !this.#makeRoom(nowMs)) return undefined
    const lease: Lease = {
      tokens: 0,
      untilMs: 0,
      debt: 0,
      isAsked: false,
      periodAtMs: nowMs,
      used: 0,
      usedBefore: 0,
    }
    this.#leases.set(id, lease)
    return lease
  }

  /** One of the oldest that has not been used of late makes room. */
  #makeRoom(nowMs: number): boolean {
    let looked = 0
    for (const [id, lease] of this.#leases) {
      if (!lease.isAsked && nowMs - lease.periodAtMs >= 2 * LEASE_MS) {
        this.#expire(lease, nowMs)
        this.#leases.delete(id)
        return true
      }
      looked += 1
      if (looked === LOOKED_AT_MAX) return false
    }
    return false
  }
}
