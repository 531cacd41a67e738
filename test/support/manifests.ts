// Fluent builders of manifests, as a person would write them in YAML. They check nothing, so that tests can build what
// is wrong too: `patched` puts any value at any dotted path. `build()` gives a new plain object each time.

import { parseManifest } from '../../src/resources/parse.ts'
import type { Resource } from '../../src/resources/resource.ts'

type Plain = Record<string, unknown>

/** A plain object that can be written as YAML or given to `parseManifest`. */
export interface Manifest extends Plain {
  apiVersion: string
  kind: string
}

/** Parses what a builder made; throws where it is not exactly one resource. */
export function resourceOf(
  manifest: Manifest | { build(): Manifest },
  defaultNamespace = 'default',
): Resource {
  const raw = 'build' in manifest && typeof manifest.build === 'function' ? manifest.build() : manifest
  const [result, ...others] = parseManifest(raw, defaultNamespace)
  if (result?.type !== 'resource' || others.length > 0)
    throw new Error(`not one resource: ${JSON.stringify(result)}`)
  return result.resource
}

export const apiProxy = (name: string) => new ApiProxyBuilder('kanali.io/v2', 'ApiProxy', name)
export const mockTarget = (name: string) => new MockTargetBuilder('kanali.io/v2', 'MockTarget', name)
export const apiKey = (name: string) => new ApiKeyBuilder('kanali.io/v2', 'ApiKey', name)
export const apiKeyBinding = (name: string) => new ApiKeyBindingBuilder('kanali.io/v2', 'ApiKeyBinding', name)
export const service = (name: string) => new ServiceBuilder('v1', 'Service', name)
export const secret = (name: string) => new SecretBuilder('v1', 'Secret', name)
export const endpointSlice = (name: string) =>
  new EndpointSliceBuilder('discovery.k8s.io/v1', 'EndpointSlice', name)

/** Several manifests as one `List` object. */
export function listOf(...manifests: readonly Manifest[]): Manifest {
  return { apiVersion: 'v1', kind: 'List', items: manifests }
}

class Builder {
  protected readonly manifest: Manifest

  constructor(apiVersion: string, kind: string, name: string) {
    this.manifest = { apiVersion, kind, metadata: { name } }
  }

  inNamespace(namespace: string): this {
    return this.patched('metadata.namespace', namespace)
  }

  /** @param when RFC 3339; a date alone is its midnight UTC */
  created(when: string): this {
    return this.patched('metadata.creationTimestamp', when.length === 10 ? `${when}T00:00:00Z` : when)
  }

  uid(uid: string): this {
    return this.patched('metadata.uid', uid)
  }

  generation(generation: number): this {
    return this.patched('metadata.generation', generation)
  }

  resourceVersion(version: string): this {
    return this.patched('metadata.resourceVersion', version)
  }

  labelled(labels: Readonly<Record<string, string>>): this {
    Object.assign(this.objectAt('metadata', 'labels'), labels)
    return this
  }

  annotated(annotations: Readonly<Record<string, string>>): this {
    Object.assign(this.objectAt('metadata', 'annotations'), annotations)
    return this
  }

  /** Any value at any dotted path (numbers are indexes of lists); undefined removes the field. */
  patched(path: string, value: unknown): this {
    const names = path.split('.')
    const last = names.pop() ?? ''
    const parent = this.objectAt(...names)
    if (value === undefined) Reflect.deleteProperty(parent, last)
    else parent[last] = value
    return this
  }

  build(): Manifest {
    return structuredClone(this.manifest)
  }

  /** The object at a path, made where it is not there. */
  protected objectAt(...names: readonly string[]): Plain {
    let here: Plain = this.manifest
    for (const name of names) here = (here[name] ??= {}) as Plain
    return here
  }

  protected append(item: unknown, ...names: readonly string[]): this {
    const last = names.at(-1) ?? ''
    const parent = this.objectAt(...names.slice(0, -1))
    const list = (parent[last] ??= []) as unknown[]
    list.push(item)
    return this
  }
}

class ApiProxyBuilder extends Builder {
  at(path: string): this {
    return this.patched('spec.source.path', path)
  }

