// A persistent map from text to values: a hash array mapped trie. It exists beside `immutable` because a request looks
// up every prefix of its path: here the hashes of all prefixes come from one pass over the path, and a lookup by prefix
// allocates nothing. And because there are a dozen of them for each route: a text and its value lie in the node itself
// and not in an object of their own, which takes less than half of the memory, and a lookup waits for it less often.
// A set or a delete copies the handful of nodes on the way and shares the rest. Who makes many changes before anybody
// else sees the map names itself as their owner: nodes of its own are changed in place.

/** Who may change nodes in place: those that it made, for as long as nobody else has the map. Told by identity. */
export type Owner = object

/**
 * Two bitmaps over the next five bits of a hash, bit n for those whose value is n: one text is here; a node is here for
 * several. Then how many texts there are at and below this node, its owner, the texts each with its value behind it, in
 * the order of their bits, and, from the end on, the nodes in the order of theirs.
 * Where the hash has no more bits, texts of the very same hash stand in no order, and both bitmaps are 0.
 * Never longer than it has to be: an array that grew in place would keep room to grow.
 */
type Node<V> = [texts: number, nodes: number, size: number, owner: Owner | undefined, ...slots: Slot<V>[]]
type Slot<V> = string | V | Node<V>

/** Undefined is the empty map. */
export type TextMap<V> = Node<V> | undefined

const TEXTS = 0
const NODES = 1
const SIZE = 2
const OWNER = 3
/** Where the texts begin. */
const FIRST = 4

const BITS = 5
const MASK = 31
const HASH_BITS = 32
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
  for (let shift = 0; node !== undefined && shift < HASH_BITS; shift += BITS) {
    const bit = bitOf(hash, shift)
    if ((node[TEXTS] & bit) !== 0) {
      const at = slotOf(node, bit)
      return isPrefix(node[at] as string, text, length) ? (node[at + 1] as V) : undefined
    }
    if ((node[NODES] & bit) === 0) return undefined
    node = node[childOf(node, bit)] as Node<V>
  }
  if (node === undefined) return undefined
  for (let at = FIRST; at < node.length; at += 2) {
    if (isPrefix(node[at] as string, text, length)) return node[at + 1] as V
  }
  return undefined
}

/** The value of a text. */
export function findText<V>(map: TextMap<V>, text: string): V | undefined {
  return map === undefined ? undefined : findPrefix(map, text, text.length, hashText(text))
}

/** The map with this value in the place of any other of the text. */
export function setText<V>(map: TextMap<V>, text: string, value: V, owner?: Owner): TextMap<V> {
  const hash = hashText(text)
  return map === undefined
    ? [bitOf(hash, 0), 0, 1, owner, text, value]
    : setIn(map, 0, hash, text, value, owner)
}

/** The map without the text; the same map where it is not there. */
export function deleteText<V>(map: TextMap<V>, text: string, owner?: Owner): TextMap<V> {
  return map === undefined ? undefined : deleteIn(map, 0, hashText(text), text, owner)
}

/** Number of texts. */
export function sizeOf<V>(map: TextMap<V>): number {
  return map === undefined ? 0 : map[SIZE]
}

/** All texts and values, in no particular order. */
export function* textEntries<V>(map: TextMap<V>): Generator<readonly [text: string, value: V]> {
  const waiting: TextMap<V>[] = [map]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const end = node.length - countBits(node[NODES])
    for (let at = FIRST; at < end; at += 2) yield [node[at] as string, node[at + 1] as V]
    for (let at = end; at < node.length; at += 1) waiting.push(node[at] as Node<V>)
  }
}

function setIn<V>(
  node: Node<V>,
  shift: number,
  hash: number,
  text: string,
  value: V,
  owner: Owner | undefined,
): Node<V> {
  if (shift >= HASH_BITS) return setInList(node, text, value, owner)
  const bit = bitOf(hash, shift)
  const [texts, nodes, size] = node
  if ((nodes & bit) !== 0) {
    const place = childOf(node, bit)
    const child = node[place] as Node<V>
    const sizeBefore = child[SIZE]
    const next = setIn(child, shift + BITS, hash, text, value, owner)
    return withSlot(node, place, next, size - sizeBefore + next[SIZE], owner)
  }
  const at = slotOf(node, bit)
  if ((texts & bit) === 0)
    return headed(node.toSpliced(at, 0, text, value), texts | bit, nodes, size + 1, owner)
  const other = node[at] as string
  if (other === text) return withSlot(node, at + 1, value, size, owner)
  const single: Node<V> = [bitOf(hashText(other), shift + BITS), 0, 1, owner, other, node[at + 1] as V]
  const both = setIn(single, shift + BITS, hash, text, value, owner)
  const kept = headed(node.toSpliced(at, 2), texts ^ bit, nodes | bit, size + 1, owner)
  // One place further than where it will be counted from the end: the node is not there yet.
  return kept.toSpliced(childOf(kept, bit) + 1, 0, both) as Node<V>
}

