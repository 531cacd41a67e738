// The built-in guards with all that they live on: the private key and what it opens, the key sets of issuers, and the
// limiter. What these find out enters as events, and they follow each snapshot that becomes live.

import type { Options } from '../config/options.ts'
import type { ResourceEvent } from '../events/event.ts'
import type { State } from '../events/state.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { DigestKey } from './apikey/key-digester.ts'
import { KeyRing, type KeyRingHealth } from './apikey/key-ring.ts'
import { Guards } from './guards.ts'
import type { AddressJudge } from './jwt/fetch-key-set.ts'
import { KeySetSource } from './jwt/key-set-source.ts'
import type { KeySetWord } from './jwt/remote-key-set.ts'
import { TokenVerifier } from './jwt/token-verifier.ts'
import type { LimitObserver } from './limits/limit-observer.ts'
import type { Limiter } from './limits/limiter.ts'
import { openLimiter } from './limits/open-limiter.ts'
import type { PluginLog } from './plugin-log.ts'

export interface GuardSetParts {
  /** Which addresses may be asked for key sets. */
  readonly judge: AddressJudge
  readonly log: PluginLog
  /** Counts what the limiter does. */
  readonly limits: LimitObserver
  /** Told the address of a key set of which something new is known. */
  readonly onKeySetWord?: ((url: string) => void) | undefined
}

/** What other processes of this gateway are told, so that they judge like this one. */
export interface GuardKnowledge {
  digestKeys(): readonly DigestKey[]
  keySetWords(): readonly KeySetWord[]
  /** Undefined where no route names it, or before its first fetch has ended. */
  keySetWord(url: string): KeySetWord | undefined
  /** After a fetch that is on its way, if nothing can be used without it; with `refetch`, after a new one, if it is time. */
  awaitKeySet(url: string, refetch: boolean): Promise<KeySetWord | undefined>
}

export class GuardSet {
  readonly guards: Guards
  readonly knowledge: GuardKnowledge
  /** How api keys are found and known: for those who tell what the guard would say. */
  readonly keyFinding: { readonly apiKeyHeader: string; readonly digestOf: KeyRing['digestOf'] }
  readonly #keys: KeyRing
  readonly #keySets: KeySetSource
  readonly #limiter: Limiter

  /** Opens them; one line where an option cannot be followed. */
  static async open(
    options: Options,
    parts: GuardSetParts,
  ): Promise<GuardSet | { readonly problem: string }> {
    const limiter = await openLimiter(options, { log: parts.log, observer: parts.limits })
    return 'problem' in limiter ? limiter : new GuardSet(options, parts, limiter)
  }

  private constructor(options: Options, { judge, log, onKeySetWord }: GuardSetParts, limiter: Limiter) {
    this.#limiter = limiter
    this.#keys = new KeyRing({ file: options['plugins.apiKey.decryption_key_file'], log })
    this.#keySets = new KeySetSource({
      fetchTimeoutMs: options['plugins.jwt.fetch_timeout'],
      staleLimitMs: options['plugins.jwt.stale_limit'],
      judge,
      log,
      onWord: onKeySetWord,
    })
    this.knowledge = knowledgeOf(this.#keys, this.#keySets)
    this.keyFinding = {
      apiKeyHeader: options['plugins.apiKey.header_key'],
      digestOf: this.#keys.digestOf,
    }
    this.guards = new Guards({
      keys: this.#keys,
      apiKeyHeader: options['plugins.apiKey.header_key'],
      tokens: new TokenVerifier(this.#keySets.sets),
      limiter,
    })
  }

  /** What is known before anything else is. */
  firstEvent(): ResourceEvent {
    return this.#keys.firstEvent()
  }

  /** From now on events go there. */
  start(take: (event: ResourceEvent) => void): void {
    this.#keys.start(take)
    this.#keySets.start(take)
  }

  /** Takes a snapshot that has just become live, and the state that it was built from. */
  published(snapshot: Snapshot, state: State): void {
    this.#keys.published(snapshot, state)
    this.#keySets.published(snapshot)
  }

  health(): KeyRingHealth {
    return this.#keys.health()
  }

  async stop(): Promise<void> {
    this.#keys.stop()
    this.#keySets.stop()
    await this.#limiter.stop()
  }
}

function knowledgeOf(keys: KeyRing, { sets }: KeySetSource): GuardKnowledge {
  return {
    digestKeys: () => keys.digestKeys(),
    keySetWords: () => sets.words(),
    keySetWord: (url) => sets.word(url),
    async awaitKeySet(url, refetch) {
      const named = { type: 'url', url } as const
      await (refetch ? sets.refetch(named) : sets.current(named))
      return sets.word(url)
    },
  }
}
