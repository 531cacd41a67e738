// What the gateway knows: the fold of all events. Pure and persistent: `apply` gives a new state that shares all that
// did not change with the old one, and the very same state where an event says nothing new.
// It must never read a clock, and never look into a spec: what a change leads to is the build's matter.

import { Map, Set as PersistentSet } from 'immutable'
import { KINDS, keyOf, type Kind, type Resource } from '../resources/resource.ts'
import { canonical, contentDigest, replaceDigest, sameContent } from './content.ts'
import type {
  DecryptionKeyFact,
  KeyDigests,
  KeySetFact,
  KindStatus,
  PluginFact,
  ResourceEvent,
  SourceProblem,
  Staleness,
} from './event.ts'
import { heardAgain, restore, withRead } from './restored.ts'
import { TextTable } from './text-table.ts'
import { touch, touchAll, type TouchedKeys } from './touched.ts'

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
  readonly objects: TextTable<Entry>
}

/** What is known of the clear text of api keys: digests alone. */
export interface Decryption {
  readonly key: DecryptionKeyFact
  /** By the name of the ApiKey. */
  readonly digests: Map<string, KeyDigests>
}

export interface State extends TouchedKeys {
  readonly kinds: Readonly<Record<Kind, KindState>>
  /** Of the content of all objects, whatever the order in which they came. Faults of sources are no part of it. */
  readonly digest: bigint
  readonly plugins: readonly PluginFact[]
  readonly decryption: Decryption
  /** By their addresses. */
  readonly keySets: Map<string, KeySetFact>
  /** Faults by source. */
  readonly problems: Map<string, readonly SourceProblem[]>
  /** Sources that have not been heard for too long. */
  readonly stale: Map<string, Staleness>
  /** Kinds that are known from a former process and have not been listed since. */
  readonly restored: readonly Kind[]
  /** Secrets (`keyOf`) whose facts are known from a former process and whose bytes have not been read since. */
  readonly unread: PersistentSet<string>
}

const API_KEY = keyOf('ApiKey', '', '')
/** Kinds whose objects are told what became of them, by generation. */
const HAVE_STATUS: ReadonlySet<Kind> = new Set(['ApiProxy', 'MockTarget', 'ApiKey', 'ApiKeyBinding'])

const UNHEARD: KindState = { status: 'pending', detail: '', refusedIn: Map(), objects: new TextTable() }

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
  decryption: { key: { status: 'unset', keyId: '', detail: '' }, digests: Map() },
  keySets: Map(),
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
 * A new uid or generation beside unchanged content is kept (a later delete carries that uid), and makes a revision only
 * where the object has conditions that speak of it, never another hash; a new resourceVersion alone is not even kept.
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
    case 'decryption_key':
      return setDecryption(state, { key: event.key, digests: Map(Object.entries(event.digests)) })
    case 'decrypted':
      return setDigests(state, event.keyId, event.apiKey, event.digests)
    case 'key_set':
      return setKeySet(state, event.url, event.fact)
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
  return state.stale.isEmpty() ? undefined : state.stale.map(({ since }) => since).min()
}

/** True where the kind has not been heard for longer than is allowed. */
export function isExpired(state: Pick<State, 'stale'>, kind: Kind): boolean {
  return !state.stale.isEmpty() && state.stale.some(({ expired }) => expired.includes(kind))
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
  return says(known, entry) ? touch(next, key) : next
}

function remove(state: State, kind: Kind, key: string, uid: string | undefined): State {
  const { objects } = state.kinds[kind]
  const before = objects.get(key)
  if (before === undefined) return state
  const known = before.resource.meta.uid
  if (uid !== undefined && known !== undefined && uid !== known) return state
  const digest = replaceDigest(state.digest, before.digest, 0n)
  const next = withObjects(withRead(state, [key]), kind, objects.delete(key), digest)
  return touch(withoutDigests(next, [key]), key)
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
  const gone: string[] = []
  let objects = before.asMutable()
  let { digest } = synced
  for (const resource of resources) {
    const key = keyOf(kind, resource.meta.namespace, resource.meta.name)
    listed.add(key)
    const known = objects.get(key)
    const entry = entryOf(known, resource)
    if (entry === known) continue
    objects = objects.set(key, entry)
    if (!says(known, entry)) continue
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
      gone.push(key)
    }
  }
  const read = kind === 'Secret' ? withRead(synced, [...listed, ...changed, ...gone]) : synced
  if (!objects.wasAltered()) return read
  const next = withoutDigests(withObjects(read, kind, objects.asImmutable(), digest), gone)
  return touchAll(touchAll(next, changed), gone)
}

/**
 * True where there is something to build from: other content, or, of a kind with a status, another object or generation
 * that its conditions have to speak of.
 */
function says(known: Entry | undefined, entry: Entry): boolean {
  if (entry.digest !== known?.digest) return true
  return HAVE_STATUS.has(entry.resource.kind) && !sameIdentity(known.resource, entry.resource)
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

function setDecryption(state: State, decryption: Decryption): State {
  const { key, digests } = state.decryption
  const isEmpty = digests.size + decryption.digests.size === 0
  if (isEmpty && canonical(key) === canonical(decryption.key)) return state
  return touch({ ...state, decryption }, 'DecryptionKey')
}

/** Of an ApiKey that is gone nothing is kept, and nothing that was decrypted with another key. */
function setDigests(state: State, keyId: string, apiKey: string, digests: KeyDigests): State {
  const { decryption } = state
  const key = keyOf('ApiKey', '', apiKey)
  if (decryption.key.keyId !== keyId || !state.kinds.ApiKey.objects.has(key)) return state
  const before = decryption.digests.get(apiKey)
  if (before !== undefined && canonical(before) === canonical(digests)) return state
  const next = { ...decryption, digests: decryption.digests.set(apiKey, digests) }
  return touch({ ...state, decryption: next }, key)
}

function setKeySet(state: State, url: string, fact: KeySetFact | undefined): State {
  const before = state.keySets.get(url)
  if (canonical(before) === canonical(fact)) return state
  const keySets = fact === undefined ? state.keySets.delete(url) : state.keySets.set(url, fact)
  return touch({ ...state, keySets }, `KeySet/${url}`)
}

/** Digests go with their ApiKey. */
function withoutDigests(state: State, keys: readonly string[]): State {
  const { decryption } = state
  const names = keys.filter((key) => key.startsWith(API_KEY)).map((key) => key.slice(API_KEY.length))
  if (!names.some((name) => decryption.digests.has(name))) return state
  return { ...state, decryption: { ...decryption, digests: decryption.digests.deleteAll(names) } }
}

function withObjects(state: State, kind: Kind, objects: TextTable<Entry>, digest: bigint): State {
  return { ...state, kinds: { ...state.kinds, [kind]: { ...state.kinds[kind], objects } }, digest }
}

function sameIdentity({ meta: a }: Resource, { meta: b }: Resource): boolean {
  return a.uid === b.uid && a.generation === b.generation
}
