// Verdicts on tokens that were found good, so that a token that comes again costs no signature check. A verdict is found
// only by the very token, guard and key set that it was made of, and never outside the token's lifetime.

import { hash } from 'node:crypto'
import type { Lifetime } from './claims.ts'

interface Entry<V> extends Lifetime {
  readonly verdict: V
}

/** A verdict is small: claims that became headers, at most what a token holds. */
const ENTRIES_MAX = 10_000

export class VerdictCache<V> {
  readonly #most: number
  /** The least recently used first. Tokens are not kept, only their digests. */
  readonly #entries = new Map<string, Entry<V>>()

  constructor(most: number = ENTRIES_MAX) {
    this.#most = most
  }

  get size(): number {
    return this.#entries.size
  }

  find(key: string, nowMs: number): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    if (nowMs >= entry.untilMs) return undefined
    this.#entries.set(key, entry)
    return nowMs >= entry.fromMs ? entry.verdict : undefined
  }

  /** At the limit the least recently used one goes. */
  keep(key: string, verdict: V, { fromMs, untilMs }: Lifetime): void {
    this.#entries.delete(key)
    const oldest = this.#entries.size >= this.#most ? this.#entries.keys().next() : undefined
    if (oldest?.done === false) this.#entries.delete(oldest.value)
    this.#entries.set(key, { verdict, fromMs, untilMs })
  }
}

/** All that a verdict depends on, but the time. */
export function cacheKey(token: string, place: string, guardId: string, keySetVersion: string): string {
  return `${hash('sha256', token, 'base64')} ${place} ${guardId} ${keySetVersion}`
}
