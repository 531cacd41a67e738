// The key sets of all guards: one for each address, however many routes name it, and those given inline. Only addresses
// that were named by `retain` are ever asked.

import { type Failure, failure } from '../../errors/failure.ts'
import type { GuardKeys } from '../../snapshot/compile-jwt.ts'
import type { AddressJudge } from './fetch-key-set.ts'
import { type KeySetClock, SYSTEM_CLOCK } from './key-set-clock.ts'
import { KeySet } from './key-set.ts'
import { type KeySetFact, type KeySetWord, RemoteKeySet, type RemoteKeySetOptions } from './remote-key-set.ts'

export interface KeySetsOptions {
  /** Option plugins.jwt.fetch_timeout. */
  readonly fetchTimeoutMs: number
  /** Option plugins.jwt.stale_limit. */
  readonly staleLimitMs: number
  readonly judge: AddressJudge
  /** Gets a fact for every fetch that ended, and one for an address beyond the limit. Must not throw. */
  readonly onFetched: (fact: KeySetFact) => void
  readonly clock?: KeySetClock
  readonly most?: number
}

/** Each holds at most 100 keys and a timer. */
const KEY_SETS_MAX = 256

export class KeySets {
  readonly #options: RemoteKeySetOptions
  readonly #most: number
  readonly #remote = new Map<string, RemoteKeySet>()
  #refused: ReadonlySet<string> = new Set()
  readonly #inline = new WeakMap<GuardKeys, KeySet>()
  #stopped = false

  constructor({ clock = SYSTEM_CLOCK, most = KEY_SETS_MAX, ...options }: KeySetsOptions) {
    this.#options = { ...options, clock }
    this.#most = most
  }

  /** How many addresses are known. */
  get size(): number {
    return this.#remote.size
  }

  /** The addresses that routes name now: new ones are fetched at once, others forgotten. Those known stay at the limit. */
  retain(urls: Iterable<string>): void {
    if (this.#stopped) return
    const named = new Set(urls)
    for (const [url, set] of this.#remote) {
      if (named.has(url)) continue
      set.end()
      this.#remote.delete(url)
    }
    const refused = new Set<string>()
    for (const url of named) {
      if (this.#remote.has(url)) continue
      if (this.#remote.size < this.#most) this.#remote.set(url, new RemoteKeySet(url, this.#options))
      else refused.add(url)
    }
    const before = this.#refused
    this.#refused = refused
    for (const url of refused.difference(before)) {
      this.#options.onFetched({ url, state: 'failed', detail: this.#limitText() })
    }
  }

  /** A promise only where there is nothing to use and a fetch is on its way; it never rejects. */
  current(keys: GuardKeys): KeySet | Failure | Promise<KeySet | Failure> {
    if (keys.type === 'inline') return this.#inlineSet(keys)
    const set = this.#remote.get(keys.url)
    if (set !== undefined) return set.current()
    const why = this.#refused.has(keys.url) ? this.#limitText() : 'no route names it any more'
    return failure('key_set_unavailable', `the key set ${keys.url}: ${why}`)
  }

  /** Asks the issuer again; undefined where that is not possible, or was done less than 30 seconds ago. */
  refetch(keys: GuardKeys): Promise<KeySet | Failure> | undefined {
    return keys.type === 'inline' ? undefined : this.#remote.get(keys.url)?.refetch()
  }

  /** What is known of an address that routes name; undefined for others, and before its first fetch has ended. */
  word(url: string): KeySetWord | undefined {
    if (this.#refused.has(url)) return { url, problem: this.#limitText() }
    return this.#remote.get(url)?.word()
  }

  /** What is known of all of them. */
  words(): KeySetWord[] {
    return [...this.#remote.keys(), ...this.#refused].flatMap((url) => this.word(url) ?? [])
  }

  /** Ends every fetch and timer; sets that were fetched can be used on. */
  stop(): void {
    this.#stopped = true
    for (const set of this.#remote.values()) set.end()
  }

  #inlineSet(keys: Extract<GuardKeys, { type: 'inline' }>): KeySet {
    let set = this.#inline.get(keys)
    if (set === undefined) this.#inline.set(keys, (set = new KeySet(keys.keys, keys.hash)))
    return set
  }

  #limitText(): string {
    return `routes name more than ${this.#most} key sets, and it is not among the first`
  }
}
