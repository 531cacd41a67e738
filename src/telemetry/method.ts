// The closed set of methods that spans and metrics know by name, as the HTTP semantic conventions list them:
// RFC 9110, PATCH (RFC 5789) and QUERY. Every other method is one value on every signal.

import { OTHER } from './names.ts'

export const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'QUERY',
  OTHER,
] as const

const OTHER_INDEX = METHODS.length - 1
const INDEX = new Map<string, number>(METHODS.map((method, index) => [method, index]))

/** Position in METHODS; that of `_OTHER` for a method that is not listed, whatever its case. */
export function methodIndex(method: string): number {
  return method === 'GET' ? 0 : (INDEX.get(method) ?? OTHER_INDEX)
}

/** The method as spans and metrics name it. */
export function methodName(method: string): string {
  return METHODS[methodIndex(method)] ?? OTHER
}
