// Options from the command line: `--name value`, `--name=value`, and `--name` alone for a boolean.
// Where one is given twice the last counts, so that a script can append to what another wrote.

import { type Given, refusedName, type Refusal, rowNamed } from './given.ts'
import { ROWS } from './options.ts'
import { quoted } from './quoted-text.ts'
import { BOOLEAN } from './value-kind.ts'

export interface Flags {
  readonly given: readonly Given[]
  /** Of `--config`; empty where it was not given. */
  readonly configFile: string
}

const NAMES = [...ROWS.map((row) => `--${row.name}`), '--config']

/** Reads the arguments that follow the command. */
export function readFlags(argv: readonly string[]): Flags | Refusal {
  const given: Given[] = []
  let configFile = ''
  for (let index = 0; index < argv.length; index += 1) {
    const argument = argv[index] ?? ''
    if (!argument.startsWith('--') || argument === '--') {
      return {
        problem: `unexpected argument ${quoted(argument)} on the command line; allowed: options as --name value`,
      }
    }
    const equals = argument.indexOf('=')
    const flag = equals === -1 ? argument : argument.slice(0, equals)
    const name = flag.slice(2)
    const row = rowNamed(name)
    if (row === undefined && name !== 'config') return refusedName(flag, 'the command line', NAMES)
    const following = argv[index + 1]
    let raw: string
    if (equals !== -1) raw = argument.slice(equals + 1)
    else if (following !== undefined && !following.startsWith('--')) {
      raw = following
      index += 1
    } else if (row !== undefined && isBoolean(row.kind.name)) raw = 'true'
    else
      return {
        problem: `${name}: flag ${flag} has no value; allowed: ${row?.kind.allowed ?? 'the path of a file'}`,
      }
    if (row === undefined) configFile = raw
    else given.push({ row, raw, provenance: { source: 'flag', where: `flag --${row.name}` } })
  }
  return { given, configFile }
}

function isBoolean(kindName: string): boolean {
  return kindName === BOOLEAN.name
}
