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

/** The bucket of all Services of a namespace. */
export function namespaceBucket(namespace: string): string {
  return `Services/${namespace}`
}

/** The bucket of the Services of a namespace that carry a label, with that value or with any. */
export function labelBucket(namespace: string, label: string, value?: string): string {
  return value === undefined ? `Services/${namespace}/${label}` : `Services/${namespace}/${label}=${value}`
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

  /** @returns the keys of all buckets whose content changed */
  replaceService(key: string, before: Resource | undefined, after: Resource | undefined): Iterable<string> {
    return replace(this.#services, key, validService(before), validService(after), bucketKeys)
  }

  /** @returns the keys of the Services (`slicesKey`) whose slices changed */
  replaceSlice(key: string, before: Resource | undefined, after: Resource | undefined): Iterable<string> {
    return replace(this.#slices, key, validSlice(before), validSlice(after), sliceKeys)
  }

  done(): ServiceIndex {
    return { services: this.#services.done(), slices: this.#slices.done() }
  }
}

/** A slice that names no Service belongs to none. */
function sliceKeys({ meta, serviceName }: EndpointSlice): string[] {
  return serviceName === '' ? [] : [slicesKey(meta.namespace, serviceName)]
}

function bucketKeys({ meta: { namespace, labels } }: Service): string[] {
  const keys = [namespaceBucket(namespace)]
  for (const [label, value] of Object.entries(labels)) {
    keys.push(labelBucket(namespace, label), labelBucket(namespace, label, value))
  }
  return keys
}

/** @returns the groups that the object has left, entered or stayed in */
function replace<T>(
  draft: IndexDraft,
  key: string,
  before: T | undefined,
  after: T | undefined,
  groupsOf: (object: T) => readonly string[],
): Iterable<string> {
  const left = before === undefined ? [] : groupsOf(before)
  const entered = after === undefined ? [] : groupsOf(after)
  for (const group of left) if (!entered.includes(group)) draft.remove(group, key)
  for (const group of entered) if (!left.includes(group)) draft.put(group, key)
  return new Set([...left, ...entered])
}

function validService(resource: Resource | undefined): Service | undefined {
  return resource?.kind === 'Service' && !isInvalid(resource) ? resource : undefined
}

function validSlice(resource: Resource | undefined): EndpointSlice | undefined {
  return resource?.kind === 'EndpointSlice' && !isInvalid(resource) ? resource : undefined
}
