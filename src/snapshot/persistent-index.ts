// A persistent index from keys to groups of members, open for changes during one build. Groups that a build changes are
// opened once and closed together, since a group of a hundred thousand members must not be copied per member.

import type { Map } from 'immutable'

/** No group is empty. */
export type PersistentIndex<T> = Map<string, Map<string, T>>

export class IndexDraft<T> {
  readonly #empty: Map<string, T>
  #groups: PersistentIndex<T>
  /** Groups that are open for changes. */
  readonly #open = new globalThis.Map<string, Map<string, T>>()

  constructor(index: PersistentIndex<T>, empty: Map<string, T>) {
    this.#groups = index
    this.#empty = empty
  }

  /** The group as it is now; do not keep it. */
  get(key: string): Map<string, T> | undefined {
    const group = this.#open.get(key) ?? this.#groups.get(key)
    return group === undefined || group.size === 0 ? undefined : group
  }

  /** Puts a member into a group, in the place of any other of its key. */
  put(key: string, member: string, value: T): void {
    this.#opened(key).set(member, value)
  }

  remove(key: string, member: string): void {
    if (this.get(key)?.has(member)) this.#opened(key).delete(member)
  }

  /** The index with all changes, immutable again. */
  done(): PersistentIndex<T> {
    if (this.#open.size === 0) return this.#groups
    const groups = this.#groups.asMutable()
    for (const [key, group] of this.#open) {
      if (group.size === 0) groups.delete(key)
      else groups.set(key, group.asImmutable())
    }
    return groups.asImmutable()
  }

  #opened(key: string): Map<string, T> {
    const known = this.#open.get(key)
    if (known !== undefined) return known
    const opened = (this.#groups.get(key) ?? this.#empty).asMutable()
    this.#open.set(key, opened)
    return opened
  }
}
