// A persistent map from text to values: a hash array mapped trie. It exists beside `immutable` because a request looks
// up every prefix of its path: here the hashes of all prefixes come from one pass over the path, and a lookup by prefix
// allocates nothing. And because there are a dozen of them for each route: an entry takes a third of the memory.
// A set or a delete copies the handful of nodes on the way and shares the rest. Who makes many changes before anybody
// else sees the map names itself as their owner: nodes of its own are changed in place.

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
  bitmap: number
  /** Number of texts. */
  size: number
  /** Never longer than it has to be: an array that grew in place would keep room to grow. */
  children: Node<V>[]
  readonly owner: Owner | undefined

  constructor(bitmap: number, size: number, children: Node<V>[], owner: Owner | undefined) {
    this.bitmap = bitmap
    this.size = size
    this.children = children
    this.owner = owner
  }
}

/** Who may change nodes in place: those that it made, for as long as nobody else has the map. Told by identity. */
export type Owner = object

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
  for (let leaf = leafOf(map, hash); leaf !== undefined; leaf = leaf.next) {
    if (leaf.hash === hash && leaf.key.length === length && text.startsWith(leaf.key)) return leaf.value
  }
  return undefined
}

/** The value of a text. */
export function findText<V>(map: TextMap<V>, text: string): V | undefined {
  if (map === undefined) return undefined
  const hash = hashText(text)
  for (let leaf = leafOf(map, hash); leaf !== undefined; leaf = leaf.next) {
    if (leaf.hash === hash && leaf.key === text) return leaf.value
  }
  return undefined
}

/** The first of the leaves among which one with that hash would be. */
function leafOf<V>(map: TextMap<V>, hash: number): Leaf<V> | undefined {
  let node = map
  let shift = 0
  while (node instanceof Branch) {
    const bit = 1 << ((hash >>> shift) & MASK)
    if ((node.bitmap & bit) === 0) return undefined
    node = node.children[countBits(node.bitmap & (bit - 1))]
    shift += BITS
  }
  return node
}

/** The map with this value in the place of any other of the text. */
export function setText<V>(map: TextMap<V>, text: string, value: V, owner?: Owner): TextMap<V> {
  return setNode(map, 0, new Leaf(hashText(text), text, value, undefined), owner)
}

/** The map without the text; the same map where it is not there. */
export function deleteText<V>(map: TextMap<V>, text: string, owner?: Owner): TextMap<V> {
  return deleteNode(map, 0, hashText(text), text, owner)
}

/** Number of texts; at once, but for texts with the very same hash. */
export function sizeOf<V>(map: TextMap<V>): number {
  if (map instanceof Branch) return map.size
  let size = 0
  for (let leaf = map; leaf !== undefined; leaf = leaf.next) size += 1
  return size
}

/** All texts and values, in no particular order. */
export function* textEntries<V>(map: TextMap<V>): Generator<readonly [text: string, value: V]> {
  const waiting: TextMap<V>[] = [map]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node instanceof Branch) waiting.push(...node.children)
    else
      for (let leaf: Leaf<V> | undefined = node; leaf !== undefined; leaf = leaf.next)
        yield [leaf.key, leaf.value]
  }
}

function setNode<V>(node: TextMap<V>, shift: number, added: Leaf<V>, owner: Owner | undefined): Node<V> {
  if (node === undefined) return added
  if (node instanceof Leaf) {
    if (node.hash !== added.hash) return split(node, added, shift, owner)
    const others = withoutKey(node, added.key)
    return others === undefined ? added : new Leaf(added.hash, added.key, added.value, others)
  }
  const bit = 1 << ((added.hash >>> shift) & MASK)
  const index = countBits(node.bitmap & (bit - 1))
  if ((node.bitmap & bit) === 0) {
    return changed(node, node.bitmap | bit, node.size + 1, node.children.toSpliced(index, 0, added), owner)
  }
  const before = node.children[index]
  const sizeBefore = sizeOf(before)
  const child = setNode(before, shift + BITS, added, owner)
  return withChild(node, index, child, node.size - sizeBefore + sizeOf(child), owner)
}

/** The branch with another child in that place: itself where it is the owner's. */
function withChild<V>(
  node: Branch<V>,
  index: number,
  child: Node<V>,
  size: number,
  owner: Owner | undefined,
): Branch<V> {
  if (owner === undefined || node.owner !== owner) {
    return new Branch(node.bitmap, size, node.children.with(index, child), owner)
  }
  node.children[index] = child
  node.size = size
  return node
}

/** The branch with other children: itself where it is the owner's. */
function changed<V>(
  node: Branch<V>,
  bitmap: number,
  size: number,
  children: Node<V>[],
  owner: Owner | undefined,
): Branch<V> {
  if (owner === undefined || node.owner !== owner) return new Branch(bitmap, size, children, owner)
  node.bitmap = bitmap
  node.size = size
  node.children = children
  return node
}

/** A branch that holds two leaves whose hashes differ. */
function split<V>(a: Leaf<V>, b: Leaf<V>, shift: number, owner: Owner | undefined): Branch<V> {
  const slotA = (a.hash >>> shift) & MASK
  const slotB = (b.hash >>> shift) & MASK
  const size = sizeOf(a) + 1
  if (slotA === slotB) return new Branch(1 << slotA, size, [split(a, b, shift + BITS, owner)], owner)
  return new Branch((1 << slotA) | (1 << slotB), size, slotA < slotB ? [a, b] : [b, a], owner)
}
function deleteNode<V>(
  node: TextMap<V>,
  shift: number,
  hash: number,
  key: string,
  owner: Owner | undefined,
): TextMap<V> {
  if (node === undefined) return undefined
  if (node instanceof Leaf) return node.hash === hash ? withoutKey(node, key) : node
  const bit = 1 << ((hash >>> shift) & MASK)
  if ((node.bitmap & bit) === 0) return node
  const index = countBits(node.bitmap & (bit - 1))
  const child = node.children[index]
  const sizeBefore = sizeOf(child)
  const kept = deleteNode(child, shift + BITS, hash, key, owner)
  // What is its owner's is the same child also where it has lost a text.
  if (sizeOf(kept) === sizeBefore) return node
  const size = node.size - 1
  if (kept !== undefined) {
    // A branch with one leaf is that leaf, or lookups would get slower with every delete.
    return node.children.length === 1 && kept instanceof Leaf
      ? kept
      : withChild(node, index, kept, size, owner)
  }
  const children = node.children.toSpliced(index, 1)
  const [only] = children
  if (only === undefined) return undefined
  return children.length === 1 && only instanceof Leaf
    ? only
    : changed(node, node.bitmap ^ bit, size, children, owner)
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
