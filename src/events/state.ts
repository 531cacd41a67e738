// What the gateway knows: the fold of all events. Pure and persistent: `apply` gives a new state that shares all that
// did not change with the old one, and the very same state where an event says nothing new.
// It must never read a clock, and never look into a spec: what a change leads to is the build's matter.

import { Map, Set as PersistentSet } from 'immutable'
import { KINDS, keyOf, type Kind, type Resource } from '../resources/resource.ts'
import { canonical, contentDigest, replaceDigest, sameContent } from './content.ts'
import type { KindStatus, PluginFact, ResourceEvent, SourceProblem, Staleness } from './event.ts'
import { heardAgain, restore, withRead } from './restored.ts'
import { touch, type TouchedKeys } from './touched.ts'

/** An object and the digest of its content. */
export interface Entry {
  readonly resource: Resource
  readonly digest: bigint
}

/** All that is known of one kind. */
export interface KindState {
  readonly status: KindStatus
  /** What the source said when it refused, or why nothing is waited for; empty otherwise. */
  readonly detail: string
  /** Namespaces in which the source may not list the kind, with what it said. */
  readonly refusedIn: Map<string, string>
  /** By `keyOf`. A kind that is refused later keeps what was last known of it. */
  readonly objects: Map<string, Entry>
}

export interface State extends TouchedKeys {
  readonly kinds: Readonly<Record<Kind, KindState>>
  /** Of the content of all objects, whatever the order in which they came. Faults of sources are no part of it. */
  readonly digest: bigint
  readonly plugins: readonly PluginFact[]
  /** Faults by source. */
  readonly problems: Map<string, readonly SourceProblem[]>
  /** Sources that have not been heard for too long. */
  readonly stale: Map<string, Staleness>
  /** Kinds that are known from a former process and have not been listed since. */
  readonly restored: readonly Kind[]
  /** Secrets (`keyOf`) whose facts are known from a former process and whose bytes have not been read since. */
  readonly unread: PersistentSet<string>
}

const UNHEARD: KindState = { status: 'pending', detail: '', refusedIn: Map(), objects: Map() }

/** Nothing heard yet. */
export const EMPTY_STATE: State = {
  kinds: Object.freeze({
    ApiProxy: UNHEARD,
    MockTarget: UNHEARD,
    ApiKey: UNHEARD,
    ApiKeyBinding: UNHEARD,
    Service: UNHEARD,
    Secret: UNHEARD,
    EndpointSlice: UNHEARD,
  }),
  digest: 0n,
  plugins: [],
  problems: Map(),
  stale: Map(),
  restored: [],
  unread: PersistentSet(),
  version: 0,
  touched: undefined,
  settledAt: 0,
}

/**
 * The state after one event; the same object where the event says nothing new.
 * A new uid or generation beside unchanged content is kept (a later delete carries that uid) but touches nothing, so it
 * makes no revision; a new resourceVersion alone is not even kept.
 */
export function apply(state: State, event: ResourceEvent): State {
  switch (event.type) {
    case 'upserted':
      return upsert(state, event.resource)
    case 'deleted':
      return remove(state, event.kind, keyOf(event.kind, event.namespace, event.name), event.uid)
    case 'listed':
      return replaceKind(state, event.kind, event.namespace, event.resources)
    case 'refused':
      return event.namespace === undefined
        ? setStatus(heardAgain(state, event.kind), event.kind, 'refused', event.detail)
        : setRefusedIn(state, event.kind, event.namespace, event.detail)
    case 'overdue':
      return state.kinds[event.kind].status === 'pending'
        ? setStatus(state, event.kind, 'overdue', event.detail)
        : state
    case 'stale':
      return setStale(state, event.source, event.since, event.expired ?? [])
    case 'problems':
      return setProblems(state, event.source, event.problems)
    case 'plugins':
      return setPlugins(state, event.plugins)
    case 'restored':
      return restore(state, event.since)
  }
}

/** The state after several events. */
export function applyAll(state: State, events: Iterable<ResourceEvent>): State {
  let next = state
  for (const event of events) next = apply(next, event)
  return next
}

/** The object of that name, valid or not. */
export function objectOf(state: State, kind: Kind, namespace: string, name: string): Resource | undefined {
  return state.kinds[kind].objects.get(keyOf(kind, namespace, name))?.resource
}

/** True once every kind is synced, refused or overdue: from then on a snapshot is worth serving. */
export function allSettled(state: State): boolean {
  return KINDS.every((kind) => state.kinds[kind].status !== 'pending')
}

/** The longest silence of any source (ms epoch); undefined where all are heard. */
export function staleSince(state: State): number | undefined {
  return state.stale.map(({ since }) => since).min()
}

/** True where the kind has not been heard for longer than is allowed. */
export function isExpired(state: Pick<State, 'stale'>, kind: Kind): boolean {
  return state.stale.some(({ expired }) => expired.includes(kind))
}

