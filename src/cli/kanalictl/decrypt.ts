// `kanalictl apikey decrypt`: the clear keys of ApiKeys in files, as a table or as JSON. One bad object or revision is
// said and costs the others nothing.

import { readDocuments } from '../../directory/documents.ts'
import { KeyDecrypter, readPrivateKey } from '../../plugins/apikey/key-cipher.ts'
import { parseManifest } from '../../resources/parse.ts'
import { escapeText } from '../../resources/problems.ts'
import type { ApiKey } from '../../resources/resource.ts'
import { manifestsIn, PIPE, read, Refusal } from './files.ts'
import type { Terminal } from './generate.ts'

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

/** @returns false where something could not be read or decrypted */
export async function decryptApiKeys(options: DecryptOptions, terminal: Terminal): Promise<boolean> {
  const { 'key.in_file': place, 'rsa.private_key_file': keyFile, output } = options
  if (output !== 'table' && output !== 'json')
    throw new Refusal(`--output ${JSON.stringify(output)}: table or json`)
  const privateKey = readPrivateKey(read('--rsa.private_key_file', keyFile))
  if ('problem' in privateKey)
    throw new Refusal(`--rsa.private_key_file ${JSON.stringify(keyFile)}: ${privateKey.problem}`)
  const decrypter = new KeyDecrypter(privateKey)
  const complaints: string[] = []
  const rows: Row[] = []
  for (const file of manifestsIn('--key.in_file', place)) {
    for (const apiKey of await apiKeysIn(file, complaints)) {
      for (const [index, { data, status }] of apiKey.revisions.entries()) {
        const key = await decrypter.decrypt(data)
        if (key === undefined)
          complaints.push(`${apiKey.meta.name}: revision ${index} is not encrypted for this private key`)
        rows.push({ name: apiKey.meta.name, revision: index, status, key })
      }
    }
  }
  terminal.out(output === 'json' ? `${JSON.stringify(rows, undefined, 2)}\n` : table(rows))
  for (const complaint of complaints) terminal.say(`kanalictl: ${complaint}\n`)
  return complaints.length === 0
}

async function apiKeysIn(file: string, complaints: string[]): Promise<ApiKey[]> {
  const named = file === PIPE ? 'standard input' : file
  const format = file.endsWith('.json') ? 'json' : 'yaml'
  const documents = await readDocuments(read('--key.in_file', file).toString('utf8'), format, true)
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

function table(rows: readonly Row[]): string {
  const cells = [
    ['NAME', 'REVISION', 'STATUS', 'KEY'],
    // Whoever encrypted it chose the text: no control character of it reaches a terminal.
    ...rows.map(({ name, revision, status, key }) => [
      name,
      String(revision),
      status,
      key === undefined ? '?' : escapeText(key),
    ]),
  ]
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
