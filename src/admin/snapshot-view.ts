// A snapshot as JSON for an operator, filtered and cut to a limit that the answer names.
// Pure; what of a route may be shown is settled in route-view.ts.

import type { KindStatus } from '../events/event.ts'
import { KINDS, type Kind } from '../resources/resource.ts'
import { listRoutes } from '../snapshot/route-table.ts'
import type { Condition, ConditionCount, Snapshot } from '../snapshot/snapshot.ts'
import { type RouteView, routeView } from './route-view.ts'

/** Kinds that a filter may name: those of conditions. Routes are of kind ApiProxy. */
export const VIEW_KINDS = [...KINDS, 'File', 'Journal', 'Plugin'] as const
type ViewKind = (typeof VIEW_KINDS)[number]

export interface SnapshotFilter {
  readonly namespace?: string
  /** Name of the object, for a route that of its ApiProxy. */
  readonly name?: string
  readonly kind?: ViewKind
  /** At most so many routes, and so many conditions. */
  readonly limit: number
}

interface Cut<T> {
  /** How many pass the filter. */
  readonly total: number
  readonly shown: number
  readonly items: readonly T[]
}

export interface SnapshotView {
  readonly revision: number
  readonly hash: string
  readonly kinds: Readonly<Record<Kind, KindStatus>>
  /** Namespaces in which a kind may not be listed; absent where there is none. */
  readonly refusals?: Snapshot['refusals']
  readonly counts: Readonly<Record<Kind, number>>
  /** RFC 3339. */
  readonly staleSince?: string
  /** Present where the limit left something out. */
  readonly cut?: string
  /** Of all objects, whatever the filter. */
  readonly conditionCounts: readonly ConditionCount[]
  readonly conditions: Cut<Condition>
  readonly routes: Cut<RouteView>
}

/** Walks every route and every condition: not for the way of a request. */
export function snapshotView(snapshot: Snapshot, filter: SnapshotFilter): SnapshotView {
  const conditions = cut(
    snapshot.conditions,
    (condition) => passes(filter, condition.kind, condition.namespace, condition.name),
    (condition) => condition,
    filter.limit,
  )
  const routes = cut(
    listRoutes(snapshot.routes),
    (route) => passes(filter, 'ApiProxy', route.namespace, route.apiproxy),
    routeView,
    filter.limit,
  )
  return {
    revision: snapshot.revision,
    hash: snapshot.hash,
    kinds: snapshot.kinds,
    ...(snapshot.refusals.length === 0 ? {} : { refusals: snapshot.refusals }),
    counts: snapshot.counts,
    ...(snapshot.staleSince === undefined ? {} : { staleSince: new Date(snapshot.staleSince).toISOString() }),
    ...cutLine(conditions, routes),
    conditionCounts: [...snapshot.conditionCounts],
    conditions,
    routes,
  }
}

function passes(filter: SnapshotFilter, kind: ViewKind, namespace: string, name: string): boolean {
  if (filter.kind !== undefined && filter.kind !== kind) return false
  if (filter.namespace !== undefined && filter.namespace !== namespace) return false
  return filter.name === undefined || filter.name === name
}

function cut<T, V>(
  all: Iterable<T>,
  wanted: (item: T) => boolean,
  view: (item: T) => V,
  limit: number,
): Cut<V> {
  const items: V[] = []
  let total = 0
  for (const item of all) {
    if (!wanted(item)) continue
    total += 1
    if (items.length < limit) items.push(view(item))
  }
  return { total, shown: items.length, items }
}

function cutLine(conditions: Cut<unknown>, routes: Cut<unknown>): { cut?: string } {
  if (conditions.shown === conditions.total && routes.shown === routes.total) return {}
  const line =
    `${routes.shown} of ${routes.total} routes and ${conditions.shown} of ${conditions.total} conditions are shown; ` +
    'narrow with ?namespace=, ?name=, ?kind= or raise ?limit='
  return { cut: line }
}
