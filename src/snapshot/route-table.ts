// The routes of a snapshot, found by path and host: full source paths, and at each of them the hosts.
// By path first, since then one probe per prefix settles both hosted and host-less routes, and tells an unknown path
// from an unknown host. Persistent: a change copies a few nodes, and a request keeps the table that it pinned.

import type { Route } from './snapshot.ts'
import { deleteText, findText, setText, textEntries, type TextMap } from '../events/text-map.ts'

/** All routes at one source path; at least one. */
export interface PathEntry {
  readonly path: string
  readonly anyHost: Route | undefined
  readonly byHost: TextMap<Route>
  /** How many routes `byHost` has. */
  readonly hostsCount: number
}

export interface RouteTable {
  readonly paths: TextMap<PathEntry>
  /** How many source paths there are of each number of segments (index): depths that are not used are not probed. */
  readonly depths: readonly number[]
  readonly size: number
}

export const EMPTY_ROUTE_TABLE: RouteTable = { paths: undefined, depths: [], size: 0 }

/** The table with this route in the place of any other of its path and host. */
export function setRoute(table: RouteTable, route: Route): RouteTable {
  const { path, virtualHost } = route
  const before = findText(table.paths, path)
  const replaced = before === undefined ? undefined : routeAt(before, virtualHost)
  const entry = withRoute(before ?? { path, anyHost: undefined, byHost: undefined, hostsCount: 0 }, route)
  return {
    paths: setText(table.paths, path, entry),
    depths: before === undefined ? withDepth(table.depths, depthOf(path), 1) : table.depths,
    size: replaced === undefined ? table.size + 1 : table.size,
  }
}

/** The table without the route of that path and host; the same table where there is none. */
export function removeRoute(table: RouteTable, path: string, virtualHost: string | undefined): RouteTable {
  const before = findText(table.paths, path)
  if (before === undefined || routeAt(before, virtualHost) === undefined) return table
  const entry = withoutRoute(before, virtualHost)
  const size = table.size - 1
  if (entry.anyHost === undefined && entry.hostsCount === 0) {
    const depths = withDepth(table.depths, depthOf(path), -1)
    return { paths: deleteText(table.paths, path), depths, size }
  }
  return { paths: setText(table.paths, path, entry), depths: table.depths, size }
}

/** All that is at exactly this source path. */
export function entryAt(table: RouteTable, path: string): PathEntry | undefined {
  return findText(table.paths, path)
}

/** Every route, by path, then host-less before hosts in their order. Sorts at the call: not for the way of a request. */
export function* listRoutes(table: RouteTable): Generator<Route> {
  const entries = Array.from(textEntries(table.paths), ([, entry]) => entry)
  for (const entry of entries.sort((a, b) => (a.path < b.path ? -1 : 1))) yield* routesOf(entry)
}

/** The routes at one path: host-less first, then by host. */
export function* routesOf(entry: PathEntry): Generator<Route> {
  if (entry.anyHost !== undefined) yield entry.anyHost
  const hosted = Array.from(textEntries(entry.byHost)).sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [, route] of hosted) yield route
}

/** Number of segments of a normalised path: 0 for `/`. */
function depthOf(path: string): number {
  if (path.length === 1) return 0
  let depth = 0
  for (let index = 0; index < path.length; index += 1) if (path.charCodeAt(index) === 0x2f) depth += 1
  return depth
}

function routeAt(entry: PathEntry, virtualHost: string | undefined): Route | undefined {
  return virtualHost === undefined ? entry.anyHost : findText(entry.byHost, virtualHost)
}

function withRoute(entry: PathEntry, route: Route): PathEntry {
  const { virtualHost } = route
  if (virtualHost === undefined) return { ...entry, anyHost: route }
  const added = findText(entry.byHost, virtualHost) === undefined ? 1 : 0
  return { ...entry, byHost: setText(entry.byHost, virtualHost, route), hostsCount: entry.hostsCount + added }
}

function withoutRoute(entry: PathEntry, virtualHost: string | undefined): PathEntry {
  if (virtualHost === undefined) return { ...entry, anyHost: undefined }
  return { ...entry, byHost: deleteText(entry.byHost, virtualHost), hostsCount: entry.hostsCount - 1 }
}

function withDepth(depths: readonly number[], depth: number, change: 1 | -1): readonly number[] {
  const counts = [...depths]
  while (counts.length <= depth) counts.push(0)
  counts[depth] = (counts[depth] ?? 0) + change
  while (counts.at(-1) === 0) counts.pop()
  return counts
}
