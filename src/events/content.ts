// What of an object counts as its content: everything but resourceVersion, uid, generation and who changed it. Two objects of the same
// key with equal content are the same object to every decision. It must never be asked about anything that holds bytes.

import { hash } from 'node:crypto'
import { keyOf, type Resource } from '../resources/resource.ts'

/** Metadata that says when and where an object was written, not what it says. */
const NOT_CONTENT: ReadonlySet<string> = new Set(['uid', 'resourceVersion', 'generation', 'changedBy'])
const DIGEST_BITS = 128

/** True where both say the same; both must have the same kind, namespace and name. */
export function sameContent(a: Resource, b: Resource): boolean {
  if (a === b) return true
  const { meta: metaA, ...restA } = a
  const { meta: metaB, ...restB } = b
  return sameFields(metaA, metaB, NOT_CONTENT) && sameFields(restA, restB, NONE)
}

/** 128 bits that two objects share only if kind, namespace, name and content are equal. */
export function contentDigest(resource: Resource): bigint {
  const { meta, ...rest } = resource
  const key = keyOf(resource.kind, meta.namespace, meta.name)
  const text = `${key}\n${canonicalObject(meta, NOT_CONTENT)}\n${canonicalObject(rest, NONE)}`
  return BigInt(`0x${hash('sha256', text, 'hex').slice(0, DIGEST_BITS / 4)}`)
}

/** The digest of a set of objects after one of them changed: a sum, so that the order of events leaves no trace. */
export function replaceDigest(sum: bigint, before: bigint, after: bigint): bigint {
  return BigInt.asUintN(DIGEST_BITS, sum - before + after)
}

/** JSON with sorted keys, without fields that are undefined: equal texts mean equal values. */
export function canonical(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (isRecord(value)) return canonicalObject(value, NONE)
  return JSON.stringify(value) ?? 'null'
}

const NONE: ReadonlySet<string> = new Set()

function canonicalObject(value: object, omitted: ReadonlySet<string>): string {
  let text = '{'
  for (const name of Object.keys(value).sort()) {
    if (omitted.has(name)) continue
    const field: unknown = Reflect.get(value, name)
    if (field === undefined) continue
    text += `${text.length > 1 ? ',' : ''}${JSON.stringify(name)}:${canonical(field)}`
  }
  return `${text}}`
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
  for (const [name, value] of Object.entries(a)) {
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
