// Reads YAML documents that are written plainly, as nearly all manifests are: block maps and lists, scalars of one line,
// comments; or JSON. It knows a part of YAML that is the same however one reads the specification, and says `NOT_PLAIN`
// of everything else: the library then has the word. It must never give another value than the library would, and never
// say what is wrong with a text (test/properties/plain-yaml.test.ts holds it to the library).

import { jsonFault } from './json-fault.ts'

/** Said of a document that only the library can read, or refuse. */
export const NOT_PLAIN = Symbol('not plain')

const DEPTH_MAX = 50
const SPACE = 0x20
const NEWLINE = 0x0a
const HASH = 0x23
const DASH = 0x2d
const COLON = 0x3a
/** Tabs, other line breaks and all that is not ASCII have rules of their own. */
const UNPLAIN = /[^\x20-\x7e\n]/
const MARKER = /^---(?: +#[^\n]*| *)(?:\n|$)/
const KEY = /(?:([A-Za-z_][A-Za-z0-9_./-]*)|"([^"\\\n]*)"|'([^'\n]*)'):(?=[ \n]|$)/y
const FIRST = /[A-Za-z0-9/_]|-[A-Za-z0-9]/y
const QUOTED = /(?:"([^"\\\n]*)"|'([^'\n]*)')(?= *(?:\n|$)| +#)/y
const EMPTY = /(?:\{\}|\[\])(?= *(?:\n|$)| +#)/y
const INTEGER = /^(?:0|-?[1-9][0-9]{0,14})$/
/** Everything else that the core schema (YAML 1.2.2, section 10.3) takes for a number. */
const NUMBER = /^-?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?$|^0[ox][0-9a-fA-F]+$/
const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ...['null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
])
/** Keys that would mean something else than themselves. */
const SPECIAL_KEYS: ReadonlySet<string> = new Set(['<<', '__proto__'])

/**
 * The value of one document; undefined where it is empty.
 * @param text of the document alone, its `---` included
 */
export function readPlain(text: string): unknown {
  if (UNPLAIN.test(text)) return NOT_PLAIN
  const body = MARKER.exec(text)?.[0].length ?? 0
  const reader = new PlainReader(ownText(text), body)
  if (reader.done) return undefined
  if (text[reader.at] === '{') return readFlow(text.slice(body))
  try {
    return reader.document()
  } catch (error) {
    if (error === NOT_PLAIN) return NOT_PLAIN
    throw error
  }
}

/**
 * A text of its own. What is cut out of a text is a window on it: without this one name would hold the text of its whole
 * file in memory, and the objects of a file that is edited often all texts that it ever had.
 */
function ownText(ascii: string): string {
  return Buffer.from(ascii, 'latin1').toString('latin1')
}

/** JSON is YAML, but for keys that YAML gives a meaning. */
function readFlow(text: string): unknown {
  if (text.includes('<<') || text.includes('__proto__') || jsonFault(text) !== undefined) return NOT_PLAIN
  return JSON.parse(text)
}

/** Goes from line to line of one document; throws `NOT_PLAIN`. */
class PlainReader {
  readonly #text: string
  /** Where the content of the line at hand begins, and in which column. */
  at = 0
  #column = 0
  /** Where the next line begins. */
  #next: number
  done = false

  constructor(text: string, from: number) {
    this.#text = text
    this.#next = from
    this.#advance()
  }

  document(): unknown {
    const value = this.#block(0)
    return this.done ? value : giveUp()
  }

