// Text from outside made fit for one line of a terminal or a log: quoted, escaped, bounded.

/** Longer values are cut; the ellipsis says so. */
const SHOWN_MAX = 100

/** The text in double quotes, with everything but printable ASCII as `\u{...}`, cut after 100 characters. */
export function quoted(text: string): string {
  const characters = Array.from(text.slice(0, SHOWN_MAX * 2 + 2))
  const shown = characters.slice(0, SHOWN_MAX).map(escaped).join('')
  return characters.length > SHOWN_MAX ? `"${shown}..."` : `"${shown}"`
}

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`
  if (character === '\n') return '\\n'
  if (character >= ' ' && character <= '~') return character
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}
