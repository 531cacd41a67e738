// Reads the YAML of the registry, strictly: a key that is not known, a field that is missing, or one of another type
// fails with its place. The registry itself is nobody's to guess at.

/** One mapping of the file; `at` is where it stands, for messages. */
export class Row {
  readonly at: string
  readonly #fields: Readonly<Record<string, unknown>>

  /** @param keys all that may stand there */
  constructor(raw: unknown, at: string, keys: readonly string[]) {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new Error(`${at}: no mapping`)
    this.#fields = raw as Readonly<Record<string, unknown>>
    const name = this.#fields['name'] ?? this.#fields['id']
    this.at = typeof name === 'string' ? `${at} ${name}` : at
    for (const key of Object.keys(raw)) {
      if (!keys.includes(key)) throw new Error(`${this.at}: unknown key ${key}`)
    }
  }

  text(key: string): string {
    return this.maybeText(key) ?? this.#missing(key)
  }

  maybeText(key: string): string | undefined {
    const value = this.#fields[key]
    if (value === undefined || typeof value === 'string') return value
    throw new Error(`${this.at}: ${key} is no text`)
  }

  oneOf<T extends string>(key: string, allowed: readonly T[]): T {
    const value = this.text(key)
    const found = allowed.find((each) => each === value)
    if (found === undefined)
      throw new Error(`${this.at}: ${key} is ${value}, not one of ${allowed.join(', ')}`)
    return found
  }

  flag(key: string): boolean {
    const value = this.#fields[key] ?? false
    if (typeof value === 'boolean') return value
    throw new Error(`${this.at}: ${key} is neither true nor false`)
  }

  count(key: string): number | undefined {
    const value = this.#fields[key]
    if (value === undefined || (Number.isSafeInteger(value) && Number(value) > 0)) return value as undefined
    throw new Error(`${this.at}: ${key} is no positive whole number`)
  }

  texts(key: string): readonly string[] {
    const value = this.#fields[key] ?? []
    if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value
    throw new Error(`${this.at}: ${key} is no list of texts`)
  }

  /** A mapping inside; an empty one where it is absent. */
  row(key: string, keys: readonly string[]): Row {
    return new Row(this.#fields[key] ?? {}, `${this.at} ${key}`, keys)
  }

  /** A mapping of any names to texts. */
  pairs(key: string): readonly (readonly [name: string, value: string])[] {
    const value = this.#fields[key] ?? {}
    if (typeof value !== 'object' || value === null) throw new Error(`${this.at}: ${key} is no mapping`)
    return Object.entries(value).map(([name, text]) => {
      if (typeof text !== 'string') throw new Error(`${this.at}: ${key}.${name} is no text`)
      return [name, text] as const
    })
  }

  #missing(key: string): never {
    throw new Error(`${this.at}: ${key} is missing`)
  }
}

/** The mappings of a list, each with these keys at most. */
export function rowsOf(raw: unknown, at: string, keys: readonly string[]): Row[] {
  if (!Array.isArray(raw)) throw new Error(`${at}: no list`)
  return raw.map((each) => new Row(each, at, keys))
}
