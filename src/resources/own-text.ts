// A text that stands for itself. What a parser cuts out of a file's text is a window on it and holds all of it in memory,
// for as long as one name in it is known; and each namespace would be there as often as objects are in it.

/** Longer texts (bodies, certificates) are seldom there twice, and would cost more than they hold. */
const LENGTH_MAX = 256
const NAMES = Object.create(null) as Record<string, true>

/**
 * The same text, the only one of its content in the process where it is short. A text that has been the name of a
 * property is kept once by V8, in a table that holds on to nothing; the copy that it was is replaced at the next
 * collection. To other engines this is a detour without an effect.
 */
export function ownText(text: string): string {
  if (text.length > LENGTH_MAX) return text
  NAMES[text] = true
  delete NAMES[text]
  return text
}
