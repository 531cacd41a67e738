// From a state to the snapshot that requests are decided by. Pure: the same state and options give the same hash and the
// same decisions, whatever was built before; what was built before only makes it cheap.

import { hash as digestOf } from 'node:crypto'
import { canonical } from '../events/content.ts'
import type { Failure } from '../errors/failure.ts'
import type { PluginFact } from '../events/event.ts'
import { EMPTY_STATE, isExpired, staleSince, type State } from '../events/state.ts'
import { touchedSince } from '../events/touched.ts'
import { type Kind, KINDS } from '../resources/resource.ts'
import { type BuildOptions, buildOptionsOf } from './build-options.ts'
import { type Compilation, EMPTY_COMPILATION, standingOf } from './compilation.ts'
import { ConditionList } from './condition-list.ts'
import { apiProxyConditions } from './conditions.ts'
import { Draft } from './draft.ts'
import type { KeyTable } from './key-table.ts'
import { objectConditions } from './object-conditions.ts'
import { routeObjects } from './route-objects.ts'
import type { Condition, ConditionCount, RouteObject, Snapshot, SnapshotChanges } from './snapshot.ts'

const HASH_DIGITS = 16

/**
 * The snapshot of a state, with the revision after `previous`; `previous` itself where nothing changed since.
 * @param previous built from an ancestor of this state: only what was touched since is compiled anew. Where its options
 *   differ, or the state no longer knows what was touched (`settle`), all is compiled anew, and `changes` names every
 *   bad condition.
 * @param revision of the snapshot that is made, where it follows the count of another process
 */
export function build(
  state: State,
  options: BuildOptions,
  previous?: Snapshot,
  revision: number = (previous?.revision ?? 0) + 1,
): Snapshot {
  const known = previous instanceof BuiltSnapshot ? previous : undefined
  if (known !== undefined && sameOptions(known.options, options)) {
    const touched = touchedSince(state, known.compilation.version)
    if (touched?.size === 0) return known
    if (touched !== undefined) {
      const { compilation, changes } = new Draft(known.compilation, state, options).build(touched)
      const seed =
        state.plugins === known.compilation.plugins ? known.hashSeed : seedOf(state.plugins, options)
      return new BuiltSnapshot(revision, state, options, seed, compilation, changes)
    }
  }
  const { compilation, changes } = new Draft(EMPTY_COMPILATION, state, options).build(everythingIn(state))
  const removedApiProxies = known === undefined ? [] : removedSince(known.compilation, compilation)
  return new BuiltSnapshot(revision, state, options, seedOf(state.plugins, options), compilation, {
    ...changes,
    removedApiProxies,
  })
}

/** What the next build starts from stands in private fields: nobody else reads it, and no dump shows it. */
class BuiltSnapshot implements Snapshot {
  readonly revision: number
  readonly hash: string
  readonly routes: Snapshot['routes']
  readonly kinds: Snapshot['kinds']
  readonly conditions: Iterable<Condition>
  readonly conditionCounts: Iterable<ConditionCount>
  readonly changes: SnapshotChanges
  readonly counts: Snapshot['counts']
  readonly refusals: Snapshot['refusals']
  declare readonly staleSince?: number
  readonly #compilation: Compilation
  /** As given: of the next build they are the very same object, nearly always. */
  readonly #options: BuildOptions
  readonly #hashSeed: string

  constructor(
    revision: number,
    state: State,
    options: BuildOptions,
    hashSeed: string,
    compilation: Compilation,
    changes: SnapshotChanges,
  ) {
    this.revision = revision
    this.hash = hashOf(state, compilation.keys, hashSeed)
    this.routes = compilation.routes
    this.kinds = perKind((kind) => state.kinds[kind].status)
    this.conditions = new ConditionList(compilation)
    this.conditionCounts = { [Symbol.iterator]: () => compilation.conditionCounts.values() }
    this.changes = changes
    this.counts = perKind((kind) => state.kinds[kind].objects.size)
    this.refusals = refusalsIn(state)
    const since = staleSince(state)
    if (since !== undefined) this.staleSince = since
    this.#compilation = compilation
    this.#options = options
    this.#hashSeed = hashSeed
  }

