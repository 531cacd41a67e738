// One ApiProxy, compiled: its route with everything that is constant for its requests, what fails, and whom it asked.
// Whether it has its place in the route table is not settled here but by its claim (claims.ts).

import { type Failure, failureAt } from '../errors/failure.ts'
import { NO_ITEMS } from '../resources/none.ts'
import {
  isInvalid,
  type ApiProxy,
  type InvalidResource,
  type Meta,
  type Resource,
} from '../resources/resource.ts'
import { placeKeys } from './place-keys.ts'
import { compilePlugins, pluginFailure } from './compile-plugins.ts'
import { compileTarget } from './compile-target.ts'
import { siteOf } from './failure-site.ts'
import { Lookup, type World } from './lookup.ts'
import { problemText } from './problem-text.ts'
import type { Route, RouteTarget } from './snapshot.ts'

export interface CompiledApiProxy {
  readonly meta: Meta
  /** Absent only for an invalid object whose source could not be read. */
  readonly route?: Route
  readonly problems?: InvalidResource['problems']
  /** What requests meet, in the order in which they meet it: plugins, then target. */
  readonly failures: readonly Failure[]
  readonly notes: readonly string[]
  /** Keys of all that this depends on beside the ApiProxy itself. */
  readonly asked: readonly string[]
}

export function compileApiProxy(resource: Resource, world: World): CompiledApiProxy | undefined {
  if (resource.kind !== 'ApiProxy') return undefined
  return isInvalid(resource) ? compileInvalid(resource, world) : compileValid(resource, world)
}

function compileValid(apiproxy: ApiProxy, world: World): CompiledApiProxy {
  const lookup = new Lookup(world)
  const { meta, source, target } = apiproxy
  const plugins = compilePlugins(apiproxy, lookup)
  const compiled = compileTarget(apiproxy, lookup)
  const failures = [
    ...plugins.flatMap((plugin) => pluginFailure(plugin) ?? []),
    ...targetFailures(compiled.target),
  ]
  const route = routeOf(meta, source, target.path, plugins, compiled.target)
  return {
    meta,
    route,
    failures: failures.length === 0 ? NO_ITEMS : failures,
    notes: compiled.notes.length === 0 ? NO_ITEMS : compiled.notes,
    // As long as it has to be: a list that grows keeps room for more.
    asked: lookup.asked.concat(keysOfPlace(route, world)),
  }
}

/** It holds its place where its source could be read, so that requests there do not silently fall to another route. */
function compileInvalid({ meta, problems, claim }: InvalidResource, world: World): CompiledApiProxy {
  const found = failureAt(
    'apiproxy_invalid',
    siteOf('ApiProxy', meta, problems[0].field),
    `ApiProxy ${meta.namespace}/${meta.name}: ${problemText(problems)}`,
  )
  const base = { meta, problems, failures: [found], notes: [], asked: [] }
  if (claim === undefined) return base
  const route = { ...routeOf(meta, claim, '/', [], { type: 'failed', failure: found }), invalid: found }
  return { ...base, route, asked: keysOfPlace(route, world) }
}

/** Written out for both: a field that is spread where it is there takes longer than all the others. */
function routeOf(
  { namespace, name }: Meta,
  { path, virtualHost }: ApiProxy['source'],
  targetPath: string,
  plugins: Route['plugins'],
  target: RouteTarget,
): Route {
  return virtualHost === undefined
    ? { namespace, apiproxy: name, path, targetPath, plugins, target }
    : { namespace, apiproxy: name, path, virtualHost, targetPath, plugins, target }
}

/** Only where others may be denied because of it: an index of all paths is not for nothing. */
function keysOfPlace(route: Route, { options }: World): readonly string[] {
  return options['routing.cross_namespace'] === 'deny' ? placeKeys(route) : []
}

function targetFailures(target: RouteTarget): readonly Failure[] {
  if (target.type === 'failed') return [target.failure]
  if (target.type !== 'dynamic') return []
  const failures = target.candidates.flatMap(({ target: candidate }) =>
    candidate.type === 'failed' ? [candidate.failure] : [],
  )
  // As long as one can serve, which one a request gets is the request's matter: a note says the rest.
  return failures.length === target.candidates.length ? failures.slice(0, 1) : []
}
