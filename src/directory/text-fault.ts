// Why a text could not be read, said in one line for a person: place, rule, and a short excerpt. What a file holds may
// be a Secret even where it no longer parses, so content is shown only where nothing in the text hints at one.

import { escapeText } from '../resources/problems.ts'

/** A broken rule at a place in a text. */
export interface TextFault {
  /** Index into the text, in UTF-16 units. */
  readonly offset: number
  /** Our words; they hold nothing of the text. */
  readonly rule: string
  /** The parser's own words, which may quote the text. */
  readonly quoting?: string
}

const EXCERPT_CHARACTERS_MAX = 60
// A torn Secret need not have its kind any more: `data` stands before `kind` wherever keys are sorted.
const HINTS_AT_SECRET =
  /secret(?!Name)|\bdata\b|stringData|password|token|credential|private|certificate|BEGIN|\bkeys?\b|[A-Za-z0-9+/=_-]{40}/i

/** True where no part of the text may be shown. */
export function mayHoldSecret(text: string): boolean {
  return HINTS_AT_SECRET.test(text)
}

/**
 * One line: `line 3, column 5: the key is there twice, near "name: shop"`.
 * @param concealed true where no part of the text may be shown
 */
export function sayFault(text: string, fault: TextFault, concealed: boolean): string {
  const offset = Math.max(0, Math.min(fault.offset, text.length))
  const lineStart = text.lastIndexOf('\n', offset - 1) + (offset === 0 ? 0 : 1)
  const place = `line ${lineOf(text, offset)}, column ${offset - lineStart + 1}`
  if (concealed) return `${place}: ${fault.rule}`
  const rule = fault.quoting === undefined ? fault.rule : escapeText(fault.quoting)
  const excerpt = excerptAt(text, lineStart)
  return excerpt === '' ? `${place}: ${rule}` : `${place}: ${rule}, near "${excerpt}"`
}

function lineOf(text: string, offset: number): number {
  let line = 1
  for (let next = text.indexOf('\n'); next !== -1 && next < offset; next = text.indexOf('\n', next + 1))
    line += 1
  return line
}

function excerptAt(text: string, lineStart: number): string {
  const newline = text.indexOf('\n', lineStart)
  const line = text.slice(lineStart, newline === -1 ? text.length : newline).trim()
  return escapeText(
    line.length > EXCERPT_CHARACTERS_MAX ? `${line.slice(0, EXCERPT_CHARACTERS_MAX)}...` : line,
  )
}
