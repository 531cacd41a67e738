// The decision on a request: all that the gateway settles before it touches an upstream. A pure function of snapshot and
// request, used by the exchange and by everything that explains one; it must never read a clock or do I/O.

import { failure, type Failure, failureAt } from './errors/failure.ts'
import type { MockRoute } from './resources/resource.ts'
import { joinTarget, normalisePath } from './resources/path.ts'
import { entriesAlong, match } from './snapshot/match.ts'
import { matchMock } from './snapshot/match-mock.ts'
import { hostsAt } from './snapshot/route-table.ts'
import type { DynamicTarget, FailedTarget, Route, Snapshot, Upstream } from './snapshot/snapshot.ts'

export interface DecisionRequest {
  readonly method: string
  /** Raw path without query. */
  readonly path: string
  /** Lower case without port. */
  readonly host: string
  /** First value of that header; names are given in lower case. */
  header(name: string): string | undefined
}

export interface Decision {
  /** Undefined: no ApiProxy matched, and the outcome says why. */
  readonly route: Route | undefined
  /** Path for the upstream: raw bytes kept, with the request's trailing slash, never empty. */
  readonly targetPath: string
  /** Number of Services where discovery found several, else 0. */
  readonly cardinality: number
  /** What follows once the plugins let the request pass; failures of plugins are on the route's plugins. */
  readonly outcome: Upstream | { readonly type: 'answer'; readonly route: MockRoute } | FailedTarget
}

export function decide(snapshot: Snapshot, request: DecisionRequest): Decision {
  const path = normalisePath(request.path)
  const route = match(snapshot.routes, path, request.host)
  if (route === undefined) return unmatched(snapshot, path)
  if (route.invalid !== undefined) {
    return { route, targetPath: '/', cardinality: 0, outcome: { type: 'failed', failure: route.invalid } }
  }
  const { target } = route
  const targetPath = joinTarget(route.path, route.targetPath, request.path)
  if (target.type === 'dynamic') return discover(route, target, targetPath, request)
  if (target.type !== 'mock') return { route, targetPath, cardinality: 0, outcome: target }
  const outcome = matchMock(target, route.namespace, normalisePath(targetPath), request.method)
  return { route, targetPath, cardinality: 0, outcome }
}

const NO_PATH: Decision = {
  route: undefined,
  targetPath: '/',
  cardinality: 0,
  outcome: failed(failure('no_path_matched', "no source path begins the request's path")),
}

function unmatched(snapshot: Snapshot, path: string): Decision {
  const [nearest] = entriesAlong(snapshot.routes, path)
  if (nearest === undefined) return NO_PATH
  const detail = `source path ${nearest.path} is there for ${hostsAt(nearest)} other hosts only`
  return {
    route: undefined,
    targetPath: '/',
    cardinality: 0,
    outcome: failed(failure('no_host_matched', detail)),
  }
}

/** The first of the Services, oldest first, whose labels have the values that the request's headers give. */
function discover(
  route: Route,
  target: DynamicTarget,
  targetPath: string,
  request: DecisionRequest,
): Decision {
  const { byHeader, candidates } = target
  const values: string[] = []
  for (const { name, header } of byHeader) {
    const value = request.header(header) ?? defaultValue(target, header)
    if (value === undefined) {
      const detail = `header ${header}, which gives label ${name}, is absent and has no default value`
      return {
        route,
        targetPath,
        cardinality: 0,
        outcome: failed(failure('service_label_header_absent', detail)),
      }
    }
    values.push(value)
  }
  let first: Upstream | FailedTarget | undefined
  let carriers = 0
  for (const candidate of candidates) {
    if (!byHeader.every(({ name }, index) => candidate.labels[name] === values[index])) continue
    first ??= candidate.target
    carriers += 1
  }
  const cardinality = carriers > 1 ? carriers : 0
  if (first !== undefined) return { route, targetPath, cardinality, outcome: first }
  const labels = byHeader.map(({ name, header }) => `${name} (header ${header})`).join(', ')
  const detail = `no Service in namespace ${route.namespace} has the values that the request gives for ${labels}`
  const field = 'spec.target.backend.service.labels'
  const at = { kind: 'ApiProxy', namespace: route.namespace, name: route.apiproxy, field }
  const found = failureAt('service_labels_unmatched', at, detail)
  return { route, targetPath, cardinality: 0, outcome: failed(found) }
}

// A header may be called like something that every object has.
function defaultValue({ defaultHeaderValues }: DynamicTarget, header: string): string | undefined {
  return Object.hasOwn(defaultHeaderValues, header) ? defaultHeaderValues[header] : undefined
}

function failed(found: Failure): FailedTarget {
  return { type: 'failed', failure: found }
}
