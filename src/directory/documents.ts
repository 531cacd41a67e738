// Text to documents: the values that a YAML or JSON file holds, or the one line that says why it cannot be read.
// Documents that are written plainly are read by js-yaml (plain-yaml.ts); the library `yaml`, which takes six times as
// long, reads all others, and where anything is wrong with a text, all of it: it finds the place.
// Long texts are read in slices of time, so that requests go on meanwhile. Must never throw, and never show content
// of a text that may hold a Secret.

import { setImmediate as turn } from 'node:timers/promises'
import { Composer, type Document, Lexer, Parser } from 'yaml'
import { jsonFault } from './json-fault.ts'
import { NOT_PLAIN, readPlain } from './plain-yaml.ts'
import { mayHoldSecret, sayFault, type TextFault } from './text-fault.ts'
import { yamlFault } from './yaml-fault.ts'

/** More documents in one file make it unreadable. */
export const DOCUMENTS_MAX = 20_000
/** The bound that the library puts on aliases, against texts that grow a thousandfold. */
const ALIASES_MAX = 100
const SLICE_MS = 10
const LEXEMES_PER_LOOK = 256

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
  let sliceEnd = performance.now() + SLICE_MS
  for (const document of documentsOf(text)) {
    const plain = readPlain(document)
    if (plain === NOT_PLAIN && document.length === text.length) return readWhole(text)
    const read = plain === NOT_PLAIN ? await readWhole(document) : plain === undefined ? [] : [plain]
    if (!Array.isArray(read) || read.some((value) => typeof value !== 'object')) return undefined
    values.push(...read)
    if (values.length > DOCUMENTS_MAX) return undefined
    if (performance.now() < sliceEnd) continue
    await turn()
    sliceEnd = performance.now() + SLICE_MS
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
  const values: unknown[] = []
  try {
    for await (const document of composed(text)) {
      const fault = syntaxFault(document) ?? yamlFault(document)
      if (fault !== undefined) return fault
      const value: unknown = document.toJS({ maxAliasCount: ALIASES_MAX })
      if (value === null || value === undefined) continue
      if (values.length === DOCUMENTS_MAX) {
        return { offset: document.range[0], rule: `more than ${DOCUMENTS_MAX} documents in one file` }
      }
      values.push(value)
    }
  } catch (error) {
    return thrownFault(error)
  }
  return values
}

async function* composed(text: string): AsyncGenerator<Document.Parsed> {
  const parser = new Parser()
  // uniqueKeys is off because yaml-fault.ts looks for them in linear time.
  const composer = new Composer({ merge: true, uniqueKeys: false, prettyErrors: false, logLevel: 'silent' })
  let sliceEnd = performance.now() + SLICE_MS
  let lexemes = 0
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      yield* composer.next(token)
      if (token.type === 'error') {
        yield* composer.end(true, text.length)
        return
      }
    }
    lexemes += 1
    if (lexemes % LEXEMES_PER_LOOK === 0 && performance.now() > sliceEnd) {
      await turn()
      sliceEnd = performance.now() + SLICE_MS
    }
  }
  for (const token of parser.end()) yield* composer.next(token)
  yield* composer.end()
}

function syntaxFault(document: Document.Parsed): TextFault | undefined {
  const first = document.errors.toSorted((a, b) => a.pos[0] - b.pos[0])[0]
  if (first === undefined) return undefined
  if (first.code === 'RESOURCE_EXHAUSTION') return { offset: first.pos[0], rule: 'nested too deep' }
  const rule = `not valid YAML (${first.code.toLowerCase().replaceAll('_', ' ')})`
  return { offset: first.pos[0], rule, quoting: first.message }
}

/** The library throws for aliases beyond its bound, and where the stack ends. */
function thrownFault(error: unknown): TextFault {
  const rule = error instanceof RangeError ? 'nested too deep' : 'its aliases cannot be expanded'
  return error instanceof Error
    ? { offset: 0, rule, quoting: `${rule} (${error.message})` }
    : { offset: 0, rule }
}
