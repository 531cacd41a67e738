// What a snapshot says about one request: its route, the objects that made it, and why no other route took the request.
// As plain data, so that it outlives the snapshot. Worked out when somebody asks, or when the snapshot is let go.

import { shownConfig } from '../plugins/shown-config.ts'
import { normalisePath } from '../resources/path.ts'
import { type Candidate, candidates, considered, type Verdict } from '../snapshot/candidates.ts'
import type { CompiledPlugin, Route, RouteObject, Snapshot } from '../snapshot/snapshot.ts'

export interface CandidateFacts {
  /** `namespace/name`. */
  readonly apiproxy: string
  readonly verdict: Verdict
  readonly path: string
  /** Null: any host. */
  readonly virtual_host: string | null
}

export interface PluginFacts {
  readonly name: string
  readonly version: string | null
  /** Values redacted that the plugin does not declare public. */
  readonly config: Readonly<Record<string, string>>
  /** It cannot run: every request that reaches it fails. */
  readonly unusable: boolean
}

export interface RouteFacts {
  readonly route:
    | {
        readonly namespace: string
        readonly apiproxy: string
        readonly path: string
        readonly virtual_host: string | null
        readonly target: Route['target']['type']
        readonly plugins: readonly PluginFacts[]
      }
    | undefined
  readonly objects: readonly RouteObject[]
  readonly candidates: readonly CandidateFacts[]
  /** False where the snapshot is gone and something of this was not written down. */
  readonly complete: boolean
}

/** Which route, from whom, and what else of a snapshot. */
export interface FactsAsked {
  readonly snapshot: Snapshot
  readonly route: Route | undefined
  /** Raw path of the request. */
  readonly path: string
  /** Lower case, without port. */
  readonly host: string
}

/**
 * How much is worked out: `all` walks every route for those that nearly fit, `considered` only looks at those along the
 * path, `names` at none.
 */
export type FactsDepth = 'all' | 'considered' | 'names'

export function routeFacts({ snapshot, route, path, host }: FactsAsked, depth: FactsDepth): RouteFacts {
  const find = depth === 'all' ? candidates : considered
  const found = depth === 'names' ? [] : find(snapshot.routes, normalisePath(path), host)
  return {
    route: route === undefined ? undefined : routeOf(route, depth),
    objects:
      route === undefined || depth === 'names' ? [] : snapshot.objectsOf(route.namespace, route.apiproxy),
    candidates: found.map(candidateFacts),
    complete: depth === 'all',
  }
}

/** Copied, so that it keeps nothing else alive: texts of a manifest may be pieces of the whole file. */
export function ownFacts(facts: RouteFacts): RouteFacts {
  return JSON.parse(JSON.stringify(facts)) as RouteFacts
}

function routeOf(route: Route, depth: FactsDepth): NonNullable<RouteFacts['route']> {
  return {
    namespace: route.namespace,
    apiproxy: route.apiproxy,
    path: route.path,
    virtual_host: route.virtualHost ?? null,
    target: route.target.type,
    plugins: depth === 'names' ? [] : route.plugins.map(pluginFacts),
  }
}

function pluginFacts(plugin: CompiledPlugin): PluginFacts {
  return {
    name: plugin.name,
    version: plugin.version ?? null,
    config: shownConfig(plugin),
    unusable: plugin.failure !== undefined,
  }
}

function candidateFacts({ route, verdict }: Candidate): CandidateFacts {
  return {
    apiproxy: `${route.namespace}/${route.apiproxy}`,
    verdict,
    path: route.path,
    virtual_host: route.virtualHost ?? null,
  }
}
