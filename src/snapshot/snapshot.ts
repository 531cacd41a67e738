// What a request is decided by: the compiled, immutable form of everything the gateway knows.
// A request pins one snapshot for its whole life; nothing here may change after `build` returned it.

import type { Map } from 'immutable'
import type { Failure } from '../errors/failure.ts'
import type { Kind, LabelRequirement, MockRoute } from '../resources/resource.ts'
import type { KindStatus } from '../events/event.ts'
import type { Guard } from './guard.ts'
import type { KeyTable } from './key-table.ts'
import type { RouteTable } from './route-table.ts'

/** An address to connect to. */
export interface Endpoint {
  /** Host name, IPv4 or IPv6 address without brackets. */
  readonly host: string
  readonly port: number
}

/** The identity with which an upstream is spoken to over TLS. Two upstreams with equal `id` may share connections. */
export interface UpstreamTls {
  readonly id: string
  /** Finds certificate, key and CA in the vault; absent: the system's trust roots and no client certificate. */
  readonly secretHandle?: string
  /** Name for SNI and for the certificate's name check. */
  readonly serverName: string
}

export interface Upstream {
  readonly type: 'upstream'
  readonly scheme: 'http' | 'https'
  /** At least one; of several the one with the least load of two is taken. */
  readonly endpoints: readonly [Endpoint, ...Endpoint[]]
  readonly tls?: UpstreamTls
}

export interface FailedTarget {
  readonly type: 'failed'
  readonly failure: Failure
}

/** Dynamic discovery: the Services that carry every fixed label, oldest first; header labels are compared per request. */
export interface DynamicTarget {
  readonly type: 'dynamic'
  readonly byHeader: readonly Extract<LabelRequirement, { header: string }>[]
  readonly candidates: readonly {
    readonly labels: Readonly<Record<string, string>>
    readonly target: Upstream | FailedTarget
  }[]
  readonly defaultHeaderValues: Readonly<Record<string, string>>
}

export interface MockAnswers {
  readonly type: 'mock'
  readonly name: string
  /** Longest path first. */
  readonly routes: readonly MockRoute[]
}

export type RouteTarget = Upstream | DynamicTarget | MockAnswers | FailedTarget

/** A plugin of a route, in the order in which it runs; `failure` where it cannot (03, 04, 05). */
export interface CompiledPlugin {
  readonly name: string
  readonly version?: string
  /** Finds the loaded plugin in the plugin host. */
  readonly file: string
  readonly config: Readonly<Record<string, string>>
  /** Present where it is built in. */
  readonly guard?: Guard
  /** Names of `config` whose values may be shown; of all others none may. */
  readonly publicConfig?: readonly string[]
  readonly failure?: Failure
}

/** A compiled ApiProxy. Everything that is constant per route is computed when it is compiled. */
export interface Route {
  readonly namespace: string
  readonly apiproxy: string
  /** Source path, normalised; `http.route`. */
  readonly path: string
  readonly virtualHost?: string
  readonly targetPath: string
  readonly plugins: readonly CompiledPlugin[]
  readonly target: RouteTarget
  /** The ApiProxy is invalid: it holds its place and every request there fails so. */
  readonly invalid?: Failure
}

/** A condition on an object, in Gateway API's style. */
export interface Condition {
  readonly kind: Kind | 'File' | 'Journal' | 'Plugin'
  readonly namespace: string
  readonly name: string
  readonly generation?: number
  readonly type: 'Accepted' | 'ResolvedRefs' | 'Ready'
  readonly status: 'True' | 'False'
  /** CamelCase. */
  readonly reason: string
  readonly message: string
  /** Code that requests now get because of it, two digits. */
  readonly code?: string
  /** Parts of the message that tell what works as it should and may surprise. */
  readonly surprises?: readonly string[]
}

/** How many objects have a condition of this kind, type and reason. */
export interface ConditionCount {
  readonly kind: Condition['kind']
  readonly type: Condition['type']
  readonly status: Condition['status']
  readonly reason: string
  readonly count: number
}

/** A condition that went bad, changed while bad, or is good again; `before` or `after` is absent with its object. */
export interface ConditionChange {
  readonly before?: Condition
  readonly after?: Condition
}

/** What one build changed, for those who follow snapshots without walking them. */
export interface SnapshotChanges {
  /** ApiProxies that are gone: whatever is kept by ApiProxy goes with them. */
  readonly removedApiProxies: readonly { readonly namespace: string; readonly name: string }[]
  /** At most CONDITION_CHANGES_MAX (condition-changes.ts), in no particular order. */
  readonly conditions: readonly ConditionChange[]
  /** How many more there were. */
  readonly conditionsCut: number
  /** Names of ApiKeys that have revisions to be decrypted since then. */
  readonly pendingApiKeys: readonly string[]
  /** Keys (`keyOf`) of the objects whose conditions may be others now. */
  readonly affected: Iterable<string>
}

/** What an object is to the route that it helped to make. */
export type RouteRole = 'route' | 'backend' | 'endpoints' | 'tls' | 'mock' | 'key' | 'grant'

/** An object that a route was compiled from, or that it asked for. */
export interface RouteObject {
  readonly kind: Kind
  readonly namespace: string
  readonly name: string
  /** Of its last change of content: one that changed nothing else is not kept (events/state.ts). Absent in files. */
  readonly resourceVersion?: string
  readonly role: RouteRole
  /** The ApiProxy names it, and it is not there. */
  readonly missing?: true
}

export interface Snapshot {
  /** Counter of this process; 0 before the first build. */
  readonly revision: number
  /** 16 hex digits; equal wherever the same objects are known, under the same options. */
  readonly hash: string
  readonly routes: RouteTable
  /** All api keys by digest. */
  readonly keys: KeyTable
  /** Addresses of the key sets that routes name, with how many do. */
  readonly keySets: Map<string, number>
  readonly kinds: Readonly<Record<Kind, KindStatus>>
  /** Namespaces in which the source may not list a kind. */
  readonly refusals: readonly { readonly kind: Kind; readonly namespace: string; readonly detail: string }[]
  /**
   * Sorted by kind, namespace, name, type: only what is worth saying (every ApiProxy has three, others where something
   * is wrong). Made as it is walked: a walk costs time in proportion to the number of objects.
   */
  readonly conditions: Iterable<Condition>
  /** The conditions of one object (`keyOf`) by type; none where it is unknown or nothing is worth saying. */
  conditionsOf(key: string): readonly Condition[]
  /** The objects that the route of an ApiProxy was made of, itself first; for explaining, not for the way of a request. */
  objectsOf(namespace: string, apiproxy: string): readonly RouteObject[]
  /** What requests to an ApiProxy (`keyOf`) meet because of how things are, in the order in which they meet it. */
  failuresOf(key: string): readonly Failure[]
  /** What the route of an ApiProxy (`keyOf`) was made of: keys of objects, and of what stands for several (lookup.ts). */
  dependenciesOf(key: string): readonly string[]
  /** Kept up to date by each build, so that nobody counts by walking. */
  readonly conditionCounts: Iterable<ConditionCount>
  /** Against the snapshot that this one was built from. */
  readonly changes: SnapshotChanges
  /** Number of known objects of each kind. */
  readonly counts: Readonly<Record<Kind, number>>
  /** Since when the source has not been heard (ms epoch). */
  readonly staleSince?: number
}
