// Which routes differ between two revisions of a journal, in which fields, and through which records. Each record in
// between is folded and built on its own, so that a change is told with the one event that made it.

import type { JournalReader, Moment, Step, Unavailable } from '../events/journal/reader.ts'
import type { JournalRecord } from '../events/journal/record.ts'
import { allSettled, type State } from '../events/state.ts'
import { keyOf } from '../resources/resource.ts'
import { build } from '../snapshot/build.ts'
import { entryAt, listRoutes, routesOf } from '../snapshot/route-table.ts'
import type { Route, Snapshot } from '../snapshot/snapshot.ts'
import { recordedOptions } from './recorded-options.ts'
import { type RecordView, recordView } from './record-view.ts'
import { changedFields, type FieldChange, routeFields } from './route-fields.ts'

export interface RouteChange {
  readonly namespace: string
  readonly apiproxy: string
  readonly change: 'added' | 'removed' | 'changed'
  /** Of a route that was added or removed its path, host and target alone. */
  readonly fields: readonly FieldChange[]
  /** In order; also those whose effect another one undid. */
  readonly events: readonly RecordView[]
}

export interface RouteDiff {
  readonly from: { readonly revision: number; readonly hash: string; readonly time: string }
  readonly to: { readonly revision: number; readonly hash: string; readonly time: string }
  /** By namespace and name. */
  readonly routes: readonly RouteChange[]
  /** Records in between. */
  readonly records: number
}

type Fields = ReturnType<typeof routeFields>

/** @returns a problem where one of the revisions is not in the journal */
export function diffRoutes(reader: JournalReader, from: number, to: number): RouteDiff | Unavailable {
  const start = reader.at({ revision: from })
  if ('problem' in start) return start
  const end = reader.at({ revision: to })
  if ('problem' in end) return end
  const walk = new Walk(start)
  let records = 0
  for (const step of reader.steps(start)) {
    if (step.record.revision > to) break
    walk.take(step)
    records += 1
  }
  return { from: nameOf(start), to: nameOf(end), routes: walk.changes(), records }
}

class Walk {
  readonly #first: ReadonlyMap<string, Fields>
  readonly #routes: Map<string, Fields>
  readonly #events = new Map<string, RecordView[]>()
  #snapshot: Snapshot
  /** Records that no snapshot was built of yet: a start is not built before every kind is heard of. */
  #unbuilt: JournalRecord[] = []
  #isAnew = false

  constructor(start: Moment) {
    this.#snapshot = snapshotOf(start)
    this.#first = allRoutes(this.#snapshot)
    this.#routes = new Map(this.#first)
  }

  take({ record, after, anew }: Step): void {
    this.#unbuilt.push(record)
    this.#isAnew ||= anew
    if (!allSettled(after.state)) return
    const before = this.#snapshot
    this.#snapshot = build(after.state, recordedOptions(after.options), this.#isAnew ? undefined : before)
    this.#compare(before, after.state)
    this.#unbuilt = []
    this.#isAnew = false
  }

  changes(): RouteChange[] {
    const keys = [...new Set([...this.#first.keys(), ...this.#routes.keys()])].sort()
    return keys.flatMap((key) => {
      const before = this.#first.get(key)
      const after = this.#routes.get(key)
      if (before === after) return []
      const fields = changedFields(before ?? new Map(), after ?? new Map())
      if (fields.length === 0) return []
      const [, namespace = '', apiproxy = ''] = key.split('/')
      const change = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed'
      return [{ namespace, apiproxy, change, fields, events: this.#events.get(key) ?? [] }]
    })
  }

  #compare(before: Snapshot, state: State): void {
    if (before === this.#snapshot) return
    const now = this.#isAnew ? allRoutes(this.#snapshot) : undefined
    const keys = now === undefined ? this.#snapshot.changes.affected : [...this.#routes.keys(), ...now.keys()]
    for (const key of new Set(keys)) {
      const known = this.#routes.get(key)
      const route = now === undefined ? routeOf(this.#snapshot, state, key) : undefined
      const fields = now === undefined ? route && routeFields(route) : now.get(key)
      if (changedFields(known ?? new Map(), fields ?? new Map()).length === 0) continue
      if (fields === undefined) this.#routes.delete(key)
      else this.#routes.set(key, fields)
      this.#note(key, before)
    }
  }

  /** Of several records those that changed what the route is made of; where none did, all. */
  #note(key: string, before: Snapshot): void {
    const concerned = new Set([key, ...before.dependenciesOf(key), ...this.#snapshot.dependenciesOf(key)])
    const found = this.#unbuilt
      .map((record) => ({ record, keys: record.keys.filter((changed) => concerned.has(changed)) }))
      .filter(({ keys }) => keys.some((changed) => !changed.startsWith('Kind/')))
    const told = found.length > 0 ? found : this.#unbuilt.map((record) => ({ record, keys: record.keys }))
    const events = this.#events.get(key) ?? []
    events.push(...told.map(({ record, keys }) => recordView(record, keys)))
    this.#events.set(key, events)
  }
}

function snapshotOf({ state, options }: Moment): Snapshot {
  return build(state, recordedOptions(options))
}

function nameOf(moment: Moment): RouteDiff['from'] {
  const { hash } = snapshotOf(moment)
  return { revision: moment.revision, hash, time: new Date(moment.observedAt).toISOString() }
}

function allRoutes(snapshot: Snapshot): Map<string, Fields> {
  const routes = new Map<string, Fields>()
  for (const route of listRoutes(snapshot.routes)) {
    routes.set(keyOf('ApiProxy', route.namespace, route.apiproxy), routeFields(route))
  }
  return routes
}

/** The route of an ApiProxy, where it has its place. */
function routeOf(snapshot: Snapshot, state: State, key: string): Route | undefined {
  const resource = state.kinds.ApiProxy.objects.get(key)?.resource
  if (resource === undefined) return undefined
  const path =
    'problems' in resource ? resource.claim?.path : 'source' in resource ? resource.source.path : undefined
  const entry = path === undefined ? undefined : entryAt(snapshot.routes, path)
  if (entry === undefined) return undefined
  const { namespace, name } = resource.meta
  for (const route of routesOf(entry)) {
    if (route.namespace === namespace && route.apiproxy === name) return route
  }
  return undefined
}
