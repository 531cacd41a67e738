// Random clusters for the laws: a handful of names, so that objects conflict, refer to each other, go and come back; a
// history is what happens to them, as a watch would report it.

import fc from 'fast-check'
import type { ResourceEvent } from '../../src/events/event.ts'
import { decide } from '../../src/decide.ts'
import { KINDS, type Resource } from '../../src/resources/resource.ts'
import { cipherId } from '../../src/snapshot/key-table.ts'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import {
  apiKey,
  apiKeyBinding,
  apiProxy,
  endpointSlice,
  mockTarget,
  resourceOf,
  secret,
  service,
} from '../support/manifests.ts'
import { listed, ORIGIN, outcomeOf } from '../support/world.ts'

const NAMESPACES = ['blue', 'green']
const API_KEY_PLACE = 8
const KEY_SET = 'https://issuer.test/keys'
const PATHS = ['/', '/a', '/a/b', '/a/b/c', '/ab', '/a%2Fb']
const HOSTS = [undefined, 'one.example', 'two.example']
const SERVICES = ['s1', 's2']
const BIRTHS = [undefined, '2026-01-01', '2026-01-02']

/** What an object may say: one of many specs. Numbers choose, so that a shrunk example is a small one. */
export interface Spec {
  readonly path: number
  readonly host: number
  readonly backend: number
  readonly birth: number
}

export const specs = fc.record({
  path: fc.nat(PATHS.length - 1),
  host: fc.nat(HOSTS.length - 1),
  backend: fc.nat(9),
  birth: fc.nat(BIRTHS.length - 1),
})

/** One place of the cluster: 0 to PLACES - 1. */
export const PLACES = 18
export const places = fc.nat(PLACES - 1)

/** The object of a place, in one of its forms, with a uid. */
export function objectAt(place: number, spec: Spec, uid: string): Resource {
  const namespace = NAMESPACES[place % 2] ?? ''
  const which = Math.floor(place / 2)
  const builder = which === API_KEY_PLACE ? apiKeyOf(namespace, spec) : builderAt(which, spec)
  const birth = BIRTHS[spec.birth]
  if (birth !== undefined) builder.created(birth)
  // ApiKeys have no namespace: those of two places have names of their own.
  return resourceOf((which === API_KEY_PLACE ? builder : builder.inNamespace(namespace)).uid(uid))
}

function builderAt(which: number, spec: Spec) {
  switch (which) {
    case 0:
    case 1:
    case 2:
      return proxyOf(`p${which}`, spec)
    case 3:
      return mockTarget('m').route(PATHS[spec.path] ?? '/', 200 + spec.backend)
    case 4:
      return service('s1')
        .labelled({ app: `app${spec.host}` })
        .port(80 + (spec.backend % 2))
    case 5:
      return spec.host === 0
        ? service('s2')
            .labelled({ app: 'app0', tier: `tier${spec.path}` })
            .port(80)
        : endpointSlice('slice')
            .of(SERVICES[spec.host % 2] ?? '')
            .port(8080 + spec.backend)
            .endpoint(`10.0.0.${1 + spec.path}`, spec.birth !== 0)
    case 6:
      return apiKeyBinding('b').key(`key-${NAMESPACES[spec.host % 2]}`, {
        defaultRule: { global: spec.birth === 0 },
      })
    default:
      return spec.host === 0
        ? secret('x').stringData('k', 'v')
        : secret('x').enabled().stringData('k', `v${spec.path}`)
  }
}

function apiKeyOf(namespace: string, spec: Spec) {
  const builder = apiKey(`key-${namespace}`).revision(cipherOf(spec.path % 3))
  return spec.backend % 2 === 0 ? builder : builder.revision(cipherOf(spec.backend % 3), 'Inactive')
}

function cipherOf(which: number): string {
  return Buffer.from(`cipher ${which}`).toString('base64')
}

