// Reads a path that an object names: checked, and in the form in which request paths are compared.

import type { Fields } from './fields.ts'
import { normalisePath, segmentsEscape } from './path.ts'
import { hasOtherThan, type TextRule } from './text-rules.ts'

const PATH_CHARACTERS_MAX = 2048
const QUERY = 0x3f
const FRAGMENT = 0x23

const PATH: TextRule = {
  says: `must be a path of at most ${PATH_CHARACTERS_MAX} characters: ASCII, percent-encoded, without query, fragment, spaces and control characters`,
  holds: (text) =>
    text.length <= PATH_CHARACTERS_MAX &&
    !hasOtherThan(text, (code) => code > 0x20 && code < 0x7f && code !== QUERY && code !== FRAGMENT),
}
const LEADS = 'must begin with a slash'
const DOT_SEGMENTS = 'must have no "." or ".." segment, raw or percent-encoded'

/** The normalised path; undefined, with a problem, where absent or broken. */
export function readRequiredPath(fields: Fields, name: string): string | undefined {
  const text = fields.requiredText(name, PATH)
  if (text === undefined) return undefined
  if (!text.startsWith('/')) {
    fields.fail(name, LEADS)
    return undefined
  }
  return withoutDotSegments(fields, name, text)
}

/** The normalised path, `/` where absent or empty, a leading slash added; undefined, with a problem, where broken. */
export function readOptionalPath(fields: Fields, name: string): string | undefined {
  if (!fields.has(name)) return '/'
  const text = fields.text(name, PATH)
  return text === undefined ? undefined : withoutDotSegments(fields, name, text)
}

function withoutDotSegments(fields: Fields, name: string, text: string): string | undefined {
  if (!segmentsEscape(text)) return normalisePath(text)
  fields.fail(name, DOT_SEGMENTS)
  return undefined
}