function setInList<V>(node: Node<V>, text: string, value: V, owner: Owner | undefined): Node<V> {
  const [texts, nodes, size] = node
  for (let at = FIRST; at < node.length; at += 2) {
    if (node[at] === text) return withSlot(node, at + 1, value, size, owner)
  }
  return headed(node.toSpliced(FIRST, 0, text, value), texts, nodes, size + 1, owner)
}

function deleteIn<V>(
  node: Node<V>,
  shift: number,
  hash: number,
  text: string,
  owner: Owner | undefined,
): Node<V> | undefined {
  if (shift >= HASH_BITS) return deleteInList(node, text, owner)
  const bit = bitOf(hash, shift)
  const [texts, nodes, size] = node
  const at = slotOf(node, bit)
  if ((texts & bit) !== 0) {
    if (node[at] !== text) return node
    return size === 1 ? undefined : headed(node.toSpliced(at, 2), texts ^ bit, nodes, size - 1, owner)
  }
  if ((nodes & bit) === 0) return node
  const place = childOf(node, bit)
  const child = node[place] as Node<V>
  const sizeBefore = child[SIZE]
  const kept = deleteIn(child, shift + BITS, hash, text, owner)
  // What is its owner's is the same child also where it has lost a text.
  if (kept === undefined || kept[SIZE] === sizeBefore) return node
  if (kept[SIZE] > 1) return withSlot(node, place, kept, size - 1, owner)
  // A node with one text is that text, or lookups would get slower with every delete.
  const without = node.toSpliced(place, 1).toSpliced(at, 0, kept[FIRST], kept[FIRST + 1])
  return headed(without, texts | bit, nodes ^ bit, size - 1, owner)
}

function deleteInList<V>(node: Node<V>, text: string, owner: Owner | undefined): Node<V> {
  const [texts, nodes, size] = node
  for (let at = FIRST; at < node.length; at += 2) {
    if (node[at] === text) return headed(node.toSpliced(at, 2), texts, nodes, size - 1, owner)
  }
  return node
}

/** The node with another value or node in one slot: itself where it is the owner's. */
function withSlot<V>(
  node: Node<V>,
  at: number,
  slot: Slot<V>,
  size: number,
  owner: Owner | undefined,
): Node<V> {
  const own = owner !== undefined && node[OWNER] === owner
  const next = own ? node : (node.slice() as Node<V>)
  next[at] = slot
  next[SIZE] = size
  next[OWNER] = owner
  return next
}

/** A copy of a node, with what stands at its beginning. */
function headed<V>(
  copy: unknown[],
  texts: number,
  nodes: number,
  size: number,
  owner: Owner | undefined,
): Node<V> {
  copy[TEXTS] = texts
  copy[NODES] = nodes
  copy[SIZE] = size
  copy[OWNER] = owner
  return copy as Node<V>
}

function bitOf(hash: number, shift: number): number {
  return 1 << ((hash >>> shift) & MASK)
}

/** Where the text of that bit is, or would be. */
function slotOf<V>(node: Node<V>, bit: number): number {
  return FIRST + 2 * countBits(node[TEXTS] & (bit - 1))
}

/** Where the node of that bit is. */
function childOf<V>(node: Node<V>, bit: number): number {
  return node.length - 1 - countBits(node[NODES] & (bit - 1))
}

function isPrefix(key: string, text: string, length: number): boolean {
  return key.length === length && (length === text.length ? key === text : text.startsWith(key))
}

function countBits(bits: number): number {
  let count = bits - ((bits >>> 1) & 0x55555555)
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333)
  return Math.imul((count + (count >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
