// Answers from a MockTarget: the route's status, headers and body, nothing else. Never followed by a proxy attempt.

import type { MockRoute } from '../resources/resource.ts'

/** Head and body of a mock route's answer; a content type of plain text where the route names none and has a body. */
export function mockAnswer(route: MockRoute): { status: number; headers: string[]; body: Buffer } {
  const body = Buffer.from(route.body)
  const headers: string[] = []
  let typed = false
  for (const [name, value] of route.headers) {
    if (name.toLowerCase() === 'content-type') typed = true
    headers.push(name, value)
  }
  if (!typed && body.length > 0) headers.push('content-type', 'text/plain; charset=utf-8')
  if (route.status !== 204 && route.status !== 304) headers.push('content-length', String(body.length))
  return { status: route.status, headers, body }
}
