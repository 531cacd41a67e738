// The routes of a snapshot, found by path and host: full source paths, and at each of them the hosts.
// By path first, since then one probe per prefix settles both hosted and host-less routes, and tells an unknown path
// from an unknown host. Persistent: a change copies a few nodes, and a request keeps the table that it pinned.

import type { Route } from './snapshot.ts'
import { deleteText, findText, setText, sizeOf, textEntries, type TextMap } from '../events/text-map.ts'

/** All routes at one source path: the only one, as nearly everywhere, or several. */
export type PathEntry = Route | RoutesByHost

/** Routes at one source path; at least two. A class, since a lookup tells it from a route by that. */
export class RoutesByHost {
  readonly path: string
  readonly anyHost: Route | undefined
  readonly byHost: TextMap<Route>

  constructor(path: string, anyHost: Route | undefined, byHost: TextMap<Route>) {
    this.path = path
    this.anyHost = anyHost
    this.byHost = byHost
  }
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
  const replaced = before === undefined ? undefined : routeIn(before, virtualHost)
  const entry = before === undefined || before === replaced ? route : withRoute(before, route)
  return {
    paths: setText(table.paths, path, entry),
    depths: before === undefined ? withDepth(table.depths, depthOf(path), 1) : table.depths,
    size: replaced === undefined ? table.size + 1 : table.size,
  }
}

/** The table without the route of that path and host; the same table where there is none. */
export function removeRoute(table: RouteTable, path: string, virtualHost: string | undefined): RouteTable {
  const before = findText(table.paths, path)
  if (before === undefined || routeIn(before, virtualHost) === undefined) return table
  const size = table.size - 1
  if (!(before instanceof RoutesByHost)) {
    const depths = withDepth(table.depths, depthOf(path), -1)
    return { paths: deleteText(table.paths, path), depths, size }
  }
  return { paths: setText(table.paths, path, withoutRoute(before, virtualHost)), depths: table.depths, size }
}

/** The route of exactly this path and host; host-less where that is undefined. */
export function routeAt(table: RouteTable, path: string, virtualHost: string | undefined): Route | undefined {
  const entry = findText(table.paths, path)
  return entry === undefined ? undefined : routeIn(entry, virtualHost)
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
  if (!(entry instanceof RoutesByHost)) {
    yield entry
    return
  }
  if (entry.anyHost !== undefined) yield entry.anyHost
  const hosted = Array.from(textEntries(entry.byHost)).sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [, route] of hosted) yield route
}

/** The route at one path for hosts that have none of their own there. */
export function anyHostAt(entry: PathEntry): Route | undefined {
  if (entry instanceof RoutesByHost) return entry.anyHost
  return entry.virtualHost === undefined ? entry : undefined
}

/** How many routes with a virtual host there are at one path. */
export function hostsAt(entry: PathEntry): number {
  if (entry instanceof RoutesByHost) return sizeOf(entry.byHost)
  return entry.virtualHost === undefined ? 0 : 1
}

/** Number of segments of a normalised path: 0 for `/`. */
function depthOf(path: string): number {
  if (path.length === 1) return 0
  let depth = 0
  for (let index = 0; index < path.length; index += 1) if (path.charCodeAt(index) === 0x2f) depth += 1
  return depth
}

function routeIn(entry: PathEntry, virtualHost: string | undefined): Route | undefined {
  if (!(entry instanceof RoutesByHost)) return entry.virtualHost === virtualHost ? entry : undefined
  return virtualHost === undefined ? entry.anyHost : findText(entry.byHost, virtualHost)
}

function withRoute(entry: PathEntry, route: Route): RoutesByHost {
  const { path, virtualHost } = route
  const { anyHost, byHost } =
    entry instanceof RoutesByHost ? entry : withRoute(new RoutesByHost(path, undefined, undefined), entry)
  if (virtualHost === undefined) return new RoutesByHost(path, route, byHost)
  return new RoutesByHost(path, anyHost, setText(byHost, virtualHost, route))
}

/** What is left where that route was there. */
function withoutRoute({ path, anyHost, byHost }: RoutesByHost, virtualHost: string | undefined): PathEntry {
  const others =
    virtualHost === undefined
      ? new RoutesByHost(path, undefined, byHost)
      : new RoutesByHost(path, anyHost, deleteText(byHost, virtualHost))
  if (hostsAt(others) + (others.anyHost === undefined ? 0 : 1) > 1) return others
  const [only = others] = routesOf(others)
  return only
}

function withDepth(depths: readonly number[], depth: number, change: 1 | -1): readonly number[] {
  const counts = [...depths]
  while (counts.length <= depth) counts.push(0)
  counts[depth] = (counts[depth] ?? 0) + change
  while (counts.at(-1) === 0) counts.pop()
  return counts
}
