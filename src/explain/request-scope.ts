// What of a journal a request can meet, over all of its time: the ApiProxies that ever lay along the path, and the objects
// that any version of them names. It must never leave out what could have been part of a decision; too much costs time only.

import type { JournalReader } from '../events/journal/reader.ts'
import type { Sieve } from '../events/journal/sieve.ts'
import { type ApiProxy, isInvalid, type Kind, keyOf, type Resource } from '../resources/resource.ts'

/** What one namespace has to do with the request. */
interface Place {
  /** Of whatever its ApiProxies along the path refer to, and any other text of their plugins. */
  readonly names: Set<string>
  /** An ApiProxy finds Services by their labels: any may be meant. */
  byLabels: boolean
}

/** With more of them, looking for each in a line costs more than reading the line. */
const TEXTS_LOOKED_FOR_MAX = 16

/** @param path of the request, normalised */
export function requestScope(reader: JournalReader, path: string): Sieve {
  const routes = new RoutesAlong(path)
  const scope = new RequestScope(routes)
  for (const resource of reader.objects(routes)) scope.add(resource)
  return scope
}

/** True where the source path, valid or not, begins the path by whole segments. */
export function liesAlong(resource: Resource | undefined, path: string): boolean {
  const source = sourceOf(resource)
  if (source === undefined) return false
  return source === '/' || path === source || path.startsWith(`${source}/`)
}

/** Lets through the ApiProxies along a path, whatever else they say. */
class RoutesAlong implements Sieve {
  readonly #path: string
  readonly #texts: readonly Buffer[]

  constructor(path: string) {
    this.#path = path
    const [, first = ''] = path.split('/')
    // As the journal writes a source (resources/resource.ts), and what can be read of one that is invalid.
    const below = first === '' ? [] : [`"source":{"path":${JSON.stringify(`/${first}`).slice(0, -1)}`]
    this.#texts = ['"source":{"path":"/"', ...below, '"claim":{'].map((text) => Buffer.from(text))
  }

  takesRecord(kind: string, _namespace: string, _name: string, json: Buffer): boolean {
    return kind === 'ApiProxy' && this.holdsOne(json)
  }

  takesPiece(kind: Kind, json: Buffer): boolean {
    return kind === 'ApiProxy' && this.holdsOne(json)
  }

  keeps(resource: Resource): boolean {
    return liesAlong(resource, this.#path)
  }

  holdsOne(json: Buffer): boolean {
    return holds(json, this.#texts)
  }
}

class RequestScope implements Sieve {
  readonly #routes: RoutesAlong
  readonly #apiProxies = new Set<string>()
  readonly #places = new Map<string, Place>()
  /** Lines of which none of these is part hold nothing that is named. */
  readonly #namedObjects: Buffer[] = []
  readonly #namedServices: Buffer[] = []
  readonly #byLabels: Buffer[] = []
  /** Those that were kept once: of these every change counts, also one to another Service. One from another comes as new. */
  readonly #slices = new Set<string>()

  constructor(routes: RoutesAlong) {
    this.#routes = routes
  }

  /** Takes in a version of an ApiProxy along the path. */
  add(resource: Resource): void {
    const { namespace, name } = resource.meta
    this.#apiProxies.add(keyOf('ApiProxy', namespace, name))
    const place = this.#placeOf(namespace)
    if (resource.kind !== 'ApiProxy' || isInvalid(resource)) return
    if (resource.target.backend.type === 'labels' && !place.byLabels) {
      place.byLabels = true
      this.#byLabels.push(Buffer.from(`"namespace":${JSON.stringify(namespace)}`))
    }
    for (const text of namesIn(resource)) {
      if (place.names.has(text)) continue
      place.names.add(text)
      this.#namedObjects.push(Buffer.from(`"name":${JSON.stringify(text)}`))
      this.#namedServices.push(Buffer.from(`"serviceName":${JSON.stringify(text)}`))
    }
  }

  takesRecord(kind: string, namespace: string, name: string, json: Buffer): boolean {
    // Which key a request carries is not known here.
    if (kind === 'ApiKey') return false
    if (kind === 'ApiProxy') return this.#apiProxies.has(keyOf(kind, namespace, name))
    const place = this.#places.get(namespace)
    if (place === undefined) return false
    if (place.byLabels || place.names.has(name)) return true
    if (kind !== 'EndpointSlice') return false
    return this.#slices.has(keyOf(kind, namespace, name)) || holds(json, this.#namedServices)
  }

  takesPiece(kind: Kind, json: Buffer): boolean {
    if (kind === 'ApiKey') return false
    if (kind === 'ApiProxy') return this.#routes.holdsOne(json)
    if (holds(json, this.#byLabels)) return true
    return holds(json, kind === 'EndpointSlice' ? this.#namedServices : this.#namedObjects)
  }

  keeps(resource: Resource): boolean {
    const { kind, meta } = resource
    if (kind === 'ApiKey') return false
    const key = keyOf(kind, meta.namespace, meta.name)
    if (kind === 'ApiProxy') return this.#apiProxies.has(key)
    const place = this.#places.get(meta.namespace)
    if (place === undefined) return false
    if (kind !== 'EndpointSlice') return place.byLabels || place.names.has(meta.name)
    const service = isInvalid(resource) ? undefined : resource.serviceName
    const isMeant = place.byLabels || (service !== undefined && place.names.has(service))
    if (isMeant) this.#slices.add(key)
    return isMeant || this.#slices.has(key)
  }

  #placeOf(namespace: string): Place {
    const known = this.#places.get(namespace)
    if (known !== undefined) return known
    const place: Place = { names: new Set(), byLabels: false }
    this.#places.set(namespace, place)
    return place
  }
}

function namesIn({ target, plugins }: ApiProxy): string[] {
  const { backend, sslSecretName } = target
  return [
    ...(backend.type === 'service' ? [backend.name] : []),
    ...(backend.type === 'mock' ? [backend.mockTargetName] : []),
    ...(sslSecretName === undefined ? [] : [sslSecretName]),
    ...plugins.flatMap(({ config }) => Object.values(config).map((text) => text.trim())),
  ]
}

function holds(json: Buffer, texts: readonly Buffer[]): boolean {
  return texts.length > TEXTS_LOOKED_FOR_MAX || texts.some((text) => json.includes(text))
}

function sourceOf(resource: Resource | undefined): string | undefined {
  if (resource === undefined || resource.kind !== 'ApiProxy') return undefined
  return isInvalid(resource) ? resource.claim?.path : resource.source.path
}
