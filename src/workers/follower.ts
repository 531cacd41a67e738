// Leads a worker to the snapshots that the primary publishes: folds what it is fed into a state and builds where it is
// told to, under the revision that it is told, by the very functions that the primary folds and builds with. What comes
// of it is compared with the primary's hash by those who read both: it must never take over a hash that it did not make.

import { CheckpointReader } from '../events/journal/checkpoint.ts'
import type { PluginFact } from '../events/event.ts'
import { apply, EMPTY_STATE, type State } from '../events/state.ts'
import { settle } from '../events/touched.ts'
import type { DigestKey } from '../plugins/apikey/key-digester.ts'
import type { KeySetWord } from '../plugins/jwt/remote-key-set.ts'
import type { Vault } from '../resources/vault.ts'
import type { BuildOptions } from '../snapshot/build-options.ts'
import { build } from '../snapshot/build.ts'
import type { Current } from '../snapshot/current.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { BatchSpan } from '../telemetry/batch-links.ts'
import type { Log } from '../telemetry/log.ts'
import type { FeedItem } from './messages.ts'

/** A snapshot that has just become live in this worker. */
export interface Followed {
  readonly snapshot: Snapshot
  readonly state: State
  readonly batch: BatchSpan | undefined
}

export interface FollowerParts {
  readonly options: BuildOptions
  readonly current: Current
  readonly vault: Vault
  /** What became of loading the plugins in this process; the primary's own may be others. */
  readonly plugins: readonly PluginFact[]
  readonly log: Pick<Log, 'error'>
  readonly onDigestKeys: (keys: readonly DigestKey[]) => void
  readonly onKeySet: (url: string, word: KeySetWord | undefined) => void
  readonly onBuildFailed: () => void
  readonly onPublished: (followed: Followed) => void
}

export class Follower {
  readonly #parts: FollowerParts
  #state: State = EMPTY_STATE
  #checkpoint: CheckpointReader | undefined

  constructor(parts: FollowerParts) {
    this.#parts = parts
  }

  /** Takes the next item. What it throws on is logged: the hash tells that something is amiss. */
  take(item: FeedItem): void {
    try {
      this.#take(item)
    } catch (err) {
      this.#parts.log.error({ err, type: item.type }, 'what the primary told could not be followed')
    }
  }

  #take(item: FeedItem): void {
    switch (item.type) {
      case 'state':
      case 'objects':
      case 'checkpoint':
        return this.#restore(item)
      case 'secret':
        return this.#parts.vault.put(item.handle, item.material)
      case 'digest_keys':
        return this.#parts.onDigestKeys(item.keys)
      case 'key_set':
        return this.#parts.onKeySet(item.url, item.word)
      case 'event':
        this.#state = apply(this.#state, item.event)
        return
      case 'publish':
        return this.#publish(item)
    }
  }

  #restore(line: Extract<FeedItem, { type: 'state' | 'objects' | 'checkpoint' }>): void {
    this.#checkpoint ??= new CheckpointReader()
    const read = this.#checkpoint.take(line)
    if (read === undefined) return
    this.#checkpoint = undefined
    if (read === false) throw new Error('a state came in pieces that do not belong together')
    const observedAt = performance.timeOrigin + performance.now()
    const { plugins } = this.#parts
    this.#state = apply(read, { type: 'plugins', source: 'plugins', observedAt, plugins })
  }

  #publish({ revision, batch }: Extract<FeedItem, { type: 'publish' }>): void {
    const { options, current, vault } = this.#parts
    let snapshot: Snapshot
    try {
      snapshot = build(this.#state, options, current.snapshot, revision)
    } catch (err) {
      this.#parts.log.error({ err, revision }, 'a build failed: the last good snapshot stays')
      this.#parts.onBuildFailed()
      return
    }
    this.#state = settle(this.#state)
    current.swap(snapshot)
    vault.follow(this.#state.kinds.Secret.objects)
    this.#parts.onPublished({ snapshot, state: this.#state, batch })
  }
}
