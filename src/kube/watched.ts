// Where each kind is found on the API server.

import type { Kind } from '../resources/resource.ts'

export interface WatchedKind {
  readonly kind: Kind
  readonly apiVersion: string
  readonly plural: string
  /** False: cluster-scoped. */
  readonly namespaced: boolean
}

const KANALI = 'kanali.io/v2'

export const WATCHED: readonly WatchedKind[] = [
  { kind: 'ApiProxy', apiVersion: KANALI, plural: 'apiproxies', namespaced: true },
  { kind: 'MockTarget', apiVersion: KANALI, plural: 'mocktargets', namespaced: true },
  { kind: 'ApiKey', apiVersion: KANALI, plural: 'apikeys', namespaced: false },
  { kind: 'ApiKeyBinding', apiVersion: KANALI, plural: 'apikeybindings', namespaced: true },
  { kind: 'Service', apiVersion: 'v1', plural: 'services', namespaced: true },
  { kind: 'Secret', apiVersion: 'v1', plural: 'secrets', namespaced: true },
  { kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1', plural: 'endpointslices', namespaced: true },
]

/** The collection of a kind: in one namespace, or in all where none is given. */
export function collectionPath({ apiVersion, plural }: WatchedKind, namespace: string | undefined): string {
  const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return namespace === undefined ? `${base}/${plural}` : `${base}/namespaces/${namespace}/${plural}`
}