function proxyOf(name: string, spec: Spec) {
  const builder = apiProxy(name).at(PATHS[spec.path] ?? '/')
  const host = HOSTS[spec.host]
  if (host !== undefined) builder.host(host)
  switch (spec.backend) {
    case 0:
      return builder.toEndpoint('http://127.0.0.1:1')
    case 1:
      return builder.mock('m')
    case 2:
      return builder.service('s1', 80)
    case 3:
      return builder.labels([{ name: 'app', value: 'app0' }], 80)
    case 4:
      return builder.labels([{ name: 'app', header: 'x-app' }], 80).plugin('nowhere')
    case 5:
      return builder.toEndpoint('https://127.0.0.1:1').ssl('x')
    case 6:
      return builder.toEndpoint('ftp://127.0.0.1:1')
    case 7:
      return builder.mock('m').plugin('apikey', { bindingName: 'b' })
    case 8:
      return builder.mock('m').plugin('jwt', { issuer: 'https://issuer.test', jwksURI: KEY_SET })
    default:
      return builder.service('s2', 80).target('/under')
  }
}

export type Step =
  | { readonly do: 'put'; readonly place: number; readonly spec: Spec }
  /** Deleted and made anew at once: another uid. */
  | { readonly do: 'replace'; readonly place: number; readonly spec: Spec }
  | { readonly do: 'delete'; readonly place: number }
  /** The latest event of the place comes once more. */
  | { readonly do: 'redeliver'; readonly place: number }
  /** Nothing is reported until the next relist. */
  | { readonly do: 'away' }
  | { readonly do: 'relist' }

export const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), place: places, spec: specs }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('replace' as const), place: places, spec: specs }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), place: places }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('redeliver' as const), place: places }) },
  { weight: 1, arbitrary: fc.constant({ do: 'away' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'relist' as const }) },
)

/** What those do who work on what is known: they read the private key, decrypt api keys, fetch sets of keys. */
export type KeyStep =
  /** 0: there is none. */
  | { readonly do: 'decryption key'; readonly key: number }
  | { readonly do: 'decrypted'; readonly namespace: number; readonly key: number; readonly good: boolean }
  /** 0: no route names it any more. */
  | { readonly do: 'key set'; readonly content: number }

const keys = fc.nat(2)

export const keySteps: fc.Arbitrary<KeyStep> = fc.oneof(
  fc.record({ do: fc.constant('decryption key' as const), key: keys }),
  fc.record({
    do: fc.constant('decrypted' as const),
    namespace: fc.nat(1),
    key: keys,
    good: fc.boolean(),
  }),
  fc.record({ do: fc.constant('key set' as const), content: fc.nat(3) }),
)

/** Of both. */
export const allSteps: fc.Arbitrary<Step | KeyStep> = fc.oneof(
  { weight: 4, arbitrary: steps },
  { weight: 1, arbitrary: keySteps },
)

/** What a history comes to: what was reported, in batches of one step, and what is there in the end. */
export interface Told {
  readonly batches: readonly (readonly ResourceEvent[])[]
  readonly truth: readonly Resource[]
}

/** Lives through the steps as cluster and watch; everything is listed at first and, after being away, at the end. */
export function tell(history: readonly (Step | KeyStep)[]): Told {
  const cluster = new Cluster()
  const batches = [cluster.relist(), ...history.map((step) => cluster.take(step)), cluster.back()]
  return { batches, truth: cluster.truth }
}

class Cluster {
  readonly #objects = new Map<number, Resource>()
  readonly #latest = new Map<number, ResourceEvent>()
  #uids = 0
  #away = false

