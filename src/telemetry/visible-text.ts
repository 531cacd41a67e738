// Untrusted text made safe for the place that shows it: a JSON string, or one line on a terminal.

/**
 * The text as a JSON string with its quotes. Beside what JSON demands, everything is escaped that some reader takes for
 * a line end or a control: U+007F to U+009F, U+2028, U+2029, and surrogates without a partner.
 */
export function jsonString(text: string): string {
  return `"${jsonEscaped(text)}"`
}

/** The same without the quotes; the very text where nothing has to be escaped, which costs a look at each character. */
export function jsonEscaped(text: string): string {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x20 || unit > 0x7e || unit === 0x22 || unit === 0x5c) return escapedJson(text)
  }
  return text
}

/** Any value as JSON that shows nothing but itself, wherever it is shown: control and format characters are escapes. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(/[\p{Cf}\u007f-\u009f\u2028\u2029]/gu, escapeUnits)
}

/** The text with every control character, line end and lone surrogate written as an escape: it stays on one line. */
export function lineText(text: string): string {
  return text.toWellFormed().replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, escapeUnit)
}

/** At most `max` UTF-16 units; a longer text ends in an ellipsis. */
export function clipped(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`
}

function escapedJson(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(/[\u007f-\u009f\u2028\u2029]/g, escapeUnit)
}

/** JSON knows escapes of four digits only. */
function escapeUnits(character: string): string {
  return character.replace(/[^]/g, escapeUnit)
}

function escapeUnit(character: string): string {
  const point = character.codePointAt(0) ?? 0
  return point > 0xffff ? `\\u{${point.toString(16)}}` : `\\u${point.toString(16).padStart(4, '0')}`
}
