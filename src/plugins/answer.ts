// A plugin's own answer, checked and copied: whatever a plugin returned, what leaves here is safe to send.
// Each property is read once, inside a try: a plugin's object may have getters that change or throw.

import { checkField } from './header-list.ts'
import { hasNoContent, isFinalStatus } from './response-view.ts'
import { readThrown } from './thrown.ts'

const BODY_CHARS_MAX = 1_048_576
const FIELDS_MAX = 100

export interface CheckedAnswer {
  readonly status: number
  /** Flat name, value list: no framing, no hop-by-hop fields. */
  readonly headers: readonly string[]
  /** Empty for 204, 205 and 304. To be sent as UTF-8. */
  readonly body: string
}

/** The answer, or one line that says which rule it breaks. */
export function checkAnswer(returned: unknown): CheckedAnswer | string {
  if (typeof returned !== 'object' || returned === null) {
    const what = returned === null ? 'null' : `a ${typeof returned}`
    return `returned ${what}: neither nothing (undefined) nor an answer { status, headers?, body? }`
  }
  try {
    return check(returned)
  } catch (thrown) {
    return `returned an answer that cannot be sent: ${readThrown(thrown).text}`
  }
}

function check(returned: { status?: unknown; headers?: unknown; body?: unknown }): CheckedAnswer {
  const { status, headers, body = '' } = returned
  if (!isFinalStatus(status)) throw new TypeError('its status is not an integer from 200 to 599')
  if (typeof body !== 'string') throw new TypeError(`its body is not a string but of type ${typeof body}`)
  if (body.length > BODY_CHARS_MAX) throw new TypeError(`its body has more than ${BODY_CHARS_MAX} characters`)
  if (body !== '' && hasNoContent(status)) throw new TypeError(`it has a body, which a ${status} cannot have`)
  return { status, headers: headers === undefined ? [] : flat(headers), body }
}

function flat(headers: unknown): string[] {
  if (
    typeof headers !== 'object' ||
    headers === null ||
    Array.isArray(headers) ||
    Symbol.iterator in headers
  ) {
    throw new TypeError('its headers are not a plain object of names and values')
  }
  const fields: string[] = []
  for (const [name, value] of Object.entries(headers) as [string, unknown][]) {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value]
    if (fields.length + values.length * 2 > FIELDS_MAX * 2)
      throw new TypeError(`it has more than ${FIELDS_MAX} headers`)
    for (const one of values) fields.push(name, checkField(name, one))
  }
  return fields
}
