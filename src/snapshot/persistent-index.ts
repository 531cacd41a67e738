// A persistent index from keys to groups of members, open for changes during one build. It holds the keys of the members
// and not what they say, so that nothing of it changes with them. Most groups have one member, and there are several for
// each route: of these a group is the key alone.

import {
  deleteText,
  findText,
  type Owner,
  setText,
  sizeOf,
  textEntries,
  type TextMap,
} from '../events/text-map.ts'

/** The key of its only member, or a map of several or none. */
export type Group = string | TextMap<true>

/** No group is empty. */
export type PersistentIndex = TextMap<NonNullable<Group>>

/** How many members a group has. */
export function groupSize(group: Group): number {
  return typeof group === 'string' ? 1 : sizeOf(group)
}

/** The keys of the members, in no particular order. */
export function* membersOf(group: Group): Generator<string> {
  if (typeof group === 'string') yield group
  else for (const [member] of textEntries(group)) yield member
}

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
    if (before === undefined) return this.#set(key, member)
    if (before === member) return
    const members = typeof before === 'string' ? setText<true>(undefined, before, true) : before
    if (findText(members, member) === undefined) this.#set(key, setText(members, member, true, this.#owner))
  }

  remove(key: string, member: string): void {
    const before = this.get(key)
    if (before === undefined || (typeof before === 'string' && before !== member)) return
    this.#set(key, typeof before === 'string' ? undefined : deleteText(before, member, this.#owner))
  }

  /** The index with all changes. The draft must not be changed any more. */
  done(): PersistentIndex {
    return this.#groups
  }

  #set(key: string, group: Group): void {
    this.#groups =
      group === undefined
        ? deleteText(this.#groups, key, this.#owner)
        : setText(this.#groups, key, group, this.#owner)
  }
}
