// One build in the making: takes what changed, finds the ApiProxies that it concerns, compiles those and settles their
// places. Its cost is in proportion to that, never to what is known: it must never walk a kind, the routes or the
// conditions. A build from scratch is the same with everything changed and nothing there before.

import { canonical } from '../events/content.ts'
import type { State } from '../events/state.ts'
import { findText } from '../events/text-map.ts'
import { type Kind, KINDS, type Resource } from '../resources/resource.ts'
import { type BuildOptions, buildOptionsOf } from './build-options.ts'
import { type Compilation, standingOf } from './compilation.ts'
import { compileApiProxy } from './compile-api-proxy.ts'
import { ConditionChanges } from './condition-changes.ts'
import { apiProxyConditions, fileConditions, isAllGood, pluginConditions, reasonsOf } from './conditions.ts'
import { KeyDraft } from './key-draft.ts'
import type { World } from './lookup.ts'
import { objectConditions } from './object-conditions.ts'
import { indexPlugins } from './plugin-index.ts'
import { IndexDraft, membersOf } from './persistent-index.ts'
import { PlaceDraft } from './place-draft.ts'
import { bucketsOf, isBucket, ServiceIndexDraft } from './service-index.ts'
import type { Condition, SnapshotChanges } from './snapshot.ts'

/** What begins the key of a key set among those that ApiProxies asked for. */
const KEY_SET = 'KeySet/'
/** What begins the key of a kind's status. */
const KIND = 'Kind/'

export class Draft {
  readonly #base: Compilation
  readonly #state: State
  readonly #world: World
  readonly #services: ServiceIndexDraft
  readonly #keys: KeyDraft
  readonly #dependents: IndexDraft
  readonly #seekers: IndexDraft
  readonly #places: PlaceDraft
  readonly #changes: ConditionChanges
  readonly #removed: { namespace: string; name: string }[] = []
  /** ApiProxies to compile anew. */
  readonly #affected = new Set<string>()
  /** Objects of other kinds whose condition changed. */
  readonly #concerned = new Set<string>()
  /** Open: it stays the same object while it is changed. */
  readonly #proxies: Compilation['proxies']
  #troubled: Compilation['troubled']
  #keySets: Compilation['keySets']

