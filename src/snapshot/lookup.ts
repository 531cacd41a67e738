// What one ApiProxy asks the world while it is compiled, with a note of every question: the notes are the reverse index
// by which a later build finds the routes that a change concerns. All knowledge of a compile-*.ts comes through here.

import { isExpired, type KindState, type State } from '../events/state.ts'
import type { DecryptionKeyFact, KeySetFact, KindStatus, PluginFact } from '../events/event.ts'
import {
  isInvalid,
  keyOf,
  type EndpointSlice,
  type InvalidResource,
  type Kind,
  type Service,
  type ValidResource,
} from '../resources/resource.ts'
import type { BuildOptions } from './build-options.ts'
import { type PluginIndex, pluginName } from './plugin-index.ts'
import { type Group, groupSize, membersOf } from './persistent-index.ts'
import { type ServiceIndexDraft, slicesKey } from './service-index.ts'

/** Nearly every route asks for the status of several kinds: all of them hold on to the same texts. */
const KIND_KEYS: Readonly<Record<Kind, string>> = {
  ApiProxy: 'Kind/ApiProxy',
  MockTarget: 'Kind/MockTarget',
  ApiKey: 'Kind/ApiKey',
  ApiKeyBinding: 'Kind/ApiKeyBinding',
  Service: 'Kind/Service',
  Secret: 'Kind/Secret',
  EndpointSlice: 'Kind/EndpointSlice',
}

/** What a build knows while it compiles. */
export interface World {
  readonly kinds: Readonly<Record<Kind, KindState>>
  readonly stale: State['stale']
  readonly decryption: State['decryption']
  readonly keySets: State['keySets']
  readonly unread: State['unread']
  readonly services: Pick<ServiceIndexDraft, 'bucket' | 'slicesOf'>
  readonly plugins: PluginIndex
  readonly options: BuildOptions
  /** `proxy.default_header_values` with names in lower case. */
  readonly defaultHeaderValues: Readonly<Record<string, string>>
}

type Of<K extends Kind> = Extract<ValidResource, { kind: K }>

/** The objects of a group of the index of Services, which holds valid ones only. */
export function objectsOf<K extends 'Service' | 'EndpointSlice'>(
  group: Group,
  kind: K,
  { kinds }: Pick<World, 'kinds'>,
): Of<K>[] {
  const members: Of<K>[] = []
  for (const key of membersOf(group)) {
    const resource = kinds[kind].objects.get(key)?.resource
    if (resource !== undefined && !isInvalid(resource)) members.push(resource as Of<K>)
  }
  return members
}

export class Lookup {
  readonly #world: World
  readonly #asked: string[] = []

  constructor(world: World) {
    this.#world = world
  }

  get options(): BuildOptions {
    return this.#world.options
  }

  get defaultHeaderValues(): Readonly<Record<string, string>> {
    return this.#world.defaultHeaderValues
  }

  /** Keys of all that was asked for, each once: a change of any of them may change the answer. */
  get asked(): readonly string[] {
    return this.#asked
  }

  /** How far a kind is known in a namespace. */
  status(kind: Kind, namespace: string): { readonly status: KindStatus; readonly detail: string } {
    this.#note(KIND_KEYS[kind])
    const known = this.#world.kinds[kind]
    const refusal = known.refusedIn.get(namespace)
    return refusal === undefined ? known : { status: 'refused', detail: refusal }
  }

  /** True where the source of the kind has been silent for longer than is allowed. */
  isExpired(kind: Kind): boolean {
    this.#note(KIND_KEYS[kind])
    return isExpired(this.#world, kind)
  }

  /** True where the bytes of the Secret were those of a former process and have not been read since. */
  isUnread(namespace: string, secret: string): boolean {
    const key = keyOf('Secret', namespace, secret)
    this.#note(key)
    return this.#world.unread.has(key)
  }

  object<K extends 'MockTarget' | 'Service' | 'Secret' | 'ApiKeyBinding'>(
    kind: K,
    namespace: string,
    name: string,
  ): Of<K> | InvalidResource | undefined {
    const key = keyOf(kind, namespace, name)
    this.#note(key)
    const resource = this.#world.kinds[kind].objects.get(key)?.resource
    if (resource === undefined || isInvalid(resource)) return resource
    // The map of a kind holds objects of that kind only.
    return resource as Of<K>
  }

  /** The Services of the smallest of these buckets (service-index.ts), in no particular order. */
  servicesOfSmallest(buckets: readonly [string, ...string[]]): readonly Service[] {
    const { services } = this.#world
    let [smallest] = buckets
    let size = groupSize(services.bucket(smallest))
    for (const bucket of buckets) {
      const other = groupSize(services.bucket(bucket))
      if (other < size) {
        smallest = bucket
        size = other
      }
    }
    this.#note(smallest)
    return objectsOf(services.bucket(smallest), 'Service', this.#world)
  }

  /** The EndpointSlices of a Service, by name. */
  slices(namespace: string, service: string): readonly EndpointSlice[] {
    const key = slicesKey(namespace, service)
    this.#note(key)
    const slices = objectsOf(this.#world.services.slicesOf(key), 'EndpointSlice', this.#world)
    return slices.sort((a, b) => (a.meta.name < b.meta.name ? -1 : 1))
  }

  /** The key that api keys are decrypted with. */
  decryptionKey(): DecryptionKeyFact {
    this.#note('DecryptionKey')
    return this.#world.decryption.key
  }

  /** Undefined where nobody has tried to fetch it so far. */
  keySet(url: string): KeySetFact | undefined {
    this.#note(`KeySet/${url}`)
    return this.#world.keySets.get(url)
  }

  /** All that is known of plugins of that name, whatever their version. */
  plugins(name: string): readonly PluginFact[] {
    const lookedUp = pluginName(name)
    this.#note(`Plugin/${lookedUp}`)
    return this.#world.plugins.get(lookedUp) ?? []
  }

  #note(key: string): void {
    if (!this.#asked.includes(key)) this.#asked.push(key)
  }
}
