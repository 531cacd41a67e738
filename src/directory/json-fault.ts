// Finds where a text breaks the grammar of JSON (RFC 8259), has a key twice or nests too deep. JSON.parse says no place
// for most faults, quotes the text in its messages and takes a key twice without a word. Must never recurse: the text
// decides how deep it goes.

import type { TextFault } from './text-fault.ts'

const JSON_DEPTH_MAX = 100

interface Level {
  /** Undefined in a list. */
  readonly keys: Set<string> | undefined
  /** True right after the opening bracket, where the closing one may follow. */
  fresh: boolean
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const WORD = /true|false|null/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

/** The first fault, or undefined for a text that JSON.parse takes and that says each key once. */
export function jsonFault(text: string): TextFault | undefined {
  const levels: Level[] = []
  let at = skipSpace(text, 0)
  let expected: 'value' | 'key' | 'after' = 'value'
  for (;;) {
    const level = levels.at(-1)
    const character = text[at]
    if (expected === 'after') {
      if (level === undefined)
        return at === text.length ? undefined : { offset: at, rule: 'nothing may follow the value' }
      if (character === ',') {
        expected = level.keys === undefined ? 'value' : 'key'
        at += 1
      } else if (closes(character, level)) {
        levels.pop()
        at += 1
      } else return { offset: at, rule: `expected "," or "${level.keys === undefined ? ']' : '}'}"` }
    } else if (level?.fresh === true && closes(character, level)) {
      levels.pop()
      at += 1
      expected = 'after'
    } else if (expected === 'key') {
      const end = stringEnd(text, at)
      if (end < 0) return { offset: -end - 1, rule: 'expected a key in double quotes' }
      const key = String(JSON.parse(text.slice(at, end)))
      if (level?.keys?.has(key) === true) return { offset: at, rule: 'the key is there twice' }
      level?.keys?.add(key)
      at = skipSpace(text, end)
      if (text[at] !== ':') return { offset: at, rule: 'expected ":"' }
      at += 1
      expected = 'value'
    } else if (character === '{' || character === '[') {
      if (levels.length === JSON_DEPTH_MAX)
        return { offset: at, rule: `nested deeper than ${JSON_DEPTH_MAX} levels` }
      if (level !== undefined) level.fresh = false
      levels.push({ keys: character === '{' ? new Set() : undefined, fresh: true })
      expected = character === '{' ? 'key' : 'value'
      at = skipSpace(text, at + 1)
      continue
    } else {
      const end = scalarEnd(text, at)
      if (end < 0) return { offset: -end - 1, rule: 'expected a value' }
      at = end
      expected = 'after'
    }
    if (level !== undefined) level.fresh = false
    at = skipSpace(text, at)
  }
}

function closes(character: string | undefined, level: Level): boolean {
  return character === (level.keys === undefined ? ']' : '}')
}

function skipSpace(text: string, from: number): number {
  let at = from
  for (;;) {
    const code = text.charCodeAt(at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at
    at += 1
  }
}

/** Index after the value; where there is none, `-1 - (index of the fault)`. */
function scalarEnd(text: string, at: number): number {
  if (text[at] === '"') return stringEnd(text, at)
  for (const pattern of [NUMBER, WORD]) {
    pattern.lastIndex = at
    if (pattern.test(text)) return pattern.lastIndex
  }
  return -1 - at
}

function stringEnd(text: string, at: number): number {
  if (text[at] !== '"') return -1 - at
  for (let index = at + 1; ; index += 1) {
    const code = text.charCodeAt(index)
    if (code === 0x22) return index + 1
    if (code === 0x5c) {
      ESCAPE.lastIndex = index
      if (!ESCAPE.test(text)) return -1 - index
      index = ESCAPE.lastIndex - 1
    } else if (!(code >= 0x20)) return -1 - index
  }
}
