// What a worker knows of keys: digest keys and key sets that the primary has found out. It reads no file, asks no issuer
// and decrypts nothing; what it does not know it asks the primary for, once at a time.

import type { Failure } from '../errors/failure.ts'
import { type DigestKey, KeyDigester } from '../plugins/apikey/key-digester.ts'
import { KeySet } from '../plugins/jwt/key-set.ts'
import { type GoodSet, type KeySetWord, usableSet } from '../plugins/jwt/remote-key-set.ts'
import type { GuardKeys } from '../snapshot/compile-jwt.ts'

/** The digests of api keys under the private key that the primary has now, and the one that it had before. */
export class HandedDigestKeys {
  #digesters: readonly KeyDigester[] = []

  take(keys: readonly DigestKey[]): void {
    this.#digesters = keys.map(
      (key) => this.#digesters.find(({ keyId }) => keyId === key.keyId) ?? new KeyDigester(key),
    )
  }

  /** Undefined where the private key of that id is not known. */
  readonly digestOf = (keyId: string, key: string): string | undefined =>
    this.#digesters.find((digester) => digester.keyId === keyId)?.digest(key)
}

interface Known {
  readonly good: GoodSet | undefined
  readonly problem: string
}

export interface HandedKeySetsParts {
  /** Asks the primary what is known of an address, after a fetch if one is due. It never rejects. */
  readonly ask: (url: string, refetch: boolean) => Promise<KeySetWord | undefined>
  /** Option plugins.jwt.stale_limit. */
  readonly staleLimitMs: number
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
}

export class HandedKeySets {
  readonly #parts: HandedKeySetsParts
  readonly #known = new Map<string, Known>()
  /** Questions under way, by address and kind. */
  readonly #asking = new Map<string, Promise<KeySet | Failure>>()
  readonly #inline = new WeakMap<GuardKeys, KeySet>()

  constructor(parts: HandedKeySetsParts) {
    this.#parts = parts
  }

  /** @param word undefined: no route names it any more */
  take(url: string, word: KeySetWord | undefined): void {
    if (word === undefined) {
      this.#known.delete(url)
      return
    }
    const before = this.#known.get(url)?.good
    this.#known.set(url, { good: goodOf(word, before, this.#parts.now()), problem: word.problem })
  }

  /** A promise only where there is nothing to use; it never rejects. */
  current(keys: GuardKeys): KeySet | Failure | Promise<KeySet | Failure> {
    if (keys.type === 'inline') return this.#inlineSet(keys)
    const usable = this.#usable(keys.url)
    return usable instanceof KeySet ? usable : this.#ask(keys.url, false)
  }

  refetch(keys: GuardKeys): Promise<KeySet | Failure> | undefined {
    return keys.type === 'inline' ? undefined : this.#ask(keys.url, true)
  }

  #usable(url: string): KeySet | Failure {
    const known = this.#known.get(url) ?? UNKNOWN
    return usableSet(url, known, this.#parts.now(), this.#parts.staleLimitMs)
  }

  /** Joins who asks already. */
  #ask(url: string, refetch: boolean): Promise<KeySet | Failure> {
    const key = `${refetch ? 'new' : 'any'} ${url}`
    const asking = this.#asking.get(key)
    if (asking !== undefined) return asking
    const answered = this.#parts.ask(url, refetch).then((word) => {
      this.#asking.delete(key)
      if (word !== undefined) this.take(url, word)
      return this.#usable(url)
    })
    this.#asking.set(key, answered)
    return answered
  }

  #inlineSet(keys: Extract<GuardKeys, { type: 'inline' }>): KeySet {
    let set = this.#inline.get(keys)
    if (set === undefined) this.#inline.set(keys, (set = new KeySet(keys.keys, keys.hash)))
    return set
  }
}

const UNKNOWN: Known = { good: undefined, problem: 'no route names it, or nothing is known of it yet' }

/** The same content keeps the keys that are ready. */
function goodOf({ good }: KeySetWord, before: GoodSet | undefined, nowMs: number): GoodSet | undefined {
  if (good === undefined) return undefined
  const { keys, version, ageMs } = good
  const set = before?.set.version === version ? before.set : new KeySet(keys, version)
  return { set, at: nowMs - ageMs }
}
