// One kind from all its reflectors (one for the cluster, or one a namespace) to events. The kind is listed once every
// reflector has been heard; from then on a list of one namespace replaces that namespace alone. The bytes of Secrets go
// into the vault before the event that speaks of them.

import type { ResourceEvent } from '../events/event.ts'
import { type Kind, keyOf, type Resource } from '../resources/resource.ts'
import type { SecretMaterial, Vault } from '../resources/vault.ts'
import type { ReflectorListener } from './reflector.ts'

/** An object as it is kept of a list or a watch. */
export interface Received {
  readonly resource: Resource
  readonly material?: SecretMaterial
}

export interface KindFeedOptions {
  readonly kind: Kind
  /** What each reflector covers; undefined is the whole cluster, and then it is the only one. */
  readonly scopes: readonly (string | undefined)[]
  readonly vault: Pick<Vault, 'put'>
  readonly emit: (event: ResourceEvent) => void
  /** The server is heard again after a silence. */
  readonly heardAgain: () => void
}

export const SOURCE = 'kubernetes'

/** With their bytes: until they are said, the vault may be told to forget what no state knows of. */
type Objects = Map<string, Received>

export class KindFeed {
  readonly kind: Kind
  readonly #options: KindFeedOptions
  /** What each scope has listed; given up once the kind has been said to be listed. */
  #first: Map<string | undefined, Objects> | undefined = new Map()
  readonly #refused = new Map<string | undefined, string>()

  constructor(options: KindFeedOptions) {
    this.kind = options.kind
    this.#options = options
  }

  /** True until a list or a refusal came from every scope. */
  get waiting(): boolean {
    const { scopes } = this.#options
    return scopes.some((scope) => this.#first?.has(scope) === false && !this.#refused.has(scope))
  }

  listener(scope: string | undefined): ReflectorListener<Received> {
    return {
      listed: (objects, at) => this.#listed(scope, objects, at),
      upserted: (object, at) => this.#upserted(scope, object, at),
      deleted: ({ resource }, at) => this.#deleted(scope, resource, at),
      refused: (detail, at) => this.#isRefused(scope, detail, at),
      heardAgain: this.#options.heardAgain,
    }
  }

  #listed(scope: string | undefined, objects: readonly Received[], at: number): void {
    this.#refused.delete(scope)
    if (this.#first === undefined) {
      const resources = objects.map((object) => this.#kept(object))
      const listed = { type: 'listed', ...this.#origin(at), resources } as const
      this.#options.emit(scope === undefined ? listed : { ...listed, namespace: scope })
      return
    }
    this.#first.set(scope, new Map(objects.map((object) => [keyOfResource(object.resource), object])))
    this.#sayFirst(at)
  }

  #upserted(scope: string | undefined, object: Received, at: number): void {
    if (this.#first !== undefined) {
      this.#first.get(scope)?.set(keyOfResource(object.resource), object)
      return
    }
    const resource = this.#kept(object)
    this.#options.emit({ type: 'upserted', source: SOURCE, observedAt: at, resource })
  }

  #deleted(scope: string | undefined, resource: Resource, at: number): void {
    if (this.#first !== undefined) {
      this.#first.get(scope)?.delete(keyOfResource(resource))
      return
    }
    const { namespace, name, uid } = resource.meta
    const gone = { type: 'deleted', ...this.#origin(at), namespace, name } as const
    this.#options.emit(uid === undefined ? gone : { ...gone, uid })
  }

  #isRefused(scope: string | undefined, detail: string, at: number): void {
    this.#refused.set(scope, detail)
    if (this.#first === undefined) this.#sayRefusal(scope, detail, at)
    else this.#sayFirst(at)
  }

  #sayFirst(at: number): void {
    if (this.#first === undefined || this.waiting) return
    const [refusal] = this.#refused.values()
    if (refusal !== undefined && this.#first.size === 0) {
      this.#options.emit({ type: 'refused', ...this.#origin(at), detail: refusal })
      return
    }
    const resources = Array.from(this.#first.values()).flatMap((objects) =>
      Array.from(objects.values(), (object) => this.#kept(object)),
    )
    this.#first = undefined
    this.#options.emit({ type: 'listed', ...this.#origin(at), resources })
    for (const [scope, detail] of this.#refused) this.#sayRefusal(scope, detail, at)
  }

  #sayRefusal(scope: string | undefined, detail: string, at: number): void {
    const refused = { type: 'refused', ...this.#origin(at), detail } as const
    this.#options.emit(scope === undefined ? refused : { ...refused, namespace: scope })
  }

  #origin(at: number) {
    return { source: SOURCE, observedAt: at, kind: this.kind } as const
  }

  /** The object, its bytes being in the vault. */
  #kept({ resource, material }: Received): Resource {
    if (material !== undefined && 'tls' in resource && resource.tls.handle !== undefined) {
      this.#options.vault.put(resource.tls.handle, material)
    }
    return resource
  }
}

function keyOfResource({ kind, meta }: Resource): string {
  return keyOf(kind, meta.namespace, meta.name)
}