  host(virtualHost: string): this {
    return this.patched('spec.source.virtualHost', virtualHost)
  }

  target(path: string): this {
    return this.patched('spec.target.path', path)
  }

  toEndpoint(endpoint: string): this {
    return this.patched('spec.target.backend', { endpoint })
  }

  service(name: string, port: number): this {
    return this.patched('spec.target.backend', { service: { name, port } })
  }

  labels(
    labels: readonly ({ name: string; value: string } | { name: string; header: string })[],
    port: number,
  ): this {
    return this.patched('spec.target.backend', { service: { labels, port } })
  }

  mock(mockTargetName: string): this {
    return this.patched('spec.target.backend', { mock: { mockTargetName } })
  }

  ssl(secretName: string): this {
    return this.patched('spec.target.ssl', { secretName })
  }

  plugin(name: string, config?: Readonly<Record<string, string>>, version?: string): this {
    return this.append(
      { name, ...(version !== undefined && { version }), ...(config && { config }) },
      'spec',
      'plugins',
    )
  }
}

export interface MockRouteOptions {
  readonly methods?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

class MockTargetBuilder extends Builder {
  route(path: string, status: number, body = '', options: MockRouteOptions = {}): this {
    return this.append({ path, status, body, ...options }, 'spec', 'routes')
  }
}

class ApiKeyBuilder extends Builder {
  revision(data: string, status: 'Active' | 'Inactive' = 'Active', lastUsed?: string): this {
    return this.append({ data, status, ...(lastUsed !== undefined && { lastUsed }) }, 'spec', 'revisions')
  }
}

class ApiKeyBindingBuilder extends Builder {
  /** @param grant `defaultRule`, `subpaths`, `rate`, `quota` as in the specification */
  key(name: string, grant: Readonly<Record<string, unknown>> = {}): this {
    return this.append({ name, ...grant }, 'spec', 'keys')
  }
}

class ServiceBuilder extends Builder {
  clusterIP(address: string): this {
    return this.patched('spec.clusterIP', address)
  }

  port(port: number, name?: string): this {
    return this.append({ ...(name !== undefined && { name }), port }, 'spec', 'ports')
  }
}

class EndpointSliceBuilder extends Builder {
  override build(): Manifest {
    return { addressType: 'IPv4', ...super.build() }
  }

  /** The Service it belongs to. */
  of(serviceName: string): this {
    return this.labelled({ 'kubernetes.io/service-name': serviceName })
  }

  addressType(type: 'IPv4' | 'IPv6' | 'FQDN'): this {
    return this.patched('addressType', type)
  }

  port(port: number, name = ''): this {
    return this.append({ name, port, protocol: 'TCP' }, 'ports')
  }

  /** @param ready undefined leaves the conditions out, which means ready; `draining`: ending, and still serving */
  endpoint(address: string | readonly string[], ready?: boolean | 'draining'): this {
    const addresses = typeof address === 'string' ? [address] : address
    const conditions =
      ready === 'draining'
        ? { ready: false, serving: true, terminating: true }
        : ready !== undefined && { ready }
    return this.append({ addresses, ...(conditions !== false && { conditions }) }, 'endpoints')
  }
}

class SecretBuilder extends Builder {
  /** Released to the gateway. */
  enabled(): this {
    return this.annotated({ 'kanali.io/enabled': 'true' })
  }

  /** The data key that holds a part is another than `tls.crt`, `tls.key`, `tls.ca`. */
  renamed(part: 'cert' | 'key' | 'ca', dataKey: string): this {
    return this.annotated({ [`kanali.io/${part}`]: dataKey })
  }

  /** Encoded as base64. */
  data(key: string, value: string | Uint8Array): this {
    this.objectAt('data')[key] = Buffer.from(value as string).toString('base64')
    return this
  }

  stringData(key: string, value: string): this {
    this.objectAt('stringData')[key] = value
    return this
  }

  cert(pem: string): this {
    return this.data('tls.crt', pem)
  }

  key(pem: string): this {
    return this.data('tls.key', pem)
  }

  ca(pem: string): this {
    return this.data('tls.ca', pem)
  }
}
