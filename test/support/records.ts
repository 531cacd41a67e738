// Valid records in bulk, made by hand and not by parsing: for worlds of many thousand objects.

import { NO_ITEMS, NO_TEXTS } from '../../src/resources/none.ts'
import type { ApiProxy, EndpointSlice, Meta, Resource, Service } from '../../src/resources/resource.ts'

const AGE_EPOCH_MS = Date.UTC(2026, 0, 1)

/** Metadata of an object that is so many seconds younger than the oldest. */
export function metaOf(namespace: string, name: string, ageSeconds = 0): Meta {
  const creationTimestamp = new Date(AGE_EPOCH_MS + ageSeconds * 1000).toISOString()
  return {
    namespace,
    name,
    uid: `uid-${namespace}-${name}`,
    creationTimestamp,
    labels: NO_TEXTS,
    annotations: NO_TEXTS,
  }
}

/** An ApiProxy of its own path: one of a hundred of its namespace, three in four with a virtual host. */
export function manyApiProxy(index: number, targetPath = '/'): ApiProxy {
  const namespace = namespaceOf(index)
  const source = index % 4 === 0 ? {} : { virtualHost: hostOf(index) }
  return {
    kind: 'ApiProxy',
    meta: metaOf(namespace, `proxy-${index}`, index),
    source: { path: sourcePathOf(index), ...source },
    target: { path: targetPath, backend: { type: 'service', name: `service-${index % 100}`, port: 8080 } },
    plugins: NO_ITEMS,
  }
}

/** The Service that `manyApiProxy` of the same index leads to. */
export function manyService(index: number, team = 'a'): Service {
  const meta = metaOf(namespaceOf(index), `service-${index % 100}`, index)
  const labels = { app: `service-${index % 100}`, team }
  return {
    kind: 'Service',
    meta: { ...meta, labels },
    ports: [{ name: 'http', port: 8080 }],
  }
}

/** Two addresses of the Service of the same index. */
export function manySlice(index: number, ready = true): EndpointSlice {
  const address = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`
  return {
    kind: 'EndpointSlice',
    meta: metaOf(namespaceOf(index), `service-${index % 100}-slice`, index),
    serviceName: `service-${index % 100}`,
    ports: [{ name: 'http', port: 18_080 }],
    endpoints: [
      { addresses: [address], ready: true, draining: false },
      { addresses: [`11${address.slice(2)}`], ready, draining: false },
    ],
  }
}

export function sourcePathOf(index: number): string {
  return `/team-${index % 977}/service-${index % 100}/v${index}`
}

export function hostOf(index: number): string {
  return `host-${index % 1009}.example.com`
}

/** All objects of one of the three kinds, for so many routes. */
export function many<R extends Resource>(count: number, make: (index: number) => R): R[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

function namespaceOf(index: number): string {
  return `namespace-${Math.floor(index / 100)}`
}
