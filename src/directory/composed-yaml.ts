// YAML by the library `yaml`, which keeps the place of everything: for what plain-yaml.ts leaves to it, and to say what is wrong
// and where. Loaded with the first text that needs it (72 files, 20 ms of a start). Long texts are read in slices.

import { Composer, type Document, Lexer, Parser } from 'yaml'
import { Slice } from './slice.ts'
import type { TextFault } from './text-fault.ts'
import { yamlFault } from './yaml-fault.ts'

/** The bound that the library puts on aliases, against texts that grow a thousandfold. */
const ALIASES_MAX = 100
const LEXEMES_PER_LOOK = 256

/** Its values, empty documents left out, or the first fault in it. Never rejects. */
export async function readComposed(text: string, documentsMax: number): Promise<unknown[] | TextFault> {
  const values: unknown[] = []
  try {
    for await (const document of composed(text)) {
      const fault = syntaxFault(document) ?? yamlFault(document)
      if (fault !== undefined) return fault
      const value: unknown = document.toJS({ maxAliasCount: ALIASES_MAX })
      if (value === null || value === undefined) continue
      if (values.length === documentsMax) {
        return { offset: document.range[0], rule: `more than ${documentsMax} documents in one file` }
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
  const slice = new Slice()
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
    if (lexemes % LEXEMES_PER_LOOK === 0 && slice.isOver) await slice.next()
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
