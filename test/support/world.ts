// Events, states and snapshots made of manifests, and questions put to a snapshot as a request would.

import { DEFAULT_OPTIONS } from '../../src/config/options.ts'
import { decide, type Decision } from '../../src/decide.ts'
import type { ResourceEvent } from '../../src/events/event.ts'
import { apply, applyAll, EMPTY_STATE, type State } from '../../src/events/state.ts'
import { KINDS, type Kind, type Resource } from '../../src/resources/resource.ts'
import { build } from '../../src/snapshot/build.ts'
import type { BuildOptions } from '../../src/snapshot/build-options.ts'
import type { Condition, Snapshot } from '../../src/snapshot/snapshot.ts'
import { type Manifest, resourceOf } from './manifests.ts'

export const ORIGIN = { source: 'test', observedAt: 0 } as const

/** A builder of manifests.ts, its manifest, or a record. */
export type Known = Resource | Manifest | { build(): Manifest }

export function upserted(known: Known): ResourceEvent {
  return { ...ORIGIN, type: 'upserted', resource: recordOf(known) }
}

export function deleted(known: Known, uid?: string): ResourceEvent {
  const { kind, meta } = recordOf(known)
  const event = { ...ORIGIN, type: 'deleted', kind, namespace: meta.namespace, name: meta.name } as const
  return uid === undefined ? event : { ...event, uid }
}

export function listed(kind: Kind, ...objects: readonly Known[]): ResourceEvent {
  return { ...ORIGIN, type: 'listed', kind, resources: objects.map(recordOf) }
}

export function refused(kind: Kind, detail = 'HTTP status 403'): ResourceEvent {
  return { ...ORIGIN, type: 'refused', kind, detail }
}

/** Every kind listed, with these objects and no others. */
export function stateOf(...objects: readonly Known[]): State {
  const records = objects.map(recordOf)
  return KINDS.reduce(
    (state, kind) => apply(state, listed(kind, ...records.filter((record) => record.kind === kind))),
    EMPTY_STATE,
  )
}

/** The state with more events folded in. */
export function after(state: State, ...events: readonly ResourceEvent[]): State {
  return applyAll(state, events)
}

export function snapshotOf(...objects: readonly Known[]): Snapshot {
  return build(stateOf(...objects), DEFAULT_OPTIONS)
}

export function optionsWith(set: Partial<BuildOptions>): BuildOptions {
  return { ...DEFAULT_OPTIONS, ...set }
}

/** The decision on `GET http://<host><path>`, or on another method given before a space. */
export function ask(
  snapshot: Snapshot,
  request: string,
  headers: Readonly<Record<string, string>> = {},
): Decision {
  const [first = '', second] = request.split(' ')
  const [method, url] = second === undefined ? ['GET', first] : [first, second]
  const found = /^(?:http:\/\/([^/]*))?(\/.*)?$/.exec(url)
  return decide(snapshot, {
    method,
    path: found?.[2] ?? '',
    host: found?.[1] ?? 'localhost',
    header: (name) => (Object.hasOwn(headers, name) ? headers[name] : undefined),
  })
}

/** What a decision comes to, in one line. */
export function outcomeOf({ route, outcome, targetPath, cardinality }: Decision): string {
  const who = route === undefined ? '' : `${route.namespace}/${route.apiproxy} `
  const several = cardinality === 0 ? '' : ` (1 of ${cardinality})`
  if (outcome.type === 'failed')
    return `${who}${outcome.failure.fact.codeText} ${outcome.failure.fact.reason}`
  if (outcome.type === 'answer') return `${who}${outcome.route.status} ${outcome.route.body}`
  const authorities = outcome.endpoints.map(({ host, port }) => `${host}:${port}`).join(',')
  return `${who}${outcome.scheme}://${authorities}${targetPath}${several}`
}

/** The line of `outcomeOf` for a request. */
export function askOutcome(
  snapshot: Snapshot,
  request: string,
  headers: Readonly<Record<string, string>> = {},
): string {
  return outcomeOf(ask(snapshot, request, headers))
}

/** One condition of an object. */
export function conditionOf(
  snapshot: Snapshot,
  name: string,
  type: Condition['type'],
): Condition | undefined {
  return [...snapshot.conditions].find((condition) => condition.name === name && condition.type === type)
}

function recordOf(known: Known): Resource {
  return 'meta' in known ? (known as Resource) : resourceOf(known)
}