  get truth(): Resource[] {
    return [...this.#objects.values()]
  }

  take(step: Step | KeyStep): ResourceEvent[] {
    switch (step.do) {
      case 'decryption key':
      case 'decrypted':
      case 'key set':
        return [keyEvent(step)]
      case 'put':
        return this.#put(step.place, step.spec)
      case 'replace': {
        const gone = this.#delete(step.place)
        const made = this.#put(step.place, step.spec)
        // The old delete may come late; it must not take the successor along.
        return [...gone, ...made, ...gone.filter(({ type }) => type === 'deleted')]
      }
      case 'delete':
        return this.#delete(step.place)
      case 'redeliver': {
        const latest = this.#latest.get(step.place)
        return this.#away || latest === undefined ? [] : [latest]
      }
      case 'away':
        this.#away = true
        return []
      case 'relist':
        return this.relist()
    }
  }

  back(): ResourceEvent[] {
    return this.#away ? this.relist() : []
  }

  relist(): ResourceEvent[] {
    this.#away = false
    this.#latest.clear()
    return KINDS.map((kind) => listed(kind, ...this.truth.filter((resource) => resource.kind === kind)))
  }

  #put(place: number, spec: Spec): ResourceEvent[] {
    const uid = this.#objects.get(place)?.meta.uid ?? `uid-${(this.#uids += 1)}`
    const resource = objectAt(place, spec, uid)
    const before = this.#objects.get(place)
    // Some places hold one of two kinds: another kind is another object.
    const gone = before !== undefined && before.kind !== resource.kind ? this.#delete(place) : []
    this.#objects.set(place, resource)
    return [...gone, ...this.#report(place, { ...ORIGIN, type: 'upserted', resource })]
  }

  #delete(place: number): ResourceEvent[] {
    const before = this.#objects.get(place)
    if (before === undefined) return []
    this.#objects.delete(place)
    const { kind, meta } = before
    const event = { ...ORIGIN, type: 'deleted', kind, namespace: meta.namespace, name: meta.name } as const
    return this.#report(place, meta.uid === undefined ? event : { ...event, uid: meta.uid })
  }

  #report(place: number, event: ResourceEvent): ResourceEvent[] {
    if (this.#away) return []
    this.#latest.set(place, event)
    return [event]
  }
}

export const ASKED_PATHS = [
  '/',
  '/a',
  '/a/',
  '/a/b',
  '/a/b/x',
  '/a//b',
  '/a/b/c/d',
  '/abc',
  '/ab',
  '/a%2Fb/x',
  '/z',
]
export const ASKED_HOSTS = ['one.example', 'two.example', 'other.example']
/** Not of the watch, so also while that is away. */
function keyEvent(step: KeyStep): ResourceEvent {
  switch (step.do) {
    case 'decryption key': {
      const status = step.key === 0 ? 'unset' : 'loaded'
      const keyId = step.key === 0 ? '' : `k${step.key}`
      return { ...ORIGIN, type: 'decryption_key', key: { status, keyId, detail: '' }, digests: {} }
    }
    case 'decrypted': {
      const digestOf = (which: number) => (step.good ? `digest ${which} ${step.key}` : null)
      const digests = Object.fromEntries(
        [0, 1, 2].map((which) => [cipherId(cipherOf(which)), digestOf(which)]),
      )
      return {
        ...ORIGIN,
        type: 'decrypted',
        keyId: `k${step.key}`,
        apiKey: `key-${NAMESPACES[step.namespace]}`,
        digests,
      }
    }
    case 'key set': {
      const event = { ...ORIGIN, type: 'key_set', url: KEY_SET } as const
      if (step.content === 0) return event
      if (step.content === 1) return { ...event, fact: { status: 'failed', detail: 'refused' } }
      return { ...event, fact: { status: 'loaded', hash: `h${step.content}`, keys: step.content } }
    }
  }
}

const ASKED_HEADERS: readonly Readonly<Record<string, string>>[] = [{}, { 'x-app': 'app1' }]

/** Every decision on a set of requests, plugins' failures with them, each in a line. */
export function decisionsOf(snapshot: Snapshot): string[] {
  return ASKED_HOSTS.flatMap((host) =>
    ASKED_PATHS.flatMap((path) =>
      ASKED_HEADERS.map((headers) => {
        const decision = decide(snapshot, { method: 'GET', path, host, header: (name) => headers[name] })
        const plugins = decision.route?.plugins.map(
          ({ name, failure }) => `${name}:${failure?.fact.reason ?? 'ok'}`,
        )
        return `${host}${path} -> ${outcomeOf(decision)} ${plugins?.join() ?? ''}`
      }),
    ),
  )
}

/** Conditions in an order of their own. */
export function conditionsOf(snapshot: Snapshot): string[] {
  return [...snapshot.conditions]
    .map((condition) => JSON.stringify(condition))
    .sort((a, b) => a.localeCompare(b))
}
