// Who has a place in the route table: of all ApiProxies that claim the same source path and host, one. The oldest valid
// one; only where none is valid, the oldest invalid one, so that an invalid claim never displaces a valid one.

import { NO_ITEMS } from '../resources/none.ts'
import { byAge } from './age.ts'
import type { CompiledApiProxy } from './compile-api-proxy.ts'
import type { Route } from './snapshot.ts'

/** All claims of one place: the only one, as nearly everywhere, or several, the winner first. */
export type Claims = CompiledApiProxy | readonly CompiledApiProxy[]

/** Identity of a place. Neither paths nor hosts contain a line break. */
export function placeOf({ path, virtualHost }: Pick<Route, 'path' | 'virtualHost'>): string {
  return virtualHost === undefined ? path : `${path}\n${virtualHost}`
}

/** The claims one by one. */
export function claimsOf(claims: Claims | undefined): readonly CompiledApiProxy[] {
  if (claims === undefined) return NO_ITEMS
  return isSeveral(claims) ? claims : [claims]
}

/** The claims with this one in its place among them. */
export function withClaim(claims: Claims | undefined, added: CompiledApiProxy): Claims {
  if (claims === undefined) return added
  const all = claimsOf(claims)
  const index = all.findIndex((other) => precedence(added, other) < 0)
  return index === -1 ? [...all, added] : all.toSpliced(index, 0, added)
}

/** The claims without that of one ApiProxy. */
export function withoutClaim(
  claims: Claims | undefined,
  removed: CompiledApiProxy | undefined,
): Claims | undefined {
  if (claims === removed) return undefined
  if (claims === undefined || !isSeveral(claims)) return claims
  const kept = claims.filter((claim) => claim !== removed)
  return kept.length === 1 ? kept[0] : kept
}

function isSeveral(claims: Claims): claims is readonly CompiledApiProxy[] {
  return Array.isArray(claims)
}

function precedence(a: CompiledApiProxy, b: CompiledApiProxy): number {
  const validA = a.problems === undefined
  const validB = b.problems === undefined
  if (validA !== validB) return validA ? -1 : 1
  return byAge(a.meta, b.meta)
}
