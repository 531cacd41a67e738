// Options from the text of a configuration file: YAML, JSON or TOML by its ending, keys nested, dotted or mixed.
// The reading of the file itself is load.ts's.

import { createRequire } from 'node:module'
import type * as Toml from 'smol-toml'
import type * as Yaml from 'yaml'
import { isPlainObject } from './collection-kind.ts'
import { type Given, type Provenance, refusedName, type Refusal, rowNamed } from './given.ts'
import { ROWS } from './options.ts'
import { quoted } from './quoted-text.ts'

/** The parsers are loaded for a file that needs them: 40 ms that a start without one does not need. */
const load = createRequire(import.meta.url)

const NAMES = ROWS.map((row) => row.name)

/** The options that the text gives; a refusal where it does not parse or has a key that is no option. */
export function readFileOptions(path: string, content: string): readonly Given[] | Refusal {
  const where = `file ${quoted(path)}`
  const parser = parserOf(path)
  if (parser === undefined)
    return { problem: `config: ${where} has no known ending; allowed: .yaml, .yml, .json, .toml` }
  let parsed: unknown
  try {
    parsed = parser(content.replace(/^\uFEFF/, ''))
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
    // What V8 shows of the text may be a password.
    const fault = line.replace(/, (?:\.{3})?".*$/, '')
    return {
      problem: `config: ${where} does not parse: ${quoted(fault)}; allowed: well-formed YAML, JSON or TOML by its ending`,
    }
  }
  if (parsed === null || parsed === undefined) return []
  if (!isPlainObject(parsed))
    return { problem: `config: ${where} does not hold a map; allowed: options by name, nested or dotted` }
  const given: Given[] = []
  return collect(parsed, '', { source: 'file', where }, given) ?? given
}

function parserOf(path: string): ((content: string) => unknown) | undefined {
  const ending = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase()
  if (ending === 'yaml' || ending === 'yml') {
    const { parse } = load('yaml') as typeof Yaml
    return (content) => parse(content, { logLevel: 'error' })
  }
  if (ending === 'json') return (content) => JSON.parse(content)
  return ending === 'toml' ? (load('smol-toml') as typeof Toml).parse : undefined
}

/** Walks down only along the names of options, so that neither depth nor a cycle of aliases can run away. */
function collect(
  group: Readonly<Record<string, unknown>>,
  prefix: string,
  provenance: Provenance,
  given: Given[],
): Refusal | undefined {
  for (const [key, raw] of Object.entries(group)) {
    const name = prefix + key
    const row = rowNamed(name)
    if (row !== undefined) {
      if (given.some((other) => other.row === row)) {
        return { problem: `${row.name}: given twice in ${provenance.where}; allowed: once` }
      }
      given.push({ row, raw, provenance })
      continue
    }
    if (!isGroup(name)) return refusedName(name, provenance.where, NAMES)
    if (raw === null) continue
    if (!isPlainObject(raw)) {
      return {
        problem: `${quoted(name)} from ${provenance.where} is a group of options; allowed: a map of them`,
      }
    }
    const refusal = collect(raw, `${name}.`, provenance, given)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

function isGroup(name: string): boolean {
  const prefix = `${name.toLowerCase()}.`
  return NAMES.some((option) => option.toLowerCase().startsWith(prefix))
}
