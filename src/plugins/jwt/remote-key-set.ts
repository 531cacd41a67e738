// The key set behind one address: fetched at once, refreshed in the background, asked for again where a token names a key
// that it does not have, and used while its issuer is down, up to a limit. One fetch at a time, whoever wants it.

import { type Failure, failure } from '../../errors/failure.ts'
import { readKeySet } from '../../snapshot/verification-keys.ts'
import { type AddressJudge, type Fetched, fetchKeySet } from './fetch-key-set.ts'
import type { KeySetClock } from './key-set-clock.ts'
import { KeySet } from './key-set.ts'

/** What became of one fetch. Can be written as JSON; holds nothing of what was answered but counts and a hash. */
export interface KeySetFact {
  readonly url: string
  readonly state: 'loaded' | 'failed'
  /** Of the keys that can be used; where loaded. */
  readonly hash?: string
  /** How many keys can be used; where loaded. */
  readonly keys?: number
  /** Why it failed, or which keys of a set that was loaded cannot be used. */
  readonly detail?: string
}

/** What is known of a key set, for other processes of this gateway. Public keys only. */
export interface KeySetWord {
  readonly url: string
  /** The last that was fetched, and how long ago. */
  readonly good?: { readonly keys: KeySet['keys']; readonly version: string; readonly ageMs: number }
  /** Why there is no newer one. */
  readonly problem: string
}

export interface RemoteKeySetOptions {
  readonly fetchTimeoutMs: number
  /** How long the last good set is used without a new one. */
  readonly staleLimitMs: number
  readonly judge: AddressJudge
  readonly onFetched: (fact: KeySetFact) => void
  readonly clock: KeySetClock
}

/** A set that was fetched, and when. */
export interface GoodSet {
  readonly set: KeySet
  readonly at: number
}

/** The set, as long as it may be used without a newer one; else why there is none. */
export function usableSet(
  url: string,
  { good, problem }: { readonly good: GoodSet | undefined; readonly problem: string },
  nowMs: number,
  staleLimitMs: number,
): KeySet | Failure {
  if (good === undefined) return failure('key_set_unavailable', `the key set ${url}: ${problem}`)
  const ageMs = nowMs - good.at
  if (ageMs <= staleLimitMs) return good.set
  const age = `the last one is ${Math.floor(ageMs / 1000)} s old, and used for ${staleLimitMs / 1000} s`
  return failure('key_set_unavailable', `the key set ${url}: ${problem}; ${age}`)
}

const REFRESH_MS = { least: 30_000, most: 86_400_000, unsaid: 600_000 }
const RETRY_MS = { first: 1000, most: 60_000 }
/** A stranger can make up names of keys: they must not become a flood for the issuer. */
const COOL_DOWN_MS = 30_000
const FAULTS_SHOWN = 3

export class RemoteKeySet {
  readonly #url: string
  readonly #options: RemoteKeySetOptions
  readonly #ended = new AbortController()
  #good: GoodSet | undefined = undefined
  #fetching: Promise<void> | undefined = undefined
  #fetchedAt = Number.NEGATIVE_INFINITY
  #failures = 0
  #problem = 'it has not been fetched yet'
  #cancelNext: (() => void) | undefined = undefined

  constructor(url: string, options: RemoteKeySetOptions) {
    this.#url = url
    this.#options = options
    void this.#fetch()
  }

  /** A promise only where there is nothing to use and a fetch is on its way; it never rejects. */
  current(): KeySet | Failure | Promise<KeySet | Failure> {
    const usable = this.#usable()
    if (usable instanceof KeySet || this.#fetching === undefined) return usable
    return this.#fetching.then(() => this.#usable())
  }

  /** Asks again, or joins who asks already; undefined where the last answer is too young for that. */
  refetch(): Promise<KeySet | Failure> | undefined {
    const cooled = this.#options.clock.now() - this.#fetchedAt >= COOL_DOWN_MS
    if (this.#fetching === undefined && (!cooled || this.#ended.signal.aborted)) return undefined
    return this.#fetch().then(() => this.#usable())
  }

  /** What is known now; undefined before the first fetch has ended. */
  word(): KeySetWord | undefined {
    if (this.#fetchedAt === Number.NEGATIVE_INFINITY) return undefined
    const known = { url: this.#url, problem: this.#problem }
    if (this.#good === undefined) return known
    const { set, at } = this.#good
    const ageMs = this.#options.clock.now() - at
    return { ...known, good: { keys: set.keys, version: set.version, ageMs } }
  }

  /** Ends what is on its way; what comes later is not said any more. */
  end(): void {
    this.#ended.abort()
    this.#cancelNext?.()
  }

  #usable(): KeySet | Failure {
    const { clock, staleLimitMs } = this.#options
    return usableSet(this.#url, { good: this.#good, problem: this.#problem }, clock.now(), staleLimitMs)
  }

  #fetch(): Promise<void> {
    this.#fetching ??= this.#run().finally(() => {
      this.#fetching = undefined
    })
    return this.#fetching
  }

  async #run(): Promise<void> {
    this.#cancelNext?.()
    const { judge, fetchTimeoutMs: timeoutMs, clock, onFetched } = this.#options
    const fetched = await fetchKeySet(this.#url, { timeoutMs, judge, signal: this.#ended.signal })
    if (this.#ended.signal.aborted) return
    this.#fetchedAt = clock.now()
    const fact = this.#take(fetched)
    this.#cancelNext = clock.after(this.#nextMs(fetched), () => void this.#fetch())
    onFetched({ url: this.#url, ...fact })
  }

  /** A set without any key is the issuer's word, too: it takes all of them back. */
  #take(fetched: Fetched): Omit<KeySetFact, 'url'> {
    const content = 'problem' in fetched ? fetched.problem : readKeySet(fetched.text)
    if (typeof content === 'string') {
      this.#failures += 1
      this.#problem = 'problem' in fetched ? content : `its answer ${content}`
      return { state: 'failed', detail: this.#problem }
    }
    this.#failures = 0
    const set = new KeySet(content.keys)
    // The same content keeps the keys that are ready.
    const same = this.#good?.set.version === set.version ? this.#good.set : set
    this.#good = { set: same, at: this.#fetchedAt }
    const { faults } = content
    const more = faults.length > FAULTS_SHOWN ? [`and ${faults.length - FAULTS_SHOWN} more`] : []
    const detail = [...faults.slice(0, FAULTS_SHOWN), ...more].join('; ')
    return { state: 'loaded', hash: set.version, keys: set.size, ...(detail !== '' && { detail }) }
  }

  /** Spread out, so that many gateways do not ask at once. */
  #nextMs(fetched: Fetched): number {
    const spread = 0.8 + 0.2 * this.#options.clock.random()
    if (this.#failures > 0)
      return Math.min(RETRY_MS.first * 2 ** (this.#failures - 1), RETRY_MS.most) * spread
    const freshMs = ('problem' in fetched ? undefined : fetched.freshMs) ?? REFRESH_MS.unsaid
    return Math.max(REFRESH_MS.least, Math.min(freshMs, REFRESH_MS.most) * spread)
  }
}