  #block(depth: number): unknown {
    if (depth > DEPTH_MAX) return giveUp()
    return this.#startsItem() ? this.#list(this.#column, depth) : this.#map(this.#column, depth)
  }

  #map(column: number, depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {}
    while (!this.done && this.#column === column && !this.#startsItem()) {
      const key = this.#key() ?? giveUp()
      if (SPECIAL_KEYS.has(key) || Object.hasOwn(map, key)) return giveUp()
      map[key] = this.#value(column, depth)
    }
    return map
  }

  /** What stands behind a key: on its line, or below it. */
  #value(column: number, depth: number): unknown {
    if (!this.#isLineOver()) return this.#scalar(column)
    this.#advance()
    if (this.done || this.#column < column) return null
    if (this.#column === column) return this.#startsItem() ? this.#list(column, depth + 1) : null
    const value = this.#block(depth + 1)
    // A line that is indented less than its neighbours and more than the key belongs to nobody.
    return !this.done && this.#column > column ? giveUp() : value
  }

  #list(column: number, depth: number): unknown[] {
    const list: unknown[] = []
    while (!this.done && this.#column === column && this.#startsItem()) {
      let at = this.at + 1
      while (this.#text.charCodeAt(at) === SPACE) at += 1
      this.#column += at - this.at
      this.at = at
      if (this.#startsItem() || this.#isLineOver()) return giveUp()
      list.push(this.#startsKey() ? this.#item(column, depth) : this.#scalar(column))
    }
    return list
  }

  /** A map whose first key stands on the line of the dash. */
  #item(column: number, depth: number): unknown {
    const map = this.#block(depth + 1)
    return !this.done && this.#column > column ? giveUp() : map
  }

  #startsKey(): boolean {
    KEY.lastIndex = this.at
    return KEY.test(this.#text)
  }

  /** Leaves `at` behind the colon and the spaces after it. */
  #key(): string | undefined {
    KEY.lastIndex = this.at
    const found = KEY.exec(this.#text)
    if (found === null) return undefined
    const [whole, plain, double, single] = found
    this.at += whole.length
    while (this.#text.charCodeAt(this.at) === SPACE) this.at += 1
    if (plain !== undefined) return WORDS.has(plain) ? undefined : plain
    return double ?? single
  }

  /** One that ends on its line: deeper lines below it would be a part of it. */
  #scalar(column: number): unknown {
    const value = this.#quoted() ?? this.#empty() ?? this.#plain()
    this.#advance()
    return !this.done && this.#column > column ? giveUp() : value
  }

  #quoted(): string | undefined {
    QUOTED.lastIndex = this.at
    const found = QUOTED.exec(this.#text)
    return found === null ? undefined : (found[1] ?? found[2])
  }

  #empty(): object | undefined {
    EMPTY.lastIndex = this.at
    const found = EMPTY.exec(this.#text)
    if (found === null) return undefined
    return found[0] === '{}' ? {} : []
  }

  #plain(): string | number | boolean | null {
    FIRST.lastIndex = this.at
    if (!FIRST.test(this.#text)) return giveUp()
    let end = this.at
    for (let at = this.at; at < this.#next; at += 1) {
      const code = this.#text.charCodeAt(at)
      if (code === NEWLINE) break
      if (code === SPACE) {
        if (this.#text.charCodeAt(at + 1) === HASH) break
        continue
      }
      if (code === COLON && this.#isGap(at + 1)) return giveUp()
      end = at + 1
    }
    const plain = this.#text.slice(this.at, end)
    const word = WORDS.get(plain)
    if (word !== undefined) return word
    if (INTEGER.test(plain)) return Number(plain)
    return NUMBER.test(plain) ? giveUp() : plain
  }

  #startsItem(): boolean {
    return this.#text.charCodeAt(this.at) === DASH && this.#isGap(this.at + 1)
  }

  #isGap(at: number): boolean {
    const code = this.#text.charCodeAt(at)
    return code === SPACE || code === NEWLINE || at >= this.#text.length
  }

  /** Nothing but a comment is left of the line, which begins behind a gap. */
  #isLineOver(): boolean {
    const code = this.#text.charCodeAt(this.at)
    return code === NEWLINE || code === HASH || this.at >= this.#text.length
  }

  /** To the next line that has content. */
  #advance(): void {
    const text = this.#text
    for (let start = this.#next; start < text.length; start = this.#next) {
      const newline = text.indexOf('\n', start)
      this.#next = newline === -1 ? text.length : newline + 1
      let at = start
      while (text.charCodeAt(at) === SPACE) at += 1
      this.at = at
      this.#column = at - start
      if (!this.#isLineOver()) return
    }
    this.done = true
  }
}

function giveUp(): never {
  throw NOT_PLAIN
}
