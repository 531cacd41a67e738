// A compiled route as fields with their paths, so that two of them can be compared, and what differs be said. What may be
// secret is compared and never shown.

import type { Route } from '../snapshot/snapshot.ts'
import { REDACTED } from './state-view.ts'

export interface FieldChange {
  readonly field: string
  /** Absent where the field was not there. */
  readonly from?: string
  readonly to?: string
}

type Fields = ReadonlyMap<string, string>

const CONCEALED = /(^|\.)config\.|\.body$|\.secretHandle$|^target\.tls\.id$|\.tls\.id$/
/** Names in which a route is known; they differ for no two forms of one. */
const IDENTITY: ReadonlySet<string> = new Set(['namespace', 'apiproxy'])

/** Every field of a route by its dotted path. */
export function routeFields(route: Route): Fields {
  const fields = new Map<string, string>()
  for (const [name, value] of Object.entries(route)) if (!IDENTITY.has(name)) collect(fields, name, value)
  return fields
}

/** What differs, in the order of the paths. */
export function changedFields(before: Fields, after: Fields): FieldChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  return names.flatMap((field) => {
    const from = before.get(field)
    const to = after.get(field)
    if (from === to) return []
    return [
      {
        field,
        ...(from !== undefined && { from: shown(field, from) }),
        ...(to !== undefined && { to: shown(field, to) }),
      },
    ]
  })
}

function collect(fields: Map<string, string>, path: string, value: unknown): void {
  if (value === undefined) return
  if (typeof value !== 'object' || value === null) {
    fields.set(path, typeof value === 'string' ? value : JSON.stringify(value))
    return
  }
  const single = singleText(value)
  if (single !== undefined) {
    fields.set(path, single)
    return
  }
  if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => collect(fields, `${path}[${index}]`, item))
    return
  }
  for (const [name, item] of Object.entries(value)) collect(fields, `${path}.${name}`, item)
}

/** A failure and an address are one thing to a person. */
function singleText(value: object): string | undefined {
  if ('fact' in value && 'detail' in value) {
    const { fact, detail } = value as { fact: { codeText: string; reason: string }; detail: string }
    return `${fact.codeText} ${fact.reason}: ${detail}`
  }
  if ('host' in value && 'port' in value && Object.keys(value).length === 2) {
    const host = String(value.host)
    return `${host.includes(':') ? `[${host}]` : host}:${String(value.port)}`
  }
  return undefined
}

function shown(field: string, value: string): string {
  return CONCEALED.test(field) ? REDACTED : value
}
