// The table of api keys in the making, for one build: takes the ApiKeys that changed, or all of them where the decryption
// key did.

import type { KeyDigests } from '../events/event.ts'
import type { Decryption } from '../events/state.ts'
import { isInvalid, type Resource } from '../resources/resource.ts'
import { type KeyTable, keyTableOf, pendingRevisions, replaceKey } from './key-table.ts'

const NOTHING: KeyDigests = {}

export class KeyDraft {
  readonly #before: Decryption
  readonly #after: Decryption
  readonly #anew: boolean
  readonly #pending: string[] = []
  #table: KeyTable

  constructor(table: KeyTable, before: Decryption, after: Decryption) {
    this.#before = before
    this.#after = after
    this.#anew = before.key.keyId !== after.key.keyId
    this.#table = this.#anew ? keyTableOf(after.key.keyId) : table
  }

  /** What of it changed is an ApiKey, or what was decrypted of it. Each once, and all where the key is another one. */
  replace(before: Resource | undefined, after: Resource | undefined): void {
    this.#table = replaceKey(
      this.#table,
      { resource: this.#anew ? undefined : before, digests: digestsOf(before, this.#before) },
      { resource: after, digests: digestsOf(after, this.#after) },
    )
    if (after?.kind !== 'ApiKey' || isInvalid(after) || this.#after.key.keyId === '') return
    if (pendingRevisions(after, digestsOf(after, this.#after)).length > 0) this.#pending.push(after.meta.name)
  }

  get table(): KeyTable {
    return this.#table
  }

  /** ApiKeys among those taken that have revisions to be decrypted. */
  get pending(): readonly string[] {
    return this.#pending
  }
}

/** What was decrypted of an object. */
export function digestsOf(resource: Resource | undefined, { digests }: Decryption): KeyDigests {
  return resource === undefined ? NOTHING : (digests.get(resource.meta.name) ?? NOTHING)
}
