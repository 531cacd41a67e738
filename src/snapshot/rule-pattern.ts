// The regular expressions of ApiKeyBindings: RE2's syntax, which is the original's, matched in time linear in the path.
// It must never hold an expression against a path with JavaScript's own engine, which backtracks.

import { createRequire } from 'node:module'
import type * as Re2 from 're2js'

/** Instructions that one expression may compile to: what one step of a match costs at the most. */
export const EXPRESSION_SIZE_MAX = 300

/** Loaded with the first expression: 10 ms and 4 MB that a world without rules does not need. */
let engine: typeof Re2.RE2JS | undefined

export interface RulePattern {
  /** Instructions of its program. */
  readonly size: number
  /** True where the expression matches at the start of the path. */
  matches(path: string): boolean
}

/** The expression anchored at the start of a path; or why not, one line, without the expression itself. */
export function compilePattern(expression: string): RulePattern | { readonly problem: string } {
  engine ??= (createRequire(import.meta.url)('re2js') as typeof Re2).RE2JS
  let compiled: Re2.RE2JS
  try {
    // Its own parse first: `a)|(b` must not become whole by what is put around it.
    engine.compile(expression)
    compiled = engine.compile(`^(?:${closed(expression)})`)
  } catch (error) {
    return { problem: `does not compile: ${faultOf(error)}` }
  }
  const size = compiled.programSize()
  if (size > EXPRESSION_SIZE_MAX) {
    return { problem: `compiles to ${size} instructions: ${EXPRESSION_SIZE_MAX} are allowed` }
  }
  return { size, matches: (path) => compiled.test(path) }
}

/** A quotation that is open at the end would quote what is put behind it. */
function closed(expression: string): string {
  return expression.lastIndexOf('\\Q') > expression.lastIndexOf('\\E') ? `${expression}\\E` : expression
}

/** What RE2 says is wrong; the part of the expression that it quotes is cut off. */
function faultOf(error: unknown): string {
  const text = error instanceof Error ? error.message : ''
  return /^error parsing regexp: ([a-z ]+)/.exec(text)?.[1]?.trim() ?? 'it is no regular expression of RE2'
}
