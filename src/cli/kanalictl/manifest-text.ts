// The text of a manifest that is to be changed in a few places. Documents without a change stay as they are, to the
// byte; of a changed one the comments stay. What cannot be changed so that it then says exactly what was meant is refused.

import { isDeepStrictEqual } from 'node:util'
import { Composer, Document, isMap, isNode, Parser, type YAMLMap } from 'yaml'
import { readDocuments } from '../../directory/documents.ts'
import { isRecord, ownField, type Untrusted } from '../../resources/fields.ts'
import { parseManifest } from '../../resources/parse.ts'
import type { ApiKey } from '../../resources/resource.ts'
import { type Format, render } from './output.ts'
import { Refusal } from './refusal.ts'

type Path = readonly (string | number)[]

/** What is set at a path below an object, or taken away from there. */
export interface Change {
  readonly path: Path
  /** Undefined takes it away. */
  readonly value: unknown
}

/** An ApiKey in the text. */
export interface Place {
  readonly name: string
  /** The resource, or why it cannot be read. */
  readonly apiKey: ApiKey | string
  readonly document: number
  /** From the document to the object: empty, but in a list. */
  readonly path: Path
  readonly object: Untrusted
}

export class ManifestText {
  readonly format: Format
  readonly places: readonly Place[]
  readonly #text: string
  /** One for each document of the text, empty ones too. */
  readonly #values: readonly unknown[]

  private constructor(text: string, format: Format, values: readonly unknown[]) {
    this.format = format
    this.places = values.flatMap(placesIn)
    this.#text = text
    this.#values = values
  }

  /** @param shown how the text is called in a refusal */
  static async read(text: string, shown: string): Promise<ManifestText> {
    const format = text.trimStart().startsWith('{') && isJson(text) ? 'json' : 'yaml'
    // It looks for what would stop or mislead a reader; its values leave out empty documents.
    const documents = await readDocuments(text, format, true)
    if (documents.type === 'fault') throw new Refusal(`${shown}: ${documents.message}`)
    if (format === 'json') return new ManifestText(text, format, documents.values)
    return new ManifestText(
      text,
      format,
      compose(text).map((document) => document.toJS() as unknown),
    )
  }

  /** The text with the changes made, in the form that is asked for. */
  changed(
    changes: readonly { readonly place: Place; readonly changes: readonly Change[] }[],
    format: Format,
  ): string {
    const values = structuredClone(this.#values) as unknown[]
    for (const { place, changes: own } of changes) {
      for (const { path, value } of own) setIn(values, [place.document, ...place.path, ...path], value)
    }
    if (format !== this.format) return converted(values, format)
    if (changes.every(({ changes: own }) => own.length === 0)) return this.#text
    if (format === 'json') return `${JSON.stringify(values[0], undefined, indentOf(this.#text))}\n`
    const text = spliced(this.#text, changes)
    const result = compose(text).map((document) => document.toJS() as unknown)
    if (!isDeepStrictEqual(result, values)) throw tooInvolved()
    return text
  }
}

function placesIn(value: unknown, document: number): Place[] {
  const items =
    isRecord(value) && String(ownField(value, 'kind')).endsWith('List') ? value['items'] : undefined
  const list: unknown[] | undefined = Array.isArray(items) ? items : undefined
  return parseManifest(value, 'default').flatMap((result, index) => {
    if (result.type !== 'resource' || result.resource.kind !== 'ApiKey') return []
    const { resource } = result
    const object = list === undefined ? value : list[index]
    if (!isRecord(object)) return []
    const problem =
      'problems' in resource ? `${resource.problems[0].field} ${resource.problems[0].rule}` : undefined
    const apiKey = 'revisions' in resource ? resource : (problem ?? '')
    const path = list === undefined ? [] : ['items', index]
    return [{ name: resource.meta.name, apiKey, document, path, object }]
  })
}

function compose(text: string): Document.Parsed[] {
  const composer = new Composer({ merge: true, uniqueKeys: false, prettyErrors: false, logLevel: 'silent' })
  return [...composer.compose(new Parser().parse(text), true, text.length)]
}

/** Writes the changed documents anew, from the last to the first, each between what stands before and after it. */
function spliced(text: string, changes: Parameters<ManifestText['changed']>[0]): string {
  const documents = compose(text)
  for (const { place, changes: own } of changes) {
    for (const { path, value } of own) change(documents[place.document], [...place.path, ...path], value)
  }
  const touched = new Set(
    changes.filter(({ changes: own }) => own.length > 0).map(({ place }) => place.document),
  )
  return [...touched]
    .sort((a, b) => b - a)
    .reduce((result, index) => {
      const contents = documents[index]?.contents
      if (!isMap(contents) || contents.range === undefined || contents.range === null) throw tooInvolved()
      const [from, , to] = contents.range
      const start = /^[ \t]*$/.test(result.slice(result.lastIndexOf('\n', from - 1) + 1, from))
        ? result.lastIndexOf('\n', from - 1) + 1
        : from
      return result.slice(0, start) + written(contents, result.slice(start, to)) + result.slice(to)
    }, text)
}

function change(document: Document.Parsed | undefined, path: Path, value: unknown): void {
  try {
    if (value === undefined) document?.deleteIn(path)
    else document?.setIn(path, document.createNode(value))
  } catch (error) {
    throw new Refusal(tooInvolved().message, { cause: error })
  }
}

/** The contents of a document in the style of the text that they came from, whose last line end is kept or left out. */
function written(contents: YAMLMap.Parsed, before: string): string {
  // YAML 1.1, which kubectl reads, has more words that are no texts: dates, yes, on.
  const document = new Document(null, { compat: 'yaml-1.1', merge: true })
  // What stands before the contents stands before the text that is replaced.
  const first: unknown = contents.items[0]?.key
  for (const node of contents.flow === true ? [contents] : [contents, first]) {
    if (isNode(node)) Object.assign(node, { commentBefore: undefined, spaceBefore: false })
  }
  document.contents = contents
  const indentSeq = !/^([ \t]*)[^\s#-][^\n]*:[ \t]*\r?\n(?:[ \t]*#[^\n]*\n)*\1- /m.test(before)
  const text = document.toString({ lineWidth: 0, indentSeq })
  const ended = before.endsWith('\n') ? text : text.replace(/\n$/, '')
  return before.includes('\r\n') ? ended.replaceAll(/\r?\n/g, '\r\n') : ended
}

function setIn(root: unknown, path: Path, value: unknown): void {
  const [key, ...rest] = path
  if (typeof root !== 'object' || root === null || key === undefined) throw tooInvolved()
  const holder = root as Record<string | number, unknown>
  if (rest.length > 0) setIn(holder[key], rest, value)
  else if (value === undefined) Reflect.deleteProperty(holder, key)
  else holder[key] = value
}

function converted(values: readonly unknown[], format: Format): string {
  const full = values.filter((value) => value !== null && value !== undefined)
  if (format === 'yaml' || full.length === 1) return render(full[0], format)
  return render({ apiVersion: 'v1', kind: 'List', items: full }, format)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function indentOf(text: string): string {
  return /^\{\r?\n([ \t]+)"/.exec(text.trimStart())?.[1] ?? '  '
}

function tooInvolved(): Refusal {
  return new Refusal(
    'the ApiKey is written with anchors, merges or aliases that cannot be changed in place: write it out',
  )
}
