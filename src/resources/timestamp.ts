// Points in time as objects write them (RFC 3339 texts, or the dates that some YAML readers make of them), in one form
// that sorts as text. It must never read a clock.

import type { Fields } from './fields.ts'

const RFC_3339 =
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})$/
const RULE = 'must be a point in time as in RFC 3339, such as 2026-01-31T12:00:00Z'

/** UTC with milliseconds (`2026-01-31T12:00:00.000Z`); undefined where absent or, with a problem, unreadable. */
export function readTimestamp(fields: Fields, name: string): string | undefined {
  const value = fields.raw(name)
  if (value === undefined) return undefined
  const normalised = normaliseTimestamp(value)
  if (normalised === undefined) fields.fail(name, RULE)
  return normalised
}

/** The same of a bare value; undefined where it is no point in time. */
export function normaliseTimestamp(value: unknown): string | undefined {
  let date: Date
  if (value instanceof Date) date = value
  else if (typeof value === 'string' && RFC_3339.test(value)) date = new Date(value.toUpperCase())
  else return undefined
  const text = Number.isNaN(date.getTime()) ? undefined : date.toISOString()
  // Years beyond 9999 have another form, which would not sort.
  return text?.length === 24 ? text : undefined
}
