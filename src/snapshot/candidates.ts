// Why a request took its route and not another: every route that was considered, and the nearest of those that were
// not. For explaining only: it walks the whole table, and must never be called on the way of a request.

import { entriesAlong, match } from './match.ts'
import { listRoutes, type PathEntry, routesOf, type RouteTable } from './route-table.ts'
import type { Route } from './snapshot.ts'

export type Verdict =
  | 'matched'
  /** It would fit, but a longer source path does too. */
  | 'shorter'
  /** Host-less, and at the same path there is a route of exactly this host. */
  | 'exact host preferred'
  | 'host differs'
  /** Its source path does not begin the request's path: only the nearest few. */
  | 'path differs'

export interface Candidate {
  readonly route: Route
  readonly verdict: Verdict
}

/** How many routes of another host are named at one path. */
export const HOSTS_NAMED_MAX = 10
/** How many routes of another path are named. */
export const PATHS_NAMED_MAX = 5

/**
 * Every route at a prefix of the path, longest first, with why each won or lost; then the nearest others.
 * @param path normalised
 * @param host lower case, without port
 */
export function candidates(table: RouteTable, path: string, host: string): Candidate[] {
  const paths = new Set(entriesAlong(table, path).map((entry) => entry.path))
  return [...considered(table, path, host), ...nearest(table, path, paths)]
}

/** The same without the nearest others: it looks at the prefixes of the path only. */
export function considered(table: RouteTable, path: string, host: string): Candidate[] {
  const winner = match(table, path, host)
  return entriesAlong(table, path).flatMap((entry) => judgeEntry(entry, host, winner))
}

function judgeEntry(entry: PathEntry, host: string, winner: Route | undefined): Candidate[] {
  const judged: Candidate[] = []
  let othersNamed = 0
  for (const route of routesOf(entry)) {
    const verdict = judge(route, host, winner)
    if (verdict === 'host differs') {
      if (othersNamed === HOSTS_NAMED_MAX) continue
      othersNamed += 1
    }
    judged.push({ route, verdict })
  }
  return judged.sort((a, b) => RANK[a.verdict] - RANK[b.verdict])
}

const RANK: Readonly<Record<Verdict, number>> = {
  matched: 0,
  'exact host preferred': 1,
  shorter: 2,
  'host differs': 3,
  'path differs': 4,
}

function judge(route: Route, host: string, winner: Route | undefined): Verdict {
  if (route === winner) return 'matched'
  if (route.virtualHost !== undefined && route.virtualHost !== host) return 'host differs'
  return route.path === winner?.path ? 'exact host preferred' : 'shorter'
}

/** Those that share most of the path's beginning, at least one character beyond the slash. */
function nearest(table: RouteTable, path: string, taken: ReadonlySet<string>): Candidate[] {
  const others: { readonly route: Route; readonly shared: number }[] = []
  for (const route of listRoutes(table)) {
    if (taken.has(route.path)) continue
    const shared = sharedLength(route.path, path)
    if (shared > 1) others.push({ route, shared })
  }
  others.sort((a, b) => b.shared - a.shared || a.route.path.length - b.route.path.length)
  return others.slice(0, PATHS_NAMED_MAX).map(({ route }) => ({ route, verdict: 'path differs' }))
}

function sharedLength(a: string, b: string): number {
  let length = 0
  while (length < a.length && a.charCodeAt(length) === b.charCodeAt(length)) length += 1
  return length
}
