// Which route a request takes: the longest source path by whole segments, and at one path an exact virtual host before
// a host-less route. A path that does not fit the host is skipped and the next shorter one tried.
// On the way of every request: it must never allocate, decode or change case.

import type { Route } from './snapshot.ts'
import { type PathEntry, RoutesByHost, type RouteTable } from './route-table.ts'
import { findPrefix, HASH_SEED, hashEnd, hashText, hashUnit } from '../events/text-map.ts'

const SLASH = 0x2f

/** End and hash of each prefix of the path last looked at, by its number of segments; free again when a call returns. */
let ends = new Int32Array(32)
let hashes = new Int32Array(32)

/**
 * The route of a request, or undefined.
 * @param path normalised (path.ts), percent-encoding as sent
 * @param host lower case, without port; empty where the request has none
 */
export function match(table: RouteTable, path: string, host: string): Route | undefined {
  let hostHash = 0
  let hostHashed = false
  for (let depth = hashPrefixes(table, path); depth >= 0; depth -= 1) {
    const entry = entryOfPrefix(table, path, depth)
    if (entry === undefined) continue
    if (!(entry instanceof RoutesByHost)) {
      if (entry.virtualHost === undefined || entry.virtualHost === host) return entry
      continue
    }
    if (entry.byHost !== undefined) {
      if (!hostHashed) {
        hostHash = hashText(host)
        hostHashed = true
      }
      const exact = findPrefix(entry.byHost, host, host.length, hostHash)
      if (exact !== undefined) return exact
    }
    if (entry.anyHost !== undefined) return entry.anyHost
  }
  return undefined
}

/**
 * The source paths that begin a request's path by whole segments, longest first, whatever their hosts.
 * For telling causes apart and for explaining, not for every request.
 */
export function entriesAlong(table: RouteTable, path: string): PathEntry[] {
  const found: PathEntry[] = []
  for (let depth = hashPrefixes(table, path); depth >= 0; depth -= 1) {
    const entry = entryOfPrefix(table, path, depth)
    if (entry !== undefined) found.push(entry)
  }
  return found
}

function entryOfPrefix(table: RouteTable, path: string, depth: number): PathEntry | undefined {
  if (table.depths[depth] === 0) return undefined
  return findPrefix(table.paths, path, ends[depth] ?? 0, hashes[depth] ?? 0)
}

/**
 * Notes where each prefix of whole segments ends and its hash, no deeper than the deepest source path.
 * @returns the number of segments of the longest prefix noted; -1 where the table is empty
 */
function hashPrefixes(table: RouteTable, path: string): number {
  const deepest = table.depths.length - 1
  if (deepest < 0 || path.charCodeAt(0) !== SLASH) return -1
  if (ends.length <= deepest) {
    ends = new Int32Array(deepest * 2)
    hashes = new Int32Array(deepest * 2)
  }
  let running = hashUnit(HASH_SEED, SLASH)
  ends[0] = 1
  hashes[0] = hashEnd(running)
  if (path.length === 1) return 0
  let depth = 0
  for (let index = 1; index < path.length; index += 1) {
    const unit = path.charCodeAt(index)
    if (unit === SLASH) {
      if (depth === deepest) return depth
      depth += 1
      ends[depth] = index
      hashes[depth] = hashEnd(running)
    }
    running = hashUnit(running, unit)
  }
  if (depth === deepest) return depth
  depth += 1
  ends[depth] = path.length
  hashes[depth] = hashEnd(running)
  return depth
}