function upsert(state: State, resource: Resource): State {
  const { kind, meta } = resource
  const key = keyOf(kind, meta.namespace, meta.name)
  const { objects } = state.kinds[kind]
  const known = objects.get(key)
  const entry = entryOf(known, resource)
  const read = withRead(state, [key])
  if (entry === known) return read
  const digest = replaceDigest(state.digest, known?.digest ?? 0n, entry.digest)
  const next = withObjects(read, kind, objects.set(key, entry), digest)
  return entry.digest === known?.digest ? next : touch(next, key)
}

function remove(state: State, kind: Kind, key: string, uid: string | undefined): State {
  const { objects } = state.kinds[kind]
  const before = objects.get(key)
  if (before === undefined) return state
  const known = before.resource.meta.uid
  if (uid !== undefined && known !== undefined && uid !== known) return state
  return touch(
    withObjects(
      withRead(state, [key]),
      kind,
      objects.delete(key),
      replaceDigest(state.digest, before.digest, 0n),
    ),
    key,
  )
}

/** Only what differs from the list is touched, so that a relist of ten thousand unchanged objects costs no rebuild. */
function replaceKind(
  state: State,
  kind: Kind,
  namespace: string | undefined,
  resources: readonly Resource[],
): State {
  const synced =
    namespace === undefined
      ? setStatus(heardAgain(state, kind), kind, 'synced', '')
      : setRefusedIn(state, kind, namespace, undefined)
  const before = synced.kinds[kind].objects
  const listed = new Set<string>()
  const changed: string[] = []
  let objects = before.asMutable()
  let { digest } = synced
  for (const resource of resources) {
    const key = keyOf(kind, resource.meta.namespace, resource.meta.name)
    listed.add(key)
    const known = objects.get(key)
    const entry = entryOf(known, resource)
    if (entry === known) continue
    objects = objects.set(key, entry)
    if (entry.digest === known?.digest) continue
    digest = replaceDigest(digest, known?.digest ?? 0n, entry.digest)
    changed.push(key)
  }
  // Every object of the list is there now; more than those only if some are gone.
  if (objects.size > listed.size) {
    for (const [key, known] of before) {
      if (listed.has(key)) continue
      if (namespace !== undefined && known.resource.meta.namespace !== namespace) continue
      objects = objects.delete(key)
      digest = replaceDigest(digest, known.digest, 0n)
      changed.push(key)
    }
  }
  const read = kind === 'Secret' ? withRead(synced, [...listed, ...changed]) : synced
  if (!objects.wasAltered()) return read
  return changed.reduce(touch, withObjects(read, kind, objects.asImmutable(), digest))
}

/** The entry of an object as it is now; the known one where it says nothing new. */
function entryOf(known: Entry | undefined, resource: Resource): Entry {
  // Equal resourceVersions prove nothing: a manifest in a file keeps the one it was exported with while it is edited.
  if (known === undefined || !sameContent(known.resource, resource)) {
    return { resource, digest: contentDigest(resource) }
  }
  return sameIdentity(known.resource, resource) ? known : { resource, digest: known.digest }
}

function setStatus(state: State, kind: Kind, status: KindStatus, detail: string): State {
  const before = state.kinds[kind]
  if (before.status === status && before.detail === detail) return state
  const kinds = { ...state.kinds, [kind]: { ...before, status, detail } }
  return touch({ ...state, kinds }, `Kind/${kind}`)
}

function setRefusedIn(state: State, kind: Kind, namespace: string, detail: string | undefined): State {
  const before = state.kinds[kind]
  if (before.refusedIn.get(namespace) === detail) return state
  const refusedIn =
    detail === undefined ? before.refusedIn.delete(namespace) : before.refusedIn.set(namespace, detail)
  const kinds = { ...state.kinds, [kind]: { ...before, refusedIn } }
  return touch({ ...state, kinds }, `Kind/${kind}`)
}

/** What expires or is heard again changes what routes answer; that a source is silent does not. */
function setStale(state: State, source: string, since: number | undefined, expired: readonly Kind[]): State {
  const before = state.stale.get(source)
  const was = before?.expired ?? []
  if (before?.since === since && was.join() === expired.join()) return state
  const stale = since === undefined ? state.stale.delete(source) : state.stale.set(source, { since, expired })
  const next = touch({ ...state, stale }, 'Stale')
  const changed = KINDS.filter((kind) => was.includes(kind) !== expired.includes(kind))
  return changed.reduce((touched, kind) => touch(touched, `Kind/${kind}`), next)
}

function setProblems(state: State, source: string, problems: readonly SourceProblem[]): State {
  if (canonical(state.problems.get(source) ?? []) === canonical(problems)) return state
  const all = problems.length === 0 ? state.problems.delete(source) : state.problems.set(source, problems)
  return touch({ ...state, problems: all }, 'Problems')
}

function setPlugins(state: State, plugins: readonly PluginFact[]): State {
  if (canonical(state.plugins) === canonical(plugins)) return state
  return touch({ ...state, plugins }, 'Plugins')
}

function withObjects(state: State, kind: Kind, objects: Map<string, Entry>, digest: bigint): State {
  return { ...state, kinds: { ...state.kinds, [kind]: { ...state.kinds[kind], objects } }, digest }
}

function sameIdentity({ meta: a }: Resource, { meta: b }: Resource): boolean {
  return a.uid === b.uid && a.generation === b.generation
}
