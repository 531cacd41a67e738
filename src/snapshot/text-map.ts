// A persistent map from text to values: a hash array mapped trie. It exists beside `immutable` because a request looks
// up every prefix of its path: here the hashes of all prefixes come from one pass over the path, and a lookup by prefix
// allocates nothing. A set or a delete copies the handful of nodes on the way and shares the rest.

class Leaf<V> {
  readonly hash: number
  readonly key: string
  readonly value: V
  /** The next text with the very same hash. */
  readonly next: Leaf<V> | undefined

  constructor(hash: number, key: string, value: V, next: Leaf<V> | undefined) {
    this.hash = hash
    this.key = key
    this.value = value
    this.next = next
  }
}

class Branch<V> {
  /** Bit n: there is a child for the five bits of the hash whose value is n. */
  readonly bitmap: number
  readonly children: readonly Node<V>[]

  constructor(bitmap: number, children: readonly Node<V>[]) {
    this.bitmap = bitmap
    this.children = children
  }
}

type Node<V> = Leaf<V> | Branch<V>

/** Undefined is the empty map. */
export type TextMap<V> = Node<V> | undefined

const BITS = 5
const MASK = 31
const FNV_PRIME = 0x01000193

/** Where hashing begins. */
export const HASH_SEED = 0x811c9dc5 | 0

/** The running hash (FNV-1a) after one more UTF-16 unit; not yet good for a lookup. */
export function hashUnit(running: number, unit: number): number {
  return Math.imul(running ^ unit, FNV_PRIME)
}

/** The hash of all units so far, spread over all bits. */
export function hashEnd(running: number): number {
  const spread = Math.imul(running ^ (running >>> 16), 0x85ebca6b)
  return spread ^ (spread >>> 13)
}

/** The hash of a whole text. */
export function hashText(text: string): number {
  let running = HASH_SEED
  for (let index = 0; index < text.length; index += 1) running = hashUnit(running, text.charCodeAt(index))
  return hashEnd(running)
}

/** The value of the first `length` units of the text, whose hash the caller has. */
export function findPrefix<V>(map: TextMap<V>, text: string, length: number, hash: number): V | undefined {
  let node = map
  let shift = 0
  while (node instanceof Branch) {
    const bit = 1 << ((hash >>> shift) & MASK)
    if ((node.bitmap & bit) === 0) return undefined
    node = node.children[countBits(node.bitmap & (bit - 1))]
    shift += BITS
  }
  for (let leaf = node; leaf !== undefined; leaf = leaf.next) {
    if (leaf.hash === hash && leaf.key.length === length && text.startsWith(leaf.key)) return leaf.value
  }
  return undefined
}

/** The value of a text. */
export function findText<V>(map: TextMap<V>, text: string): V | undefined {
  return map === undefined ? undefined : findPrefix(map, text, text.length, hashText(text))
}

/** The map with this value in the place of any other of the text. */
export function setText<V>(map: TextMap<V>, text: string, value: V): TextMap<V> {
  return setNode(map, 0, new Leaf(hashText(text), text, value, undefined))
}

/** The map without the text; the same map where it is not there. */
export function deleteText<V>(map: TextMap<V>, text: string): TextMap<V> {
  return deleteNode(map, 0, hashText(text), text)
}

/** All texts and values, in no particular order. */
export function* textEntries<V>(map: TextMap<V>): Generator<readonly [text: string, value: V]> {
  if (map instanceof Branch) {
    for (const child of map.children) yield* textEntries(child)
    return
  }
  for (let leaf = map; leaf !== undefined; leaf = leaf.next) yield [leaf.key, leaf.value]
}

function setNode<V>(node: TextMap<V>, shift: number, added: Leaf<V>): Node<V> {
  if (node === undefined) return added
  if (node instanceof Leaf) {
    if (node.hash !== added.hash) return split(node, added, shift)
    return new Leaf(added.hash, added.key, added.value, withoutKey(node, added.key))
  }
  const bit = 1 << ((added.hash >>> shift) & MASK)
  const index = countBits(node.bitmap & (bit - 1))
  if ((node.bitmap & bit) === 0) {
    return new Branch(node.bitmap | bit, node.children.toSpliced(index, 0, added))
  }
  const child = setNode(node.children[index], shift + BITS, added)
  return new Branch(node.bitmap, node.children.with(index, child))
}

/** A branch that holds two leaves whose hashes differ. */
function split<V>(a: Leaf<V>, b: Leaf<V>, shift: number): Branch<V> {
  const slotA = (a.hash >>> shift) & MASK
  const slotB = (b.hash >>> shift) & MASK
  if (slotA === slotB) return new Branch(1 << slotA, [split(a, b, shift + BITS)])
  return new Branch((1 << slotA) | (1 << slotB), slotA < slotB ? [a, b] : [b, a])
}

function deleteNode<V>(node: TextMap<V>, shift: number, hash: number, key: string): TextMap<V> {
  if (node === undefined) return undefined
  if (node instanceof Leaf) return node.hash === hash ? withoutKey(node, key) : node
  const bit = 1 << ((hash >>> shift) & MASK)
  if ((node.bitmap & bit) === 0) return node
  const index = countBits(node.bitmap & (bit - 1))
  const child = node.children[index]
  const kept = deleteNode(child, shift + BITS, hash, key)
  if (kept === child) return node
  if (kept !== undefined) {
    // A branch with one leaf is that leaf, or lookups would get slower with every delete.
    return node.children.length === 1 && kept instanceof Leaf
      ? kept
      : new Branch(node.bitmap, node.children.with(index, kept))
  }
  const children = node.children.toSpliced(index, 1)
  const [only] = children
  if (only === undefined) return undefined
  return children.length === 1 && only instanceof Leaf ? only : new Branch(node.bitmap ^ bit, children)
}

/** The chain of equal hashes without one key; the same chain where it is not in it. */
function withoutKey<V>(leaf: Leaf<V>, key: string): Leaf<V> | undefined {
  if (leaf.key === key) return leaf.next
  if (leaf.next === undefined) return leaf
  const rest = withoutKey(leaf.next, key)
  return rest === leaf.next ? leaf : new Leaf(leaf.hash, leaf.key, leaf.value, rest)
}

function countBits(bits: number): number {
  let count = bits - ((bits >>> 1) & 0x55555555)
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333)
  return Math.imul((count + (count >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
