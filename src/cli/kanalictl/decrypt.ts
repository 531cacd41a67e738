// `kanalictl apikey decrypt`: the clear keys of ApiKeys in files, as a table, YAML or JSON. One bad object or revision is
// said and costs the others nothing.

import { Scalar } from 'yaml'
import { escapePath } from '../../directory/escape-path.ts'
import { readDocuments } from '../../directory/documents.ts'
import { KeyDecrypter, readPrivateKey } from '../../plugins/apikey/key-cipher.ts'
import { parseManifest } from '../../resources/parse.ts'
import type { ApiKey } from '../../resources/resource.ts'
import { manifestsIn, read } from './files.ts'
import { render } from './output.ts'
import { Refusal } from './refusal.ts'
import { PIPE, type Terminal } from './terminal.ts'

export interface DecryptOptions {
  readonly 'key.in_file': string
  readonly 'rsa.private_key_file': string
  readonly output: string
}

interface Row {
  readonly name: string
  readonly revision: number
  readonly status: string
  /** Undefined where it was not encrypted for this private key. */
  readonly key: string | undefined
}

/** @returns false where something could not be read or decrypted, or there was no ApiKey */
export async function decryptApiKeys(options: DecryptOptions, terminal: Terminal): Promise<boolean> {
  const { 'key.in_file': place, 'rsa.private_key_file': keyFile, output } = options
  const print = PRINTERS.get(output)
  if (print === undefined) throw new Refusal(`--output ${JSON.stringify(output)}: table, yaml or json`)
  const privateKey = readPrivateKey(await read('--rsa.private_key_file', keyFile, terminal))
  if ('problem' in privateKey)
    throw new Refusal(`--rsa.private_key_file ${JSON.stringify(keyFile)}: ${privateKey.problem}`)
  const decrypter = new KeyDecrypter(privateKey)
  const complaints: string[] = []
  const rows: Row[] = []
  for (const file of manifestsIn('--key.in_file', place)) {
    for (const apiKey of await apiKeysIn(file, complaints, terminal)) {
      for (const [index, { data, status }] of apiKey.revisions.entries()) {
        const key = await decrypter.decrypt(data)
        if (key === undefined)
          complaints.push(`${apiKey.meta.name}: revision ${index} is not encrypted for this private key`)
        rows.push({ name: apiKey.meta.name, revision: index, status, key })
      }
    }
  }
  if (rows.length === 0 && complaints.length === 0) complaints.push('there is no ApiKey with a revision')
  await terminal.out(print(rows))
  for (const complaint of complaints) await terminal.say(`kanalictl: ${complaint}\n`)
  return complaints.length === 0
}

async function apiKeysIn(file: string, complaints: string[], terminal: Terminal): Promise<ApiKey[]> {
  const named = file === PIPE ? 'standard input' : escapePath(file)
  const format = file.endsWith('.json') ? 'json' : 'yaml'
  const content = await read('--key.in_file', file, terminal)
  const documents = await readDocuments(content.toString('utf8'), format, true)
  if (documents.type === 'fault') {
    complaints.push(`${named}: ${documents.message}`)
    return []
  }
  const found: ApiKey[] = []
  for (const result of documents.values.flatMap((value) => parseManifest(value, 'default'))) {
    if (result.type === 'unidentified') {
      complaints.push(`${named}: ${result.problem.field} ${result.problem.rule}`)
      continue
    }
    if (result.type !== 'resource' || result.resource.kind !== 'ApiKey') continue
    if ('problems' in result.resource) {
      const [{ field, rule }] = result.resource.problems
      complaints.push(`${named}: ${result.resource.meta.name}: ${field} ${rule}`)
    } else if ('revisions' in result.resource) {
      found.push(result.resource)
    }
  }
  return found
}

const PLAIN = /^[\x20-\x7e]*$/
const PRINTERS: ReadonlyMap<string, (rows: readonly Row[]) => string> = new Map([
  ['table', table],
  ['json', (rows) => ascii(render(rows.map(orNull), 'json'))],
  ['yaml', (rows) => ascii(render(rows.map(quoted), 'yaml'))],
])

function table(rows: readonly Row[]): string {
  const cells = [['NAME', 'REVISION', 'STATUS', 'KEY'], ...rows.map(cellsOf)]
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('   ')
          .trimEnd()}\n`,
    )
    .join('')
}

function cellsOf({ name, revision, status, key }: Row): string[] {
  const shown = key === undefined ? '?' : key
  return [name, String(revision), status, PLAIN.test(shown) ? shown : ascii(JSON.stringify(shown))]
}

function orNull({ key, ...row }: Row): object {
  return { ...row, key: key ?? null }
}

/** An escape means itself between double quotes only. */
function quoted({ key, ...row }: Row): object {
  if (key === undefined || PLAIN.test(key)) return { ...row, key: key ?? null }
  const scalar = new Scalar(key)
  scalar.type = Scalar.QUOTE_DOUBLE
  return { ...row, key: scalar }
}

/** Whoever encrypted a key chose its text: no control character of it reaches a terminal. */
function ascii(text: string): string {
  return text.replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