  conditionsOf(key: string): readonly Condition[] {
    const compiled = this.#compilation.proxies.get(key)
    if (compiled !== undefined) return apiProxyConditions(compiled, standingOf(compiled, this.#compilation))
    return objectConditions(this.#compilation.troubled.get(key), this.#compilation.decryption)
  }

  failuresOf(key: string): readonly Failure[] {
    return this.#compilation.proxies.get(key)?.failures ?? []
  }

  objectsOf(namespace: string, apiproxy: string): readonly RouteObject[] {
    return routeObjects(this.#compilation, namespace, apiproxy)
  }

  get keys(): KeyTable {
    return this.#compilation.keys
  }

  get keySets(): Snapshot['keySets'] {
    return this.#compilation.keySets
  }

  dependenciesOf(key: string): readonly string[] {
    return this.#compilation.proxies.get(key)?.asked ?? []
  }

  get compilation(): Compilation {
    return this.#compilation
  }

  get options(): BuildOptions {
    return this.#options
  }

  get hashSeed(): string {
    return this.#hashSeed
  }
}

/** Revision 0: what requests would meet before the first build. */
export const INITIAL_SNAPSHOT: Snapshot = Object.freeze({
  revision: 0,
  hash: '0'.repeat(HASH_DIGITS),
  routes: EMPTY_COMPILATION.routes,
  keys: EMPTY_COMPILATION.keys,
  keySets: EMPTY_COMPILATION.keySets,
  kinds: perKind((kind) => EMPTY_STATE.kinds[kind].status),
  refusals: [],
  conditions: [],
  conditionsOf: () => [],
  failuresOf: () => [],
  objectsOf: () => [],
  dependenciesOf: () => [],
  conditionCounts: [],
  changes: { removedApiProxies: [], conditions: [], conditionsCut: 0, pendingApiKeys: [], affected: [] },
  counts: perKind(() => 0),
})

/**
 * Objects, statuses of kinds, what was decrypted, plugins and options; neither faults of sources nor anything of this
 * process. Key sets are left out: replicas fetch them at different times, and would seem to disagree.
 */
function hashOf(state: State, { keyId, digest }: KeyTable, seed: string): string {
  const statuses = KINDS.map((kind) => knowledgeOf(state, kind)).join()
  const keys = keyId === '' ? '' : `${keyId}:${digest.toString(16)} `
  const text = `${state.digest.toString(16)} ${statuses} ${keys}${seed}`
  return digestOf('sha256', text, 'hex').slice(0, HASH_DIGITS)
}

/** How far a kind is known: what routes answer depends on it. */
function knowledgeOf(state: State, kind: Kind): string {
  const { status, refusedIn } = state.kinds[kind]
  const refused = refusedIn.size === 0 ? '' : `-${[...refusedIn.keys()].sort().join('+')}`
  const unread = kind === 'Secret' && state.unread.size > 0 ? `~${[...state.unread].sort().join('+')}` : ''
  return `${status}${refused}${isExpired(state, kind) ? '!' : ''}${unread}`
}

/** Without the details of failures, which may name paths of one machine. */
function seedOf(plugins: readonly PluginFact[], options: BuildOptions): string {
  const facts = plugins.map(({ failure, ...fact }) => canonical({ ...fact, failure: failure?.reason })).sort()
  return canonical([facts, buildOptionsOf(options)])
}

function sameOptions(a: BuildOptions, b: BuildOptions): boolean {
  return a === b || canonical(buildOptionsOf(a)) === canonical(buildOptionsOf(b))
}

function refusalsIn({ kinds }: State): Snapshot['refusals'] {
  if (KINDS.every((kind) => kinds[kind].refusedIn.isEmpty())) return []
  return KINDS.flatMap((kind) =>
    Array.from(kinds[kind].refusedIn, ([namespace, detail]) => ({ kind, namespace, detail })),
  )
}

function* everythingIn(state: State): Generator<string> {
  yield 'Plugins'
  yield 'Problems'
  yield 'DecryptionKey'
  for (const kind of KINDS) yield* state.kinds[kind].objects.keys()
}

function removedSince(before: Compilation, after: Compilation): SnapshotChanges['removedApiProxies'] {
  const removed: { namespace: string; name: string }[] = []
  for (const [key, { meta }] of before.proxies) {
    if (!after.proxies.has(key)) removed.push({ namespace: meta.namespace, name: meta.name })
  }
  return removed
}

function perKind<T>(valueOf: (kind: Kind) => T): Readonly<Record<Kind, T>> {
  return {
    ApiProxy: valueOf('ApiProxy'),
    MockTarget: valueOf('MockTarget'),
    ApiKey: valueOf('ApiKey'),
    ApiKeyBinding: valueOf('ApiKeyBinding'),
    Service: valueOf('Service'),
    Secret: valueOf('Secret'),
    EndpointSlice: valueOf('EndpointSlice'),
  }
}
