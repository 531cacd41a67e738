// Which objects a route was made of, read from what its compilation asked for: the answer that explains a route, worked
// out when somebody asks and never kept. It must never be called on the way of a request.

import { findText } from '../events/text-map.ts'
import { isInvalid, type Kind, keyOf, KINDS, type Resource } from '../resources/resource.ts'
import type { Compilation } from './compilation.ts'
import { carriesAll } from './compile-labels.ts'
import { objectsOf } from './lookup.ts'
import type { RouteObject, RouteRole } from './snapshot.ts'

/** A Service may have any number of EndpointSlices, and labels may fit any number of Services. */
export const ROUTE_OBJECTS_MAX = 100

const ROLES: Readonly<Record<Kind, RouteRole>> = {
  ApiProxy: 'route',
  Service: 'backend',
  EndpointSlice: 'endpoints',
  Secret: 'tls',
  MockTarget: 'mock',
  ApiKey: 'key',
  ApiKeyBinding: 'grant',
}

/** The ApiProxy first, then the others by kind and name, with those that are missing; none where there is no such ApiProxy. */
export function routeObjects(
  { kinds, proxies, services }: Pick<Compilation, 'kinds' | 'proxies' | 'services'>,
  namespace: string,
  apiproxy: string,
): readonly RouteObject[] {
  const key = keyOf('ApiProxy', namespace, apiproxy)
  const own = kinds.ApiProxy.objects.get(key)?.resource
  if (own === undefined) return []
  const found = new Map<string, RouteObject>()
  const add = (resource: Resource): void => {
    if (found.size >= ROUTE_OBJECTS_MAX) return
    const { kind, meta } = resource
    found.set(keyOf(kind, meta.namespace, meta.name), objectOf(resource))
  }
  const missing = (kind: Kind, asked: string): void => {
    const [, namespace = '', name = ''] = asked.split('/')
    if (found.size < ROUTE_OBJECTS_MAX)
      found.set(asked, { kind, namespace, name, role: ROLES[kind], missing: true })
  }
  add(own)
  for (const asked of proxies.get(key)?.asked ?? []) {
    const kind = kindOf(asked)
    if (kind !== undefined) {
      const resource = kinds[kind].objects.get(asked)?.resource
      if (resource === undefined) missing(kind, asked)
      else add(resource)
    }
    for (const slice of objectsOf(findText(services.slices, asked), 'EndpointSlice', { kinds })) {
      add(slice)
    }
    if (own.kind !== 'ApiProxy' || isInvalid(own) || own.target.backend.type !== 'labels') continue
    const { labels } = own.target.backend
    for (const service of objectsOf(findText(services.services, asked), 'Service', { kinds })) {
      if (carriesAll(service, labels)) add(service)
    }
  }
  return [...found.values()].sort(byKindAndName)
}

function objectOf({ kind, meta }: Resource): RouteObject {
  const { namespace, name, resourceVersion } = meta
  return {
    kind,
    namespace,
    name,
    ...(resourceVersion !== undefined && { resourceVersion }),
    role: ROLES[kind],
  }
}

/** The kind whose object a key names; keys of lists and indexes name none. */
function kindOf(key: string): Kind | undefined {
  return KINDS.find((kind) => key.startsWith(kind) && key.charCodeAt(kind.length) === 0x2f)
}

const ORDER: readonly Kind[] = [
  'ApiProxy',
  'MockTarget',
  'Service',
  'EndpointSlice',
  'Secret',
  'ApiKeyBinding',
  'ApiKey',
]

function byKindAndName(a: RouteObject, b: RouteObject): number {
  if (a.kind !== b.kind) return ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind)
  const left = `${a.namespace}/${a.name}`
  const right = `${b.namespace}/${b.name}`
  return left === right ? 0 : left < right ? -1 : 1
}
