// Collects what is wrong with one object. Values come from outside: here they are escaped and cut, and for an object
// whose values are secret they are never shown at all.

import type { Problem } from './resource.ts'

/** Beyond it an object's problems are only counted. */
export const PROBLEMS_MAX = 32
const VALUE_CHARACTERS_MAX = 100
const CONCEALED = '(not shown)'

export class Problems {
  readonly #conceals: boolean
  readonly #found: Problem[] = []
  #more = 0

  /** @param conceals true where no value of this object may ever be shown */
  constructor(conceals = false) {
    this.#conceals = conceals
  }

  /**
   * @param field dotted path; keys in it that come from outside must have been through `escapeText`
   * @param value as found; undefined for what is not there
   * @param rule our words, completing a sentence whose subject is the field
   */
  add(field: string, value: unknown, rule: string, concealed = false): void {
    if (this.#found.length === PROBLEMS_MAX) {
      this.#more += 1
      return
    }
    const shown = this.#conceals || concealed ? CONCEALED : showValue(value)
    this.#found.push({ field, value: value === undefined ? '' : shown, rule })
  }

  /** All of them, in the order found; the last one says how many more there were. Undefined where there is none. */
  all(): readonly [Problem, ...Problem[]] | undefined {
    const [first, ...others] = this.#found
    if (first === undefined) return undefined
    if (this.#more === 0) return [first, ...others]
    return [first, ...others, { field: '', value: '', rule: `and ${this.#more} more problems` }]
  }
}

/**
 * A value for a person to read: texts escaped and cut, anything with parts by its type only.
 * @returns at most 100 characters of printable ASCII
 */
export function showValue(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return escapeText(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** Printable ASCII stays; all else, and the backslash, becomes an escape. Cut at 100 characters, with "..." at its end. */
export function escapeText(text: string): string {
  let escaped = ''
  for (let index = 0; index < text.length; index += 1) {
    const next = escapeCode(text.charCodeAt(index))
    if (escaped.length + next.length > VALUE_CHARACTERS_MAX) return cut(text)
    escaped += next
  }
  return escaped
}

function cut(text: string): string {
  let escaped = ''
  for (let index = 0; ; index += 1) {
    const next = escapeCode(text.charCodeAt(index))
    if (escaped.length + next.length > VALUE_CHARACTERS_MAX - 3) return `${escaped}...`
    escaped += next
  }
}

function escapeCode(code: number): string {
  if (code === 0x5c) return '\\\\'
  if (code >= 0x20 && code < 0x7f) return String.fromCharCode(code)
  if (code === 0x0a) return '\\n'
  if (code === 0x0d) return '\\r'
  if (code === 0x09) return '\\t'
  return `\\u${code.toString(16).padStart(4, '0')}`
}
