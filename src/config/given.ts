// A value as somebody gave it, and the one line that is said when it cannot be taken.
// No value of an unknown name is ever shown: it may be a secret meant for something else.

import { isPlainObject } from './collection-kind.ts'
import { nearestName } from './nearest-name.ts'
import { type AnyOption, ROWS } from './options.ts'
import { quoted } from './quoted-text.ts'
import { textOf } from './value-kind.ts'

/** Where a value came from; `where` is fit to stand in a sentence: `flag --name`, `variable NAME`, `file "PATH"`. */
export interface Provenance {
  readonly source: 'default' | 'file' | 'variable' | 'flag'
  readonly where: string
}

export interface Given {
  readonly row: AnyOption
  readonly raw: unknown
  readonly provenance: Provenance
}

/** Why the start ends: one line that names the option, the value, where it came from and what is allowed. */
export interface Refusal {
  readonly problem: string
}

const ROW_BY_NAME = new Map<string, AnyOption>(ROWS.map((row) => [row.name.toLowerCase(), row]))

/** The row of a name, in any case. */
export function rowNamed(name: string): AnyOption | undefined {
  return ROW_BY_NAME.get(name.toLowerCase())
}

/** Refuses a value that its option does not allow. */
export function refusedValue({ row, raw, provenance }: Given): Refusal {
  return {
    problem: `${row.name}: ${row.kind.isSecret === true ? 'what is given' : shown(raw)} from ${provenance.where} is not allowed; allowed: ${row.kind.allowed}`,
  }
}

/** Refuses a name that is no option; `candidates` are the names as they are written in that place. */
export function refusedName(name: string, where: string, candidates: readonly string[]): Refusal {
  const near = nearestName(name, candidates)
  const hint =
    near === undefined ? 'allowed: the options that kanali start --help lists' : `did you mean ${near}?`
  return { problem: `${quoted(name)} from ${where} is not an option; ${hint}` }
}

function shown(raw: unknown): string {
  const written = textOf(raw)
  if (written !== undefined) return quoted(written)
  if (Array.isArray(raw)) return 'a list'
  return isPlainObject(raw) ? 'a map' : 'a value that is no text, number, boolean, list or map'
}
