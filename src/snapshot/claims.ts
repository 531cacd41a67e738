// Who has a place in the route table: of all ApiProxies that claim the same source path and host, one. The oldest valid
// one; only where none is valid, the oldest invalid one, so that an invalid claim never displaces a valid one.

import { byAge } from './age.ts'
import type { CompiledApiProxy } from './compile-api-proxy.ts'
import type { Route } from './snapshot.ts'

/** All claims of one place, the winner first; at least one. */
export type Claims = readonly CompiledApiProxy[]

/** Identity of a place. Neither paths nor hosts contain a line break. */
export function placeOf({ path, virtualHost }: Pick<Route, 'path' | 'virtualHost'>): string {
  return virtualHost === undefined ? path : `${path}\n${virtualHost}`
}

/** The claims with this one in its place among them. */
export function withClaim(claims: Claims, added: CompiledApiProxy): Claims {
  const index = claims.findIndex((other) => precedence(added, other) < 0)
  return index === -1 ? [...claims, added] : claims.toSpliced(index, 0, added)
}

/** The claims without that of one ApiProxy. */
export function withoutClaim(claims: Claims, removed: CompiledApiProxy): Claims {
  return claims.filter((claim) => claim !== removed)
}

function precedence(a: CompiledApiProxy, b: CompiledApiProxy): number {
  const validA = a.problems === undefined
  const validB = b.problems === undefined
  if (validA !== validB) return validA ? -1 : 1
  return byAge(a.meta, b.meta)
}
