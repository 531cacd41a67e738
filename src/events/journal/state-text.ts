// A state as plain JSON and back, whatever fields it has: immutable maps and sets and big integers are written with a mark
// in front. Objects are not for this file (checkpoint.ts): there are too many of them for one line.

import { isMap, isSet, Map, Set as PersistentSet } from 'immutable'

const MAP = '$map'
const SET = '$set'
const BIGINT = '$bigint'
/** An object whose own keys could be taken for a mark. */
const ENTRIES = '$entries'

/** Fields that are undefined are left out. */
export function encode(value: unknown): unknown {
  if (typeof value === 'bigint') return { [BIGINT]: value.toString(16) }
  if (isMap(value)) return { [MAP]: Array.from(value.entries(), ([key, item]) => [key, encode(item)]) }
  if (isSet(value)) return { [SET]: Array.from(value.values(), encode) }
  if (Array.isArray(value)) return value.map(encode)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]): [string, unknown] => [key, encode(item)])
  return entries.some(([key]) => key.startsWith('$')) ? { [ENTRIES]: entries } : Object.fromEntries(entries)
}

/** What `encode` was given. */
export function decode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decode)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const [first] = entries
  if (first === undefined || entries.length > 1) return decodeFields(entries)
  const [mark, items] = first
  if (mark === BIGINT) return BigInt(`0x${String(items)}`)
  if (!Array.isArray(items)) return decodeFields(entries)
  if (mark === MAP) return Map(pairsOf(items))
  if (mark === SET) return PersistentSet(items.map(decode))
  if (mark === ENTRIES) return Object.fromEntries(pairsOf(items))
  return decodeFields(entries)
}

function decodeFields(entries: readonly [string, unknown][]): object {
  return Object.fromEntries(entries.map(([key, item]) => [key, decode(item)]))
}

function pairsOf(items: readonly unknown[]): [string, unknown][] {
  return items.map((item): [string, unknown] => {
    const [key, value] = Array.isArray(item) ? item : []
    return [String(key), decode(value)]
  })
}
