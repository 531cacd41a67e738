// Reads the fields of an untrusted object by name and type, and collects every problem with its dotted path.
// It never throws, never looks at inherited properties and never goes deeper than it is asked to (objects from YAML
// can hold themselves). A field that is null counts as absent, as in Kubernetes.

import { escapeText, type Problems } from './problems.ts'
import type { TextRule } from './text-rules.ts'

/** Longer lists are a problem, and are not read. */
const LIST_ITEMS_MAX = 10_000
const PLAIN_KEY = /^[A-Za-z0-9_-]{1,63}$/

/** An object of which nothing is known. */
export type Untrusted = Readonly<Record<string, unknown>>

/** One text in a list, with its path for problems. */
export interface TextItem {
  readonly field: string
  readonly text: string
}

export class Fields {
  /** Dotted path of this object; empty for the manifest itself. */
  readonly field: string
  readonly problems: Problems
  readonly #object: Untrusted

  constructor(object: Untrusted, field: string, problems: Problems) {
    this.#object = object
    this.field = field
    this.problems = problems
  }

  /** The value as found; undefined where absent or null. */
  raw(name: string): unknown {
    return ownField(this.#object, name)
  }

  has(name: string): boolean {
    return this.raw(name) !== undefined
  }

  names(): string[] {
    return Object.keys(this.#object)
  }

  /** Dotted path of a field here; a key with other than letters, digits, "_" and "-" goes into brackets, escaped. */
  path(name: string): string {
    if (!PLAIN_KEY.test(name)) return `${this.field}[${escapeText(name)}]`
    return this.field === '' ? name : `${this.field}.${name}`
  }

  fail(name: string, rule: string, value: unknown = this.raw(name)): void {
    this.problems.add(this.path(name), value, rule)
  }

  /** Undefined where absent, or where it is no text or breaks the rule (then with a problem). */
  text(name: string, rule?: TextRule): string | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    const concealed = rule?.concealed === true
    if (typeof value !== 'string') {
      this.problems.add(this.path(name), value, 'must be a string', concealed)
      return undefined
    }
    if (rule === undefined || rule.holds(value)) return value
    this.problems.add(this.path(name), value, rule.says, concealed)
    return undefined
  }

  requiredText(name: string, rule?: TextRule): string | undefined {
    if (this.#isMissing(name)) return undefined
    return this.text(name, rule)
  }

  /** An integer between two bounds, both allowed. */
  integer(name: string, min: number, max: number): number | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    this.fail(name, `must be an integer from ${min} to ${max}`)
    return undefined
  }

  requiredInteger(name: string, min: number, max: number): number | undefined {
    if (this.#isMissing(name)) return undefined
    return this.integer(name, min, max)
  }

  flag(name: string): boolean | undefined {
    const value = this.raw(name)
    if (value === undefined || typeof value === 'boolean') return value
    this.fail(name, 'must be true or false')
    return undefined
  }

  object(name: string): Fields | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    if (isRecord(value)) return new Fields(value, this.path(name), this.problems)
    this.fail(name, 'must be an object')
    return undefined
  }

  requiredObject(name: string): Fields | undefined {
    if (this.#isMissing(name)) return undefined
    return this.object(name)
  }

  /** A list of objects; undefined where absent or no list. Items that are no objects are problems and left out. */
  objects(name: string): Fields[] | undefined {
    const found: Fields[] = []
    const items = this.#items(name)
    items?.forEach((item, index) => {
      const field = `${this.path(name)}[${index}]`
      if (isRecord(item)) found.push(new Fields(item, field, this.problems))
      else this.problems.add(field, item ?? null, 'must be an object')
    })
    return items === undefined ? undefined : found
  }

  requiredObjects(name: string): Fields[] | undefined {
    if (this.#isMissing(name)) return undefined
    return this.objects(name)
  }

  /** A list of texts; undefined where absent or no list. Items that are no texts are problems and left out. */
  texts(name: string, rule?: TextRule): TextItem[] | undefined {
    const found: TextItem[] = []
    const items = this.#items(name)
    items?.forEach((item, index) => {
      const field = `${this.path(name)}[${index}]`
      if (typeof item !== 'string') this.problems.add(field, item ?? null, 'must be a string')
      else if (rule !== undefined && !rule.holds(item)) this.problems.add(field, item, rule.says)
      else found.push({ field, text: item })
    })
    return items === undefined ? undefined : found
  }

  /** All fields here as texts: numbers and booleans (YAML reads bare words so) become texts, null the empty one. */
  textEntries(): [key: string, text: string][] {
    const found: [string, string][] = []
    for (const key of this.names()) {
      const value = this.raw(key) ?? ''
      if (typeof value === 'string') found.push([key, value])
      else if (typeof value === 'number' || typeof value === 'boolean') found.push([key, String(value)])
      else this.fail(key, 'must be a string')
    }
    return found
  }

  #isMissing(name: string): boolean {
    if (this.has(name)) return false
    this.problems.add(this.path(name), undefined, 'is required')
    return true
  }

  /** A copy without holes: `forEach` would pass over those of a sparse list. */
  #items(name: string): unknown[] | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    if (!Array.isArray(value)) {
      this.fail(name, 'must be a list')
      return undefined
    }
    if (value.length > LIST_ITEMS_MAX) {
      this.problems.add(this.path(name), value.length, `must have at most ${LIST_ITEMS_MAX} items`)
      return undefined
    }
    return Array.from(value)
  }
}

/** True for what has fields: an object that is no list. */
export function isRecord(value: unknown): value is Untrusted {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An own field's value; undefined where absent or null. */
export function ownField(object: Untrusted, name: string): unknown {
  return Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined
}
