// Reads a MockTarget (kanali.io/v2): canned answers by path and method. What it lets through can be sent as it is:
// no field that would break framing, no content where HTTP allows none.

import type { Fields } from './fields.ts'
import { readOptionalPath } from './path-field.ts'
import type { Reading } from './reading.ts'
import type { Meta, MockRoute } from './resource.ts'
import { FIELD_VALUE, HTTP_TOKEN } from './text-rules.ts'

/** RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5. */
const WITHOUT_CONTENT: ReadonlySet<number> = new Set([204, 205, 304])

/** The connection is the gateway's business (RFC 9110, section 7.6.1), and so is the length of the body. */
const REFUSED_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

export function readMockTarget(manifest: Fields, meta: Meta): Reading {
  const items = manifest.requiredObject('spec')?.requiredObjects('routes') ?? []
  const taken = new Set<string>()
  const routes = items.map((item) => readRoute(item, taken))
  return { resource: { kind: 'MockTarget', meta, routes } }
}

/** @param taken `method path` of the routes so far */
function readRoute(item: Fields, taken: Set<string>): MockRoute {
  const path = item.has('path') ? readOptionalPath(item, 'path') : (item.requiredText('path') ?? '/')
  const status = item.requiredInteger('status', 200, 599) ?? 200
  const methods = readMethods(item)
  const headers = readHeaders(item)
  const body = item.text('body') ?? ''
  if (WITHOUT_CONTENT.has(status) && body !== '') item.fail('body', `must be empty with the status ${status}`)
  for (const method of path === undefined ? [] : (methods ?? ['*'])) {
    const key = `${method} ${path}`
    if (taken.has(key))
      item.fail('path', `must not be there twice for ${method === '*' ? 'any method' : method}`)
    taken.add(key)
  }
  const route = { path: path ?? '/', status, headers, body }
  return methods === undefined ? route : { ...route, methods }
}

/** Undefined for any method. */
function readMethods(item: Fields): string[] | undefined {
  const texts = item.texts('methods', HTTP_TOKEN)
  if (texts === undefined || texts.length === 0) return undefined
  return [...new Set(texts.map(({ text }) => text.toUpperCase()))]
}

function readHeaders(item: Fields): [string, string][] {
  const map = item.object('headers')
  const taken = new Set<string>()
  const found = (map?.textEntries() ?? []).map(([name, text]): [string, string] => [name, trimSpaces(text)])
  for (const [name, value] of found) {
    const lower = name.toLowerCase()
    if (!HTTP_TOKEN.holds(name)) map?.fail(name, 'must have an HTTP field name', name)
    else if (REFUSED_FIELDS.has(lower)) map?.fail(name, 'is set by the gateway and cannot be mocked', value)
    else if (taken.has(lower)) map?.fail(name, 'must not be there twice (field names ignore case)', value)
    else if (!FIELD_VALUE.holds(value)) map?.fail(name, FIELD_VALUE.says, value)
    taken.add(lower)
  }
  return found
}

/** White space around a field's value is no part of it (RFC 9110, section 5.5); line breaks are left to be refused. */
function trimSpaces(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text.charCodeAt(start))) start += 1
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}
