// Where an object, or a field of it, stands in a file of manifests: line and column, for a person and for an editor.
// The text has been read without a fault before; what cannot be found is placed at the nearest thing around it.

import { isMap, isPair, isScalar, isSeq, LineCounter, parseAllDocuments, type YAMLMap } from 'yaml'

/** Both count from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

export interface Subject {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

const START: Place = { line: 1, column: 1 }

export class ManifestPlaces {
  readonly #lines = new LineCounter()
  readonly #objects: YAMLMap[] = []
  readonly #namespace: string

  /**
   * @param text YAML or JSON, which is YAML too
   * @param namespace of objects that name none
   */
  constructor(text: string, namespace: string) {
    this.#namespace = namespace
    const documents = parseAllDocuments(text, {
      lineCounter: this.#lines,
      merge: true,
      uniqueKeys: false,
      logLevel: 'silent',
    })
    if (!Array.isArray(documents)) return
    for (const { contents } of documents) {
      if (!isMap(contents)) continue
      const items: unknown = contents.get('items', true)
      if (isSeq(items)) this.#objects.push(...items.items.filter((item) => isMap(item)))
      else this.#objects.push(contents)
    }
  }

  /** @param field dotted, keys with dots in brackets: `spec.keys[0].name`, `data["tls.crt"]`; empty for the object */
  placeOf(subject: Subject, field: string): Place {
    const object = this.#objects.find((candidate) => this.#is(candidate, subject))
    if (object === undefined) return START
    return this.#at(offsetOf(object, segmentsOf(field)))
  }

  #is(object: YAMLMap, { kind, namespace, name }: Subject): boolean {
    if (object.get('kind') !== kind || object.getIn(['metadata', 'name']) !== name) return false
    const own: unknown = object.getIn(['metadata', 'namespace']) ?? this.#namespace
    return namespace === '' || own === namespace
  }

  #at(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
}

/** `spec.keys[0]["a.b"]` is `spec`, `keys`, `0`, `a.b`. */
function segmentsOf(field: string): string[] {
  return [...field.matchAll(/\["([^"]*)"\]|\[([^\]]*)\]|([^.[\]]+)/g)].map(
    ([, quoted, bracketed, plain]) => quoted ?? bracketed ?? plain ?? '',
  )
}

/** Of the deepest thing on the way to the field that is there. */
function offsetOf(object: YAMLMap, segments: readonly string[]): number {
  let offset = object.range?.[0] ?? 0
  let node: unknown = object
  for (const segment of segments) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === segment)
      if (pair === undefined) return offset
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(segment)]
      if (item === undefined) return offset
      if (isMap(item) || isScalar(item) || isSeq(item)) offset = item.range?.[0] ?? offset
      node = item
    } else return offset
  }
  return offset
}
