// Services by namespace and label, EndpointSlices by Service: what dynamic discovery and addresses are compiled from.
// Persistent, and kept up to date object by object: no build ever walks all Services.
// It must never hold an invalid object: nothing may be concluded from one.

import { isInvalid, keyOf, type EndpointSlice, type Resource, type Service } from '../resources/resource.ts'
import { type Group, IndexDraft, type PersistentIndex } from './persistent-index.ts'

export interface ServiceIndex {
  /** By bucket (`bucketKeys`), the Services by `keyOf`. */
  readonly services: PersistentIndex
  /** By Service (`slicesKey`), the EndpointSlices by `keyOf`. */
  readonly slices: PersistentIndex
}

export const EMPTY_SERVICE_INDEX: ServiceIndex = { services: undefined, slices: undefined }

/** What begins the key of a bucket. */
const BUCKET = 'Services/'

/** True for the key of a bucket among those that ApiProxies asked for. */
export function isBucket(key: string): boolean {
  return key.startsWith(BUCKET)
}

/** The bucket of all Services of a namespace. */
export function namespaceBucket(namespace: string): string {
  return `${BUCKET}${namespace}`
}

/** The bucket of the Services of a namespace that carry a label, with that value or with any. */
export function labelBucket(namespace: string, label: string, value?: string): string {
  return value === undefined ? `${BUCKET}${namespace}/${label}` : `${BUCKET}${namespace}/${label}=${value}`
}

/** Key of the EndpointSlices of a Service: that of the Service, since who asks for the one depends on the other. */
export function slicesKey(namespace: string, service: string): string {
  return keyOf('Service', namespace, service)
}

/** The index in the course of one build. */
export class ServiceIndexDraft {
  readonly #services: IndexDraft
  readonly #slices: IndexDraft

  constructor({ services, slices }: ServiceIndex) {
    this.#services = new IndexDraft(services)
    this.#slices = new IndexDraft(slices)
  }

  /** The valid Services of a bucket (`keyOf`). Do not keep it. */
  bucket(key: string): Group {
    return this.#services.get(key)
  }

  /** The valid EndpointSlices (`keyOf`) of a Service (`slicesKey`). Do not keep it. */
  slicesOf(key: string): Group {
    return this.#slices.get(key)
  }

  /** Puts a Service into its buckets, and takes it out of those that it has left. */
  replaceService(key: string, before: Resource | undefined, after: Resource | undefined): void {
    const old = validService(before)
    const now = validService(after)
    if (old !== undefined) for (const bucket of bucketsBeyond(old, now)) this.#services.remove(bucket, key)
    if (now !== undefined) for (const bucket of bucketsBeyond(now, old)) this.#services.put(bucket, key)
  }

  /** @returns the keys of the Services (`slicesKey`) whose slices changed */
  replaceSlice(key: string, before: Resource | undefined, after: Resource | undefined): readonly string[] {
    const left = serviceOf(before)
    const entered = serviceOf(after)
    if (left === entered) return left === undefined ? [] : [left]
    if (left !== undefined) this.#slices.remove(left, key)
    if (entered !== undefined) this.#slices.put(entered, key)
    return [left, entered].filter((service) => service !== undefined)
  }

  done(): ServiceIndex {
    return { services: this.#services.done(), slices: this.#slices.done() }
  }
}

/** All buckets that hold a Service; none where it is invalid. */
export function bucketsOf(resource: Resource | undefined): string[] {
  const service = validService(resource)
  return service === undefined ? [] : bucketsBeyond(service, undefined)
}

/** Buckets that hold a Service and not the other one, which is of the same namespace. */
function bucketsBeyond({ meta: { namespace, labels } }: Service, other: Service | undefined): string[] {
  const buckets = other === undefined ? [namespaceBucket(namespace)] : []
  const others = other?.meta.labels ?? {}
  for (const [label, value] of Object.entries(labels)) {
    // Own fields only: a label may be called `constructor`.
    const has = Object.hasOwn(others, label)
    if (has && others[label] === value) continue
    if (!has) buckets.push(labelBucket(namespace, label))
    buckets.push(labelBucket(namespace, label, value))
  }
  return buckets
}

/** A slice that names no Service belongs to none. */
function serviceOf(resource: Resource | undefined): string | undefined {
  const slice = validSlice(resource)
  return slice === undefined || slice.serviceName === ''
    ? undefined
    : slicesKey(slice.meta.namespace, slice.serviceName)
}

function validService(resource: Resource | undefined): Service | undefined {
  return resource?.kind === 'Service' && !isInvalid(resource) ? resource : undefined
}

function validSlice(resource: Resource | undefined): EndpointSlice | undefined {
  return resource?.kind === 'EndpointSlice' && !isInvalid(resource) ? resource : undefined
}
