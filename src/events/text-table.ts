// A text map (text-map.ts) as an object, with the calls that `immutable`'s maps have: of the many maps of state and
// snapshot those that grow with the number of objects. Persistent, but for one that `asMutable` opened.

import { deleteText, findText, type Owner, setText, sizeOf, textEntries, type TextMap } from './text-map.ts'

export class TextTable<V> implements Iterable<readonly [key: string, value: V]> {
  #root: TextMap<V>
  /** Of the nodes that are changed in place; undefined: none are. */
  #owner: Owner | undefined
  #altered = false

  constructor(root?: TextMap<V>, owner?: Owner) {
    this.#root = root
    this.#owner = owner
  }

  get size(): number {
    return sizeOf(this.#root)
  }

  get(key: string): V | undefined {
    return findText(this.#root, key)
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  /** The table with this value in the place of any other of the key; itself where it is open. */
  set(key: string, value: V): TextTable<V> {
    return this.#with(setText(this.#root, key, value, this.#owner))
  }

  /** The table without the key; itself where it is open, or the key is not there. */
  delete(key: string): TextTable<V> {
    const before = this.size
    const root = deleteText(this.#root, key, this.#owner)
    return sizeOf(root) === before ? this : this.#with(root)
  }

  /** A table with the same content whose changes are made in place, until `asImmutable`. */
  asMutable(): TextTable<V> {
    return new TextTable(this.#root, {})
  }

  /** Closes the table; it must not be opened again. */
  asImmutable(): TextTable<V> {
    this.#owner = undefined
    return this
  }

  /** True once a table that was opened has been changed. */
  wasAltered(): boolean {
    return this.#altered
  }

  [Symbol.iterator](): Iterator<readonly [key: string, value: V]> {
    return this.entries()
  }

  /** In no particular order, as all of them. */
  entries(): Generator<readonly [key: string, value: V]> {
    return textEntries(this.#root)
  }

  *keys(): Generator<string> {
    for (const [key] of this.entries()) yield key
  }

  *values(): Generator<V> {
    for (const [, value] of this.entries()) yield value
  }

  #with(root: TextMap<V>): TextTable<V> {
    if (this.#owner === undefined) return new TextTable(root)
    this.#root = root
    this.#altered = true
    return this
  }
}
