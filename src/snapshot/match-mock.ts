// Which answer of a MockTarget a request gets: matched on the target path by whole segments, longest first, then by
// method. As in the original a longer path that lacks the method does not hide a shorter one that has it.

import { failure } from '../errors/failure.ts'
import type { MockRoute } from '../resources/resource.ts'
import type { FailedTarget, MockAnswers } from './snapshot.ts'

/**
 * @param path target path, normalised
 * @param method any case
 */
export function matchMock(
  { name, routes }: MockAnswers,
  namespace: string,
  path: string,
  method: string,
): { readonly type: 'answer'; readonly route: MockRoute } | FailedTarget {
  const wanted = method.toUpperCase()
  let nearest: MockRoute | undefined
  for (const route of routes) {
    if (!beginsWith(path, route.path)) continue
    if (route.methods === undefined || route.methods.includes(wanted)) return { type: 'answer', route }
    nearest ??= route
  }
  const object = `MockTarget ${namespace}/${name}`
  if (nearest === undefined) {
    return { type: 'failed', failure: failure('mock_route_missing', `${object} has no route for this path`) }
  }
  const methods = nearest.methods?.join(', ') ?? ''
  const detail = `${object} answers ${nearest.path} for ${methods} only`
  return { type: 'failed', failure: failure('mock_method_missing', detail) }
}

/** By whole segments; both normalised. */
function beginsWith(path: string, prefix: string): boolean {
  if (prefix.length === 1) return true
  if (!path.startsWith(prefix)) return false
  return path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f
}
