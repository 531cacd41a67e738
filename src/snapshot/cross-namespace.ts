// Routes that take requests which would else be another namespace's: a longer source path below its, or a virtual host
// beside it, where the hosts of the two meet. Who was there first is captured from; who came later captures.

import { byAge } from './age.ts'
import type { CompiledApiProxy } from './compile-api-proxy.ts'
import { entriesAlong } from './match.ts'
import { prefixesOf } from './place-keys.ts'
import { type RouteTable, routesOf } from './route-table.ts'
import type { Route } from './snapshot.ts'

/**
 * The oldest ApiProxy of another namespace, older than this one, from which it would take requests.
 * @param at the ApiProxies at exactly a source path, in any order
 */
export function captured(
  compiled: CompiledApiProxy,
  at: (path: string) => Iterable<CompiledApiProxy>,
): CompiledApiProxy | undefined {
  const { route, meta } = compiled
  if (route === undefined) return undefined
  let oldest: CompiledApiProxy | undefined
  for (const path of prefixesOf(route.path)) {
    for (const other of at(path)) {
      if (other.route === undefined || other.problems !== undefined) continue
      if (!takesFrom(route, other.route) || byAge(other.meta, meta) >= 0) continue
      if (oldest === undefined || byAge(other.meta, oldest.meta) < 0) oldest = other
    }
  }
  return oldest
}

/** For the owner of a route: of whose routes in other namespaces it takes a part; the nearest, of those that are live. */
export function capturedNote(route: Route, routes: RouteTable): string | undefined {
  for (const entry of entriesAlong(routes, route.path)) {
    for (const other of routesOf(entry)) {
      if (!takesFrom(route, other)) continue
      const host = other.virtualHost === undefined ? 'any host' : `host ${other.virtualHost}`
      return `it takes requests from ApiProxy ${other.namespace}/${other.apiproxy} of another namespace (source path ${other.path}, ${host})`
    }
  }
  return undefined
}

/** True where `route` is the more specific of the two and their hosts meet; equal places are a conflict, not a capture. */
function takesFrom(route: Route, other: Route): boolean {
  if (route.namespace === other.namespace) return false
  const { virtualHost: host } = route
  const { virtualHost: otherHost } = other
  if (route.path === other.path) return host !== undefined && otherHost === undefined
  return host === undefined || otherHost === undefined || host === otherHost
}
