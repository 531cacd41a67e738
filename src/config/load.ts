// From command line, environment and configuration file to the options of one start. Never throws.
// The configuration file is the only thing that is read here; files that options name are read by those who need them.

import { closeSync, openSync, readSync } from 'node:fs'
import { inconsistency, type Provenances } from './consistency.ts'
import { readFileOptions } from './file-options.ts'
import { readFlags } from './flags.ts'
import { type Given, type Provenance, refusedValue, type Refusal } from './given.ts'
import { type AnyOption, type Options, optionsOf, ROWS } from './options.ts'
import { quoted } from './quoted-text.ts'
import { type Environment, readVariables } from './variables.ts'

export interface LoadInput {
  /** What follows the command: options only. */
  readonly argv: readonly string[]
  readonly env: Environment
  /** Text of the configuration file; throws where it cannot be read. For tests. */
  readonly readFile?: (path: string) => string
}

export interface Loaded {
  readonly options: Options
  /** For every option where its value came from. */
  readonly provenance: Provenances
}

/** Bytes; a larger file is not a configuration. */
const FILE_BYTES_MAX = 1024 * 1024
const DEFAULT: Provenance = { source: 'default', where: 'the default' }

/** Flag before variable before file before default; every value that is given must be allowed, also one that is overruled. */
export function loadOptions({ argv, env, readFile = readBounded }: LoadInput): Loaded | Refusal {
  const flags = readFlags(argv)
  if ('problem' in flags) return flags
  const variables = readVariables(env)
  if ('problem' in variables) return variables
  const fromFile = givenByFile(flags.configFile, variables.configFile, readFile)
  if ('problem' in fromFile) return fromFile

  const values = new Map<AnyOption, unknown>()
  const provenance = new Map<AnyOption, Provenance>()
  for (const given of [...fromFile, ...variables.given, ...flags.given]) {
    const parsed = given.row.kind.parse(given.raw)
    if (parsed === undefined) return refusedValue(given)
    values.set(given.row, parsed.value)
    provenance.set(given.row, given.provenance)
  }
  const options = optionsOf((row) => (values.has(row) ? values.get(row) : row.default))
  // One entry for each row, like the options themselves.
  const provenances = Object.fromEntries(
    ROWS.map((row) => [row.name, provenance.get(row) ?? DEFAULT]),
  ) as Provenances
  return inconsistency(options, provenances) ?? { options, provenance: provenances }
}

function givenByFile(
  flag: string,
  variable: string,
  readFile: (path: string) => string,
): readonly Given[] | Refusal {
  const path = flag === '' ? variable : flag
  if (path === '') return []
  const where = flag === '' ? 'variable KANALI_CONFIG' : 'flag --config'
  let content: string
  try {
    content = readFile(path)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return {
      problem: `config: ${quoted(path)} from ${where} cannot be read: ${quoted(why)}; allowed: a readable file`,
    }
  }
  return readFileOptions(path, content)
}

/** Reads in bounded steps rather than by size, so that pipes work and a device cannot fill the memory. */
function readBounded(path: string): string {
  const descriptor = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(FILE_BYTES_MAX + 1)
    let length = 0
    for (;;) {
      const read = readSync(descriptor, buffer, length, buffer.length - length, null)
      if (read === 0) return buffer.toString('utf8', 0, length)
      length += read
      if (length > FILE_BYTES_MAX) throw new Error(`larger than ${FILE_BYTES_MAX} bytes`)
    }
  } finally {
    closeSync(descriptor)
  }
}
