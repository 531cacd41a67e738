// The key sets as a source of events: what is known of each address that routes name, told where it changed. A set that
// is still used while its issuer is down counts as loaded.

import type { KeySetFact as Known, ResourceEvent } from '../../events/event.ts'
import type { Snapshot } from '../../snapshot/snapshot.ts'
import type { PluginLog } from '../plugin-log.ts'
import type { AddressJudge } from './fetch-key-set.ts'
import { KeySet } from './key-set.ts'
import { KeySets } from './key-sets.ts'
import type { KeySetFact } from './remote-key-set.ts'

export interface KeySetSourceParts {
  /** Option plugins.jwt.fetch_timeout. */
  readonly fetchTimeoutMs: number
  /** Option plugins.jwt.stale_limit. */
  readonly staleLimitMs: number
  readonly judge: AddressJudge
  readonly log: PluginLog
  /** Told the address after every fetch, whatever came of it, and where no route names it any more. */
  readonly onWord?: ((url: string) => void) | undefined
}

type Take = (event: ResourceEvent) => void

const SOURCE = 'key sets'

export class KeySetSource {
  readonly sets: KeySets
  readonly #log: PluginLog
  readonly #onWord: ((url: string) => void) | undefined
  readonly #staleLimitMs: number
  /** By address, what was told last. */
  readonly #told = new Map<string, Known>()
  #named: Snapshot['keySets'] | undefined
  #take: Take | undefined

  constructor({ fetchTimeoutMs, staleLimitMs, judge, log, onWord }: KeySetSourceParts) {
    this.#onWord = onWord
    this.#log = log
    this.#staleLimitMs = staleLimitMs
    this.sets = new KeySets({ fetchTimeoutMs, staleLimitMs, judge, onFetched: (fact) => this.#fetched(fact) })
  }

  /** From now on events go there. */
  start(take: Take): void {
    this.#take = take
  }

  /** Takes a snapshot that has just become live: its key sets are fetched, all others forgotten. */
  published({ keySets }: Snapshot): void {
    if (keySets === this.#named) return
    this.#named = keySets
    this.sets.retain(keySets.keys())
    for (const url of this.#told.keys()) {
      if (keySets.has(url)) continue
      this.#told.delete(url)
      this.#onWord?.(url)
      this.#take?.({ type: 'key_set', ...origin(), url })
    }
  }

  stop(): void {
    this.sets.stop()
  }

  #fetched({ url, state, hash = '', keys = 0, detail = '' }: KeySetFact): void {
    this.#onWord?.(url)
    const fields = { url, ...(detail !== '' && { detail }) }
    if (state === 'loaded') {
      if (this.#told.get(url)?.status !== 'loaded')
        this.#log.info({ ...fields, keys }, 'a key set was fetched')
      return this.#tell(url, { status: 'loaded', hash, keys })
    }
    const isUsed = this.sets.current({ type: 'url', url }) instanceof KeySet
    const until = isUsed ? { last_one_is_used_for_ms: this.#staleLimitMs } : {}
    this.#log.warn({ ...fields, ...until }, 'a key set could not be fetched')
    if (!isUsed) this.#tell(url, { status: 'failed', detail })
  }

  #tell(url: string, fact: Known): void {
    this.#told.set(url, fact)
    this.#take?.({ type: 'key_set', ...origin(), url, fact })
  }
}

function origin(): { readonly source: string; readonly observedAt: number } {
  return { source: SOURCE, observedAt: performance.timeOrigin + performance.now() }
}
