// What is told to workers: every change in order, once a turn and serialised once for all of them, and to a worker that
// knows nothing the last published state with what came since. The source is never asked for any of it.

import { serialize } from 'node:v8'
import type { ResourceEvent } from '../events/event.ts'
import type { GuardKnowledge } from '../plugins/guard-set.ts'
import type { Publication } from '../pipeline.ts'
import type { Vault } from '../resources/vault.ts'
import type { BatchSpan } from '../telemetry/batch-links.ts'
import { catchUp, itemsOf, type Published } from './catch-up.ts'
import type { FeedItem } from './messages.ts'

/** Who is told: a worker process. */
export interface Fed {
  feed(items: Uint8Array): void
  catchUp(pieces: Iterable<readonly FeedItem[]>): unknown
}

export interface FeedParts {
  readonly vault: Pick<Vault, 'get'>
  /** All that run, also those that have not asked for a state yet. */
  readonly workers: () => Iterable<Fed>
}

/** Changes since a publication that are kept for workers to come; more of them, and these wait for the next one. */
export const SINCE_MAX = 10_000

export class Feed {
  readonly #parts: FeedParts
  /** Undefined until the gateway has been assembled: nobody is told anything before. */
  knowledge: GuardKnowledge | undefined
  #published: Published | undefined
  /** What was told since; undefined where that was too much. */
  #since: FeedItem[] | undefined = []
  /** What is to be told at the end of this turn. */
  #turn: FeedItem[] = []
  /** Those that want a state while there is none that they could be given. */
  #hungry: Fed[] = []

  constructor(parts: FeedParts) {
    this.#parts = parts
  }

  /** Of the last publication; 0 before the first. */
  get revision(): number {
    return this.#published?.mark.revision ?? 0
  }

  /** Takes an event that changed what is known. */
  record(event: ResourceEvent): void {
    this.#tell(itemsOf(event, this.#parts.vault))
    if (event.type === 'decryption_key' && this.knowledge !== undefined) {
      this.#tell([{ type: 'digest_keys', keys: this.knowledge.digestKeys() }])
    }
  }

  /** Takes a publication: from now on it is what workers to come begin with. */
  published({ snapshot, state }: Publication, batch: BatchSpan | undefined): void {
    const { revision, hash } = snapshot
    const mark = { type: 'publish', revision, hash, batch } as const
    this.#tell([mark])
    this.#flush()
    this.#published = { state, mark }
    this.#since = []
    for (const worker of this.#hungry.splice(0)) this.begin(worker)
  }

  /** Something new is known of a key set. */
  keySetChanged(url: string): void {
    this.#tell([{ type: 'key_set', url, word: this.knowledge?.keySetWord(url) }])
  }

  /** Tells a worker that knows nothing everything, now or as soon as there is something to tell. */
  begin(worker: Fed): void {
    const { knowledge } = this
    if (this.#published === undefined || this.#since === undefined || knowledge === undefined) {
      this.#hungry.push(worker)
      return
    }
    // What is left of this turn would otherwise be told twice.
    this.#flush()
    worker.catchUp(catchUp(this.#published, this.#since, { vault: this.#parts.vault, knowledge }))
  }

  /** It has ended. */
  forget(worker: Fed): void {
    this.#hungry = this.#hungry.filter((other) => other !== worker)
  }

  #tell(items: readonly FeedItem[]): void {
    if (this.#turn.length === 0) setImmediate(() => this.#flush())
    for (const item of items) this.#turn.push(item)
    if (this.#since === undefined) return
    for (const item of items) this.#since.push(item)
    if (this.#since.length > SINCE_MAX) this.#since = undefined
  }

  #flush(): void {
    const items = this.#turn
    if (items.length === 0) return
    this.#turn = []
    let bytes: Uint8Array | undefined
    for (const worker of this.#parts.workers()) worker.feed((bytes ??= serialize(items)))
  }
}
