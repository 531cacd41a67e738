// Snapshots and routes with just what a test sets, for code that only reads them. They were never built.

import { Map } from 'immutable'
import type { Kind } from '../../src/resources/resource.ts'
import { KINDS } from '../../src/resources/resource.ts'
import { EMPTY_KEY_TABLE } from '../../src/snapshot/key-table.ts'
import { EMPTY_ROUTE_TABLE, type RouteTable, setRoute } from '../../src/snapshot/route-table.ts'
import type { Route, Snapshot } from '../../src/snapshot/snapshot.ts'

/** Revision 1, every kind synced, nothing known. */
export function bareSnapshot(set: Partial<Snapshot> = {}): Snapshot {
  return {
    revision: 1,
    hash: '0123456789abcdef',
    routes: EMPTY_ROUTE_TABLE,
    keys: EMPTY_KEY_TABLE,
    keySets: Map(),
    kinds: ofEveryKind('synced'),
    counts: ofEveryKind(0),
    refusals: [],
    conditions: [],
    conditionsOf: () => [],
    failuresOf: () => [],
    objectsOf: () => [],
    dependenciesOf: () => [],
    conditionCounts: [],
    changes: { removedApiProxies: [], conditions: [], conditionsCut: 0, pendingApiKeys: [], affected: [] },
    ...set,
  }
}

/** `example` in namespace `application`, from `/example` to one endpoint. */
export function bareRoute(set: Partial<Route> = {}): Route {
  return {
    namespace: 'application',
    apiproxy: 'example',
    path: '/example',
    targetPath: '/',
    plugins: [],
    target: { type: 'upstream', scheme: 'http', endpoints: [{ host: '10.0.0.1', port: 80 }] },
    ...set,
  }
}

/** A table of these routes. */
export function tableOf(routes: readonly Route[]): RouteTable {
  return routes.reduce(setRoute, EMPTY_ROUTE_TABLE)
}

export function ofEveryKind<T>(value: T): Record<Kind, T> {
  return Object.fromEntries(KINDS.map((kind) => [kind, value])) as Record<Kind, T>
}
