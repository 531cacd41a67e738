// What of an object counts as its content: everything but resourceVersion, uid, generation and who changed it. Two objects of the same
// key with equal content are the same object to every decision. It must never be asked about anything that holds bytes.

import { hash } from 'node:crypto'
import { keyOf, type Resource } from '../resources/resource.ts'

/** Metadata that says when and where an object was written, not what it says. */
const NOT_CONTENT: ReadonlySet<string> = new Set(['uid', 'resourceVersion', 'generation', 'changedBy'])
/** What is told of apart from the rest of an object. */
const META: ReadonlySet<string> = new Set(['meta'])
const NONE: ReadonlySet<string> = new Set()
const DIGEST_BITS = 128
/** Names of fields are few, but for those of labels. */
const NAMES_KEPT_MAX = 1000
/** More names than that are left to the sort of the language. */
const INSERTED_MAX = 16

/** True where both say the same; both must have the same kind, namespace and name. */
export function sameContent(a: Resource, b: Resource): boolean {
  return a === b || (sameFields(a.meta, b.meta, NOT_CONTENT) && sameFields(a, b, META))
}

/** 128 bits that two objects share only if kind, namespace, name and content are equal. */
export function contentDigest(resource: Resource): bigint {
  const { kind, meta } = resource
  const key = keyOf(kind, meta.namespace, meta.name)
  const text = `${key}\n${canonicalObject(meta, NOT_CONTENT)}\n${canonicalObject(resource, META)}`
  return BigInt(`0x${hash('sha256', text, 'hex').slice(0, DIGEST_BITS / 4)}`)
}

/** The digest of a set of objects after one of them changed: a sum, so that the order of events leaves no trace. */
export function replaceDigest(sum: bigint, before: bigint, after: bigint): bigint {
  return BigInt.asUintN(DIGEST_BITS, sum - before + after)
}

/** JSON with sorted keys, without fields that are undefined: equal texts mean equal values. */
export function canonical(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) {
    let text = '['
    for (const item of value) text += text.length > 1 ? `,${canonical(item)}` : canonical(item)
    return `${text}]`
  }
  if (isRecord(value)) return canonicalObject(value, NONE)
  return JSON.stringify(value) ?? 'null'
}

function canonicalObject(value: object, omitted: ReadonlySet<string>): string {
  let text = '{'
  for (const name of sortedNames(value)) {
    if (omitted.has(name)) continue
    const field: unknown = Reflect.get(value, name)
    if (field === undefined) continue
    if (text.length > 1) text += ','
    text += quotedName(name) + canonical(field)
  }
  return `${text}}`
}

/** By their UTF-16 units. Most objects have a handful, for which a sort takes longer than all the rest of their text. */
function sortedNames(value: object): string[] {
  const names = Object.keys(value)
  if (names.length > INSERTED_MAX) return names.sort()
  for (let index = 1; index < names.length; index += 1) {
    const name = names[index] as string
    let place = index
    for (; place > 0 && (names[place - 1] as string) > name; place -= 1)
      names[place] = names[place - 1] as string
    names[place] = name
  }
  return names
}

const quotedNames = new Map<string, string>()

/** The beginning of a field. */
function quotedName(name: string): string {
  const known = quotedNames.get(name)
  if (known !== undefined) return known
  const made = `${JSON.stringify(name)}:`
  if (quotedNames.size < NAMES_KEPT_MAX) quotedNames.set(name, made)
  return made
}

/** As JSON has it; what needs no escape, which is nearly everything, is not asked of JSON. */
function quoted(text: string): string {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    const isSurrogate = unit >= 0xd800 && unit < 0xe000
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || isSurrogate) return JSON.stringify(text)
  }
  return `"${text}"`
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => same(item, b[index]))
  }
  return isRecord(a) && isRecord(b) && sameFields(a, b, NONE)
}

function sameFields(a: object, b: object, omitted: ReadonlySet<string>): boolean {
  return holdsFields(a, b, omitted, true) && holdsFields(b, a, omitted, false)
}

/** True where each field of `a` is in `b`, with an equal value if values are compared. */
function holdsFields(a: object, b: object, omitted: ReadonlySet<string>, values: boolean): boolean {
  for (const name of Object.keys(a)) {
    const value: unknown = Reflect.get(a, name)
    if (value === undefined || omitted.has(name)) continue
    // Own fields only: a label may be called `constructor`.
    const other: unknown = Object.hasOwn(b, name) ? Reflect.get(b, name) : undefined
    if (values ? !same(value, other) : other === undefined) return false
  }
  return true
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
