// Text to documents: the values that a YAML or JSON file holds, or the one line that says why it cannot be read.
// Documents that are written plainly are read by js-yaml (plain-yaml.ts); the library `yaml`, which takes six times as
// long, reads all others, and where anything is wrong with a text, all of it: it finds the place (composed-yaml.ts).
// Long texts are read in slices of time, so that requests go on meanwhile. Must never throw, and never show content
// of a text that may hold a Secret.

import { jsonFault } from './json-fault.ts'
import { NOT_PLAIN, readPlain } from './plain-yaml.ts'
import { Slice } from './slice.ts'
import { mayHoldSecret, sayFault, type TextFault } from './text-fault.ts'

/** More documents in one file make it unreadable. */
export const DOCUMENTS_MAX = 20_000

/** `value`s in the order of the file, empty documents left out; or one line for a person. */
export type Documents =
  | { readonly type: 'values'; readonly values: readonly unknown[] }
  | { readonly type: 'fault'; readonly message: string }

/** @param concealed true where no part of the text may be shown, whatever it looks like */
export async function readDocuments(
  text: string,
  format: 'json' | 'yaml',
  concealed: boolean,
): Promise<Documents> {
  const result = format === 'json' ? readJson(text) : await readYaml(text)
  if (Array.isArray(result)) return { type: 'values', values: result }
  return { type: 'fault', message: sayFault(text, result, concealed || mayHoldSecret(text)) }
}

function readJson(text: string): unknown[] | TextFault {
  if (text.trim() === '') return []
  const fault = jsonFault(text)
  if (fault !== undefined) return fault
  const value: unknown = JSON.parse(text)
  return value === null ? [] : [value]
}

async function readYaml(text: string): Promise<unknown[] | TextFault> {
  return (await readEach(text)) ?? readWhole(text)
}

/**
 * Document by document, most of them by js-yaml. Undefined where there is more to say of the text than its
 * values, or where a document could mean something else among the others than alone.
 */
async function readEach(text: string): Promise<unknown[] | TextFault | undefined> {
  if (text.startsWith('%') || text.includes('\n%')) return undefined
  const values: unknown[] = []
  const slice = new Slice()
  for (const document of documentsOf(text)) {
    const plain = readPlain(document)
    if (plain === NOT_PLAIN && document.length === text.length) return readWhole(text)
    const read = plain === NOT_PLAIN ? await readWhole(document) : plain === undefined ? [] : [plain]
    if (!Array.isArray(read) || read.some((value) => typeof value !== 'object')) return undefined
    values.push(...read)
    if (values.length > DOCUMENTS_MAX) return undefined
    if (slice.isOver) await slice.next()
  }
  return values
}

/** Three dashes at the start of a line begin a document, wherever they stand (YAML 1.2.2, section 9.1.2). */
function* documentsOf(text: string): Generator<string> {
  let start = 0
  for (let at = text.indexOf('\n---'); at !== -1; at = text.indexOf('\n---', at + 1)) {
    if (!/[ \t\r\n]|^$/.test(text.charAt(at + 4))) continue
    yield text.slice(start, at + 1)
    start = at + 1
  }
  yield text.slice(start)
}

async function readWhole(text: string): Promise<unknown[] | TextFault> {
  const { readComposed } = await import('./composed-yaml.ts')
  return readComposed(text, DOCUMENTS_MAX)
}
