// What a plugin threw, made safe to keep: a plugin may throw anything (null, a frozen object, a getter that throws).
// Nothing here may throw, and nothing of the thrown value itself is kept: only text that was read once.

const TEXT_CHARS_MAX = 300
const STACK_CHARS_MAX = 8192

/** A thrown value, read. */
export interface Thrown {
  /** One escaped line, at most 300 characters. */
  readonly text: string
  /** An Error of our own with the thrown one's name, message and stack, for the span. */
  readonly error: Error
}

/** Reads whatever was thrown. */
export function readThrown(thrown: unknown): Thrown {
  const isObject = (typeof thrown === 'object' && thrown !== null) || typeof thrown === 'function'
  const message = isObject ? property(thrown, 'message') : undefined
  if (!isObject || message === undefined) {
    const text = `a value that is no Error: ${oneLine(print(thrown))}`
    return { text, error: new Error(text) }
  }
  const name = property(thrown, 'name') ?? 'Error'
  const error = new Error(cut(message, STACK_CHARS_MAX))
  error.name = cut(name, TEXT_CHARS_MAX)
  error.stack = cut(property(thrown, 'stack') ?? `${name}: ${message}`, STACK_CHARS_MAX)
  return { text: oneLine(`${name}: ${message}`), error }
}

/** Text on one line, at most `charsMax` characters, with everything escaped that could change how a line looks. */
export function oneLine(text: string, charsMax = TEXT_CHARS_MAX): string {
  return cut(text, charsMax)
    .toWellFormed()
    .replace(
      /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
      (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
    )
}

function cut(text: string, charsMax: number): string {
  return text.length > charsMax ? `${text.slice(0, charsMax)}...` : text
}

/** A property that is a string; undefined where it is none or reading it throws. */
function property(thrown: object, key: string): string | undefined {
  try {
    const value: unknown = Reflect.get(thrown, key)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

function print(thrown: unknown): string {
  try {
    return typeof thrown === 'object' && thrown !== null
      ? (JSON.stringify(thrown) ?? 'object')
      : String(thrown)
  } catch {
    return `${typeof thrown} that cannot be printed`
  }
}
