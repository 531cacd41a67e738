// A persistent index from keys to groups of members, open for changes during one build. It holds the keys of the members
// and not what they say, so that nothing of it changes with them. A group of one member is one node of a text map: most
// are, and there are several for each route.

import { deleteText, findText, type Owner, setText, type TextMap } from '../events/text-map.ts'

export type Group = TextMap<true>

/** No group is empty. */
export type PersistentIndex = TextMap<NonNullable<Group>>

export class IndexDraft {
  #groups: PersistentIndex
  /** Nobody else has it, so that what this draft makes is changed in place by it alone. */
  readonly #owner: Owner = {}

  constructor(index: PersistentIndex) {
    this.#groups = index
  }

  /** The group as it is now; do not keep it. */
  get(key: string): Group {
    return findText(this.#groups, key)
  }

  /** Puts a member into a group. */
  put(key: string, member: string): void {
    const before = this.get(key)
    if (findText(before, member) === undefined) {
      this.#replace(key, before, setText(before, member, true, this.#owner))
    }
  }

  remove(key: string, member: string): void {
    const before = this.get(key)
    if (before !== undefined) this.#replace(key, before, deleteText(before, member, this.#owner))
  }

  /** The index with all changes. The draft must not be changed any more. */
  done(): PersistentIndex {
    return this.#groups
  }

  #replace(key: string, before: Group, after: Group): void {
    if (after === before) return
    this.#groups =
      after === undefined
        ? deleteText(this.#groups, key, this.#owner)
        : setText(this.#groups, key, after, this.#owner)
  }
}