  constructor(base: Compilation, state: State, options: BuildOptions) {
    this.#base = base
    this.#state = state
    this.#services = new ServiceIndexDraft(base.services)
    this.#keys = new KeyDraft(base.keys, base.decryption, state.decryption)
    this.#changes = new ConditionChanges(base.conditionCounts)
    this.#proxies = base.proxies.asMutable()
    this.#dependents = new IndexDraft(base.dependents)
    this.#seekers = new IndexDraft(base.seekers)
    this.#troubled = base.troubled.asMutable()
    this.#keySets = base.keySets
    this.#world = {
      kinds: state.kinds,
      stale: state.stale,
      decryption: state.decryption,
      keySets: state.keySets,
      unread: state.unread,
      services: this.#services,
      plugins: state.plugins === base.plugins ? base.pluginIndex : indexPlugins(state.plugins),
      options: buildOptionsOf(options),
      defaultHeaderValues: lowerCaseNames(options['proxy.default_header_values']),
    }
    this.#places = new PlaceDraft(base, {
      proxies: this.#proxies,
      dependents: this.#dependents,
      affected: this.#affected,
      crossNamespace: options['routing.cross_namespace'],
    })
  }

  /** Builds all that these keys (touched.ts) concern. Call it once. */
  build(touched: Iterable<string>): { compilation: Compilation; changes: SnapshotChanges } {
    const keys = new Set(touched)
    // With another key, nothing that was decrypted means anything.
    if (keys.has('DecryptionKey')) {
      for (const key of this.#base.kinds.ApiKey.objects.keys()) keys.add(key)
      for (const key of this.#state.kinds.ApiKey.objects.keys()) keys.add(key)
    }
    for (const key of keys) this.#take(key)
    for (const key of this.#affected) this.#compile(key)
    this.#places.settle()
    for (const key of this.#affected) this.#compareConditions(key)
    return { compilation: this.#done(), changes: this.#changesMade() }
  }

  #take(key: string): void {
    const kind = KINDS.find(
      (candidate) => key.startsWith(candidate) && key.charCodeAt(candidate.length) === 0x2f,
    )
    if (kind !== undefined) this.#takeObject(kind, key)
    else if (key === 'Plugins') this.#takePlugins()
    else if (key === 'Problems') this.#takeProblems()
    else this.#affect(key)
  }

  #takeObject(kind: Kind, key: string): void {
    if (kind === 'ApiProxy') {
      this.#affected.add(key)
      return
    }
    const before = this.#base.kinds[kind].objects.get(key)?.resource
    const after = this.#state.kinds[kind].objects.get(key)?.resource
    if (kind === 'EndpointSlice') {
      for (const service of this.#services.replaceSlice(key, before, after)) this.#affect(service)
    } else this.#affect(key)
    if (kind === 'Service') {
      this.#services.replaceService(key, before, after)
      this.#affectBuckets(before, after)
    }
    if (kind === 'ApiKey') this.#keys.replace(before, after)
    const wasBad = objectConditions(before, this.#base.decryption)
    const isBad = objectConditions(after, this.#state.decryption)
    if (wasBad.length > 0 || isBad.length > 0) this.#concerned.add(key)
    if (after !== undefined && isBad.length > 0) this.#troubled = this.#troubled.set(key, after)
    else if (wasBad.length > 0) this.#troubled = this.#troubled.delete(key)
    this.#compare(wasBad, isBad)
  }

  #takePlugins(): void {
    const before = this.#base.pluginIndex
    const after = this.#world.plugins
    for (const name of new Set([...before.keys(), ...after.keys()])) {
      if (canonical(before.get(name) ?? []) !== canonical(after.get(name) ?? []))
        this.#affect(`Plugin/${name}`)
    }
    this.#compare(pluginConditions(this.#base.plugins), pluginConditions(this.#state.plugins))
  }

  #takeProblems(): void {
    this.#compare(
      [...this.#base.problems.values()].flatMap(fileConditions),
      [...this.#state.problems.values()].flatMap(fileConditions),
    )
  }

  /** Whoever looks for Services by labels; nearly nobody does, and a Service is in many buckets. */
  #affectBuckets(before: Resource | undefined, after: Resource | undefined): void {
    const { seekers } = this.#base
    if (seekers === undefined) return
    for (const bucket of [...bucketsOf(before), ...bucketsOf(after)]) {
      for (const key of membersOf(findText(seekers, bucket))) this.#affected.add(key)
    }
  }

  #affect(asked: string): void {
    if (asked.startsWith(KIND)) return this.#affectAll(asked)
    for (const key of membersOf(findText(this.#base.dependents, asked))) this.#affected.add(key)
  }

  /** Of a kind's status nearly everybody asks, and it changes a few times in a process's life: no index is kept. */
  #affectAll(asked: string): void {
    for (const [key, compiled] of this.#base.proxies)
      if (compiled.asked.includes(asked)) this.#affected.add(key)
  }

  #compile(key: string): void {
    const before = this.#proxies.get(key)
    const resource = this.#state.kinds.ApiProxy.objects.get(key)?.resource
    const after = resource === undefined ? undefined : compileApiProxy(resource, this.#world)
    if (after === undefined) this.#proxies.delete(key)
    else this.#proxies.set(key, after)
    if (before !== undefined && after === undefined) {
      this.#removed.push({ namespace: before.meta.namespace, name: before.meta.name })
    }
    this.#replaceDependencies(key, before?.asked ?? [], after?.asked ?? [])
    this.#places.replaceClaim(key, before, after)
  }

  #replaceDependencies(key: string, before: readonly string[], after: readonly string[]): void {
    for (const asked of before) {
      if (after.includes(asked) || asked.startsWith(KIND)) continue
      this.#askersOf(asked).remove(asked, key)
      if (asked.startsWith(KEY_SET)) this.#countKeySet(asked.slice(KEY_SET.length), -1)
    }
    for (const asked of after) {
      if (before.includes(asked) || asked.startsWith(KIND)) continue
      this.#askersOf(asked).put(asked, key)
      if (asked.startsWith(KEY_SET)) this.#countKeySet(asked.slice(KEY_SET.length), 1)
    }
  }

  #askersOf(asked: string): IndexDraft {
    return isBucket(asked) ? this.#seekers : this.#dependents
  }

  #countKeySet(url: string, by: 1 | -1): void {
    const count = (this.#keySets.get(url) ?? 0) + by
    this.#keySets = count === 0 ? this.#keySets.delete(url) : this.#keySets.set(url, count)
  }

  #compareConditions(key: string): void {
    const before = this.#base.proxies.get(key)
    const after = this.#proxies.get(key)
    const standingBefore = before === undefined ? undefined : standingOf(before, this.#base)
    const standingAfter = after === undefined ? undefined : standingOf(after, this.#places.outcome)
    const was = before === undefined ? undefined : reasonsOf(before, standingBefore)
    const is = after === undefined ? undefined : reasonsOf(after, standingAfter)
    this.#changes.countReasons(was, is)
    if (isAllGood(was) && isAllGood(is)) return
    this.#changes.note(
      before === undefined || standingBefore === undefined ? [] : apiProxyConditions(before, standingBefore),
      after === undefined || standingAfter === undefined ? [] : apiProxyConditions(after, standingAfter),
    )
  }

  #compare(before: readonly Condition[], after: readonly Condition[]): void {
    this.#changes.countConditions(before, after)
    this.#changes.note(before, after)
  }

  #done(): Compilation {
    return {
      version: this.#state.version,
      kinds: this.#state.kinds,
      plugins: this.#state.plugins,
      pluginIndex: this.#world.plugins,
      decryption: this.#state.decryption,
      keys: this.#keys.table,
      keySets: this.#keySets,
      problems: this.#state.problems,
      services: this.#services.done(),
      proxies: this.#proxies.asImmutable(),
      ...this.#places.done(),
      dependents: this.#dependents.done(),
      seekers: this.#seekers.done(),
      troubled: this.#troubled.asImmutable(),
      conditionCounts: this.#changes.counts(),
    }
  }

  #changesMade(): SnapshotChanges {
    return {
      removedApiProxies: this.#removed,
      conditions: this.#changes.noted,
      conditionsCut: this.#changes.cut,
      pendingApiKeys: this.#keys.pending,
      affected:
        this.#concerned.size === 0 ? this.#affected : new Set([...this.#affected, ...this.#concerned]),
    }
  }
}

function lowerCaseNames(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name.toLowerCase(), value]))
}
