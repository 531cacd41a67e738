// From a Service and a port to the addresses to connect to, or to the failure that every request gets.

import { failure, failureAt } from '../errors/failure.ts'
import type { EndpointSlice, Meta, Service } from '../resources/resource.ts'
import { siteOf } from './failure-site.ts'
import type { SecretIdentity } from './compile-tls.ts'
import { tlsBySecret } from './compile-tls.ts'
import type { Lookup } from './lookup.ts'
import type { Endpoint, FailedTarget, Upstream } from './snapshot.ts'

/** Code 09, where Services are not to be had at all. */
export function servicesFailure(namespace: string, lookup: Lookup): FailedTarget | undefined {
  const { status, detail } = lookup.status('Service', namespace)
  const expired = (['Service', 'EndpointSlice'] as const).filter((kind) => lookup.isExpired(kind))
  if (expired.length > 0) {
    const detailOfAge = `${expired.join(' and ')} objects have not been heard of for longer than kubernetes.staleness_limit`
    return failed(failure('services_stale', detailOfAge))
  }
  if (status === 'synced') return undefined
  if (status === 'refused') {
    return failed(failure('services_refused', `the source may not list Services (${detail})`))
  }
  const waited = detail === '' ? '' : ` (${detail})`
  return failed(failure('services_unsynced', `Services have not been listed yet${waited}`))
}

/**
 * The Service of that name as an upstream.
 * @param identity of the Secret that `ssl` names: https exactly where there is one
 */
export function compileServiceByName(
  owner: Meta,
  name: string,
  port: number,
  identity: SecretIdentity | undefined,
  lookup: Lookup,
): Upstream | FailedTarget {
  const { namespace } = owner
  const unavailable = servicesFailure(namespace, lookup)
  if (unavailable !== undefined) return unavailable
  const service = lookup.object('Service', namespace, name)
  const object = `Service ${namespace}/${name}`
  if (service === undefined) {
    const at = siteOf('ApiProxy', owner, 'spec.target.backend.service.name')
    return failed(failureAt('service_missing', at, `${object} does not exist`))
  }
  if ('problems' in service) {
    const [{ field, rule }] = service.problems
    const at = siteOf('Service', service.meta, field)
    return failed(failureAt('service_missing', at, `${object} is invalid: ${field} ${rule}`))
  }
  return compileService(owner, service, port, identity, lookup)
}

/** A known Service as an upstream. What is wrong with the Service comes before what is wrong with the Secret. */
export function compileService(
  owner: Meta,
  service: Service,
  port: number,
  identity: SecretIdentity | undefined,
  lookup: Lookup,
): Upstream | FailedTarget {
  const { namespace, name } = service.meta
  const servicePort = service.ports.find((candidate) => candidate.port === port)
  if (servicePort === undefined && service.ports.length > 0) {
    const ports = service.ports.map((candidate) => candidate.port).join(', ')
    const detail = `Service ${namespace}/${name} has no port ${port}, only ${ports}`
    const at = siteOf('ApiProxy', owner, 'spec.target.backend.service.port')
    return failed(failureAt('service_port_missing', at, detail))
  }
  const dnsName = `${name}.${namespace}.svc.cluster.local`
  const endpoints = endpointsOf(service, port, servicePort?.name, dnsName, lookup)
  if (!isSome(endpoints)) {
    const detail = `the EndpointSlices of Service ${namespace}/${name} have no ready address for port ${port}`
    const [slice] = lookup.slices(namespace, name)
    const at = siteOf('EndpointSlice', slice?.meta ?? service.meta, 'endpoints')
    return failed(failureAt('no_ready_endpoint', at, detail))
  }
  if (identity === undefined) return { type: 'upstream', scheme: 'http', endpoints }
  if (identity.failure !== undefined) return failed(identity.failure)
  const tls = tlsBySecret(identity.handle, dnsName)
  return { type: 'upstream', scheme: 'https', endpoints, tls }
}

/** @returns none where there are EndpointSlices and none of their addresses is ready or draining */
function endpointsOf(
  service: Service,
  port: number,
  portName: string | undefined,
  dnsName: string,
  lookup: Lookup,
): readonly Endpoint[] {
  const { options } = lookup
  if (options['proxy.enable_cluster_ip'] && service.clusterIP !== undefined) {
    return [{ host: service.clusterIP, port }]
  }
  if (options['proxy.enable_endpoint_slices']) {
    const slices = lookup.slices(service.meta.namespace, service.meta.name)
    if (slices.length > 0) {
      const ready = addressesOf(slices, port, portName, 'ready')
      // Endpoints that are ending get what is under way to its end, and new requests only where there is nobody else,
      // as kube-proxy does it (KEP-1669).
      return ready.length > 0 ? ready : addressesOf(slices, port, portName, 'draining')
    }
  }
  return [{ host: dnsName, port }]
}

function isSome(endpoints: readonly Endpoint[]): endpoints is Upstream['endpoints'] {
  return endpoints.length > 0
}

/** Each address once, in an order that does not depend on the order of slices and their endpoints. */
function addressesOf(
  slices: readonly EndpointSlice[],
  port: number,
  portName: string | undefined,
  state: 'ready' | 'draining',
): Endpoint[] {
  const found: Endpoint[] = []
  for (const slice of slices) {
    const slicePort = slicePortOf(slice, port, portName)
    if (slicePort === undefined) continue
    for (const { addresses, [state]: taken } of slice.endpoints) {
      if (taken) for (const host of addresses) found.push({ host, port: slicePort })
    }
  }
  found.sort(byHostAndPort)
  const each = found.filter((endpoint, index) => {
    const before = found[index - 1]
    return before === undefined || byHostAndPort(before, endpoint) !== 0
  })
  // As long as it has to be: a list that grows keeps room for more.
  return [...each]
}

/** By their texts. */
function byHostAndPort(a: Endpoint, b: Endpoint): number {
  if (a.host !== b.host) return a.host < b.host ? -1 : 1
  if (a.port === b.port) return 0
  return String(a.port) < String(b.port) ? -1 : 1
}

/** The port of that name; else the only one; for a Service that lists no ports else the one of that number. */
function slicePortOf(slice: EndpointSlice, port: number, portName: string | undefined): number | undefined {
  const named = slice.ports.find((candidate) => candidate.name === portName)
  if (named !== undefined) return named.port
  if (slice.ports.length === 1) return slice.ports[0]?.port
  return portName === undefined ? slice.ports.find((candidate) => candidate.port === port)?.port : undefined
}

function failed(reason: FailedTarget['failure']): FailedTarget {
  return { type: 'failed', failure: reason }
}
