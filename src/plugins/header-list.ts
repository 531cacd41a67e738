// A flat list of header fields [name, value, ...] that a plugin may read and change.
// It must never change the array it was given, nor one that it has handed out: each belongs to someone else.

import { foldHeader } from '../snapshot/jwt-fields.ts'
import { UNTOUCHABLE_HEADERS } from '../snapshot/untouchable-headers.ts'

const FIELDS_MAX = 1000
const NAME_CHARS_MAX = 256
const VALUE_CHARS_MAX = 65_536

export class HeaderList {
  #fields: readonly string[]
  /** The same array as `#fields` where it is ours to change. */
  #own: string[] | undefined = undefined
  /** Names that were set, added or removed, whether there was such a field or not. */
  #changed: string[] | undefined = undefined

  constructor(fields: readonly string[]) {
    this.#fields = fields
  }

  /** The fields as they are now; later changes are made to a copy. */
  fields(): readonly string[] {
    this.#own = undefined
    return this.#fields
  }

  isChanged(folded: string): boolean {
    const changed = this.#changed
    if (changed === undefined) return false
    return changed.length === FIELDS_MAX || changed.some((name) => foldHeader(name) === folded)
  }

  first(name: string): string | undefined {
    const at = this.#find(name.toLowerCase(), 0)
    return at === -1 ? undefined : this.#fields[at + 1]
  }

  all(name: string): string[] {
    const lower = name.toLowerCase()
    const values: string[] = []
    for (let at = this.#find(lower, 0); at !== -1; at = this.#find(lower, at + 2))
      values.push(this.#fields[at + 1] ?? '')
    return values
  }

  /** Puts one field where the first of that name was, or at the end. Throws a TypeError for what HTTP does not allow. */
  set(name: string, value: string): void {
    const text = checkField(name, value)
    const lower = name.toLowerCase()
    const at = this.#find(lower, 0)
    if (at === -1) {
      this.#append(name, lower, text)
      return
    }
    this.#note(name)
    const own = this.#copied()
    this.#removeFrom(own, lower, at + 2)
    own[at] = name
    own[at + 1] = text
    this.#keepFromConnection(own, lower)
  }

  /** Puts one more field at the end. Throws a TypeError for what HTTP does not allow. */
  add(name: string, value: string): void {
    this.#append(name, name.toLowerCase(), checkField(name, value))
  }

  remove(name: string): void {
    checkName(name)
    this.#note(name)
    const lower = name.toLowerCase()
    const at = this.#find(lower, 0)
    if (at !== -1) this.#removeFrom(this.#copied(), lower, at)
  }

  #append(name: string, lower: string, value: string): void {
    if (this.#fields.length >= FIELDS_MAX * 2)
      throw new TypeError(`there are ${FIELDS_MAX} header fields already`)
    this.#note(name)
    const own = this.#copied()
    own.push(name, value)
    this.#keepFromConnection(own, lower)
  }

  /** Bounded: who names as many as there may be fields has named all that there are. */
  #note(name: string): void {
    this.#changed ??= []
    if (this.#changed.length < FIELDS_MAX && !this.#changed.includes(name)) this.#changed.push(name)
  }

  #copied(): string[] {
    if (this.#own === undefined) {
      this.#own = [...this.#fields]
      this.#fields = this.#own
    }
    return this.#own
  }

  #find(lower: string, from: number): number {
    for (let at = from; at < this.#fields.length; at += 2) {
      const name = this.#fields[at] ?? ''
      if (name.length === lower.length && name.toLowerCase() === lower) return at
    }
    return -1
  }

  #removeFrom(own: string[], lower: string, from: number): void {
    for (let at = this.#find(lower, from); at !== -1; at = this.#find(lower, at)) own.splice(at, 2)
  }

  /**
   * A client that names a header in Connection has it taken away on the way upstream (RFC 9110 section 7.6.1): what a
   * plugin sets there must not be lost so, or a client could switch off an identity that a plugin vouches for.
   */
  #keepFromConnection(own: string[], lower: string): void {
    for (let at = this.#find('connection', 0); at !== -1; at = this.#find('connection', at + 2)) {
      const value = own[at + 1] ?? ''
      if (!value.toLowerCase().includes(lower)) continue
      const tokens = value.split(',').map((token) => token.trim())
      own[at + 1] = tokens.filter((token) => token.toLowerCase() !== lower).join(', ') || 'keep-alive'
    }
  }
}

/** Throws a TypeError for a field that a plugin may not set; gives the value without surrounding whitespace. */
export function checkField(name: string, value: unknown): string {
  checkName(name)
  if (typeof value !== 'string')
    throw new TypeError(`the value of header ${name} is a ${typeof value}, not a string`)
  if (value.length > VALUE_CHARS_MAX) {
    throw new TypeError(`the value of header ${name} has more than ${VALUE_CHARS_MAX} characters`)
  }
  // RFC 9110 section 5.5: visible ASCII, space, tab, and the octets above ASCII.
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
    throw new TypeError(`the value of header ${name} holds a character that HTTP does not allow`)
  }
  return value.trim()
}

function checkName(name: unknown): void {
  // RFC 9110 section 5.1: a token.
  if (
    typeof name !== 'string' ||
    name.length > NAME_CHARS_MAX ||
    !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)
  ) {
    throw new TypeError('a header name is not a token as HTTP defines it')
  }
  if (UNTOUCHABLE_HEADERS.has(name.toLowerCase())) {
    throw new TypeError(`header ${name} belongs to the gateway: a plugin can neither set nor remove it`)
  }
}
