// Everything that one build hands to the next, so that the next looks only at what changed. All of it is persistent:
// a later build shares what it does not touch. Only build.ts, draft.ts and condition-list.ts look inside.

import { Map } from 'immutable'
import type { PluginFact, SourceProblem } from '../events/event.ts'
import { EMPTY_STATE, type State } from '../events/state.ts'
import { TextTable } from '../events/text-table.ts'
import { keyOf, type Resource } from '../resources/resource.ts'
import type { BuildOptions } from './build-options.ts'
import { type Claims, claimsOf, placeOf } from './claims.ts'
import type { CompiledApiProxy } from './compile-api-proxy.ts'
import type { Standing } from './conditions.ts'
import { EMPTY_KEY_TABLE, type KeyTable } from './key-table.ts'
import { indexPlugins, type PluginIndex } from './plugin-index.ts'
import type { PersistentIndex } from './persistent-index.ts'
import { EMPTY_ROUTE_TABLE, routeAt, type RouteTable } from './route-table.ts'
import { EMPTY_SERVICE_INDEX, type ServiceIndex } from './service-index.ts'
import type { ConditionCount, Route } from './snapshot.ts'

export interface Compilation {
  /** Version of the state that it was built from. */
  readonly version: number
  /** The objects that it was built from: what a touched object was before. */
  readonly kinds: State['kinds']
  readonly plugins: readonly PluginFact[]
  readonly pluginIndex: PluginIndex
  readonly decryption: State['decryption']
  readonly keys: KeyTable
  /** Addresses of key sets, with how many ApiProxies name them; none is 0. */
  readonly keySets: Map<string, number>
  readonly problems: Map<string, readonly SourceProblem[]>
  readonly services: ServiceIndex
  /** Every known ApiProxy by `keyOf`, whether it has its place or not. */
  readonly proxies: TextTable<CompiledApiProxy>
  /**
   * By `placeOf`, the places that several claim, or one that may not have it. Nearly all others have one claim, that of
   * the ApiProxy whose route is live there: nothing is kept for those.
   */
  readonly disputed: TextTable<Claims>
  /** ApiProxies that may not have their place, by `keyOf`, with whom they would take requests from. */
  readonly denied: Map<string, CompiledApiProxy>
  readonly crossNamespace: BuildOptions['routing.cross_namespace']
  /** From what was asked for (lookup.ts) to the ApiProxies that asked; statuses of kinds are left out. */
  readonly dependents: PersistentIndex
  /** The same for buckets of Services (service-index.ts): apart, since nearly always there is none. */
  readonly seekers: PersistentIndex
  readonly routes: RouteTable
  /** Objects of the other kinds that something is wrong with, by `keyOf`. */
  readonly troubled: Map<string, Resource>
  /** By kind, type and reason; none is 0. */
  readonly conditionCounts: Map<string, ConditionCount>
}

export const EMPTY_COMPILATION: Compilation = {
  version: EMPTY_STATE.version,
  kinds: EMPTY_STATE.kinds,
  plugins: EMPTY_STATE.plugins,
  pluginIndex: indexPlugins(EMPTY_STATE.plugins),
  decryption: EMPTY_STATE.decryption,
  keys: EMPTY_KEY_TABLE,
  keySets: Map(),
  problems: EMPTY_STATE.problems,
  services: EMPTY_SERVICE_INDEX,
  proxies: new TextTable(),
  disputed: new TextTable(),
  denied: Map(),
  crossNamespace: 'warn',
  dependents: undefined,
  seekers: undefined,
  routes: EMPTY_ROUTE_TABLE,
  troubled: Map(),
  conditionCounts: Map(),
}

/** Who has the place of an ApiProxy, and who is beside it. */
export function standingOf(
  compiled: CompiledApiProxy,
  {
    disputed,
    routes,
    denied,
    crossNamespace,
  }: Pick<Compilation, 'disputed' | 'routes' | 'denied' | 'crossNamespace'>,
): Standing {
  const { route } = compiled
  const asksWhoElse = crossNamespace !== 'allow'
  if (route === undefined) return { winner: undefined, deniedBy: undefined, routes, asksWhoElse }
  return {
    winner: winnerOf(disputed.get(placeOf(route)) ?? compiled, denied),
    deniedBy: denied.isEmpty() ? undefined : denied.get(keyOfCompiled(compiled)),
    routes,
    asksWhoElse,
  }
}

/** Who claims the place of a route. */
export function claimsAt(
  { disputed, routes, proxies }: Pick<Compilation, 'disputed' | 'routes' | 'proxies'>,
  route: Route,
): Claims | undefined {
  const known = disputed.get(placeOf(route))
  if (known !== undefined) return known
  const live = routeAt(routes, route.path, route.virtualHost)
  return live === undefined ? undefined : proxies.get(keyOf('ApiProxy', live.namespace, live.apiproxy))
}

/** Who of those that claim a place has it; undefined where nobody may. */
export function winnerOf(
  claims: Claims | undefined,
  denied: Compilation['denied'],
): CompiledApiProxy | undefined {
  const all = claimsOf(claims)
  return denied.isEmpty() ? all[0] : all.find((claim) => !denied.has(keyOfCompiled(claim)))
}

export function keyOfCompiled({ meta }: CompiledApiProxy): string {
  return keyOf('ApiProxy', meta.namespace, meta.name)
}
