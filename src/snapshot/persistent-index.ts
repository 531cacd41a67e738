// A persistent index from keys to groups of members, open for changes during one build. A group of one member is one
// node of a text map: most are, and there are several for each route.

import { deleteText, findText, type Owner, setText, type TextMap } from '../events/text-map.ts'

/** No group is empty. */
export type PersistentIndex<T> = TextMap<NonNullable<TextMap<T>>>

export class IndexDraft<T> {
  #groups: PersistentIndex<T>
  /** Nobody else has it, so that what this draft makes is changed in place by it alone. */
  readonly #owner: Owner = {}

  constructor(index: PersistentIndex<T>) {
    this.#groups = index
  }

  /** The group as it is now; do not keep it. */
  get(key: string): TextMap<T> {
    return findText(this.#groups, key)
  }

  /** Puts a member into a group, in the place of any other of its key. */
  put(key: string, member: string, value: T): void {
    this.#replace(key, setText(this.get(key), member, value, this.#owner))
  }

  remove(key: string, member: string): void {
    this.#replace(key, deleteText(this.get(key), member, this.#owner))
  }

  /** The index with all changes. The draft must not be changed any more. */
  done(): PersistentIndex<T> {
    return this.#groups
  }

  #replace(key: string, group: TextMap<T>): void {
    if (group === this.get(key)) return
    this.#groups =
      group === undefined
        ? deleteText(this.#groups, key, this.#owner)
        : setText(this.#groups, key, group, this.#owner)
  }
}
