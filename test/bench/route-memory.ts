// What a route costs in memory: what is retained of state and snapshot after a collection, over the number of routes.
// Runs in a process of its own (`node --expose-gc`), on objects that were read from manifests as a source reads them.
// Prints one line of JSON: bytes of an ApiProxy, its Service and its EndpointSlice, and of an ApiProxy alone.

import { spawnSync } from 'node:child_process'
import { DEFAULT_OPTIONS } from '../../src/config/options.ts'
import type { ResourceEvent } from '../../src/events/event.ts'
import { apply, EMPTY_STATE } from '../../src/events/state.ts'
import { settle } from '../../src/events/touched.ts'
import { parseManifest } from '../../src/resources/parse.ts'
import { KINDS, type Resource } from '../../src/resources/resource.ts'
import { build } from '../../src/snapshot/build.ts'
import { manyApiProxy, manyService, manySlice } from '../support/records.ts'

/** Bytes a route. */
export interface RouteMemory {
  /** The records in the state, with their digests and keys. */
  readonly state: number
  /** What is compiled, and the indexes by which an event finds it. */
  readonly snapshot: number
  /** Both, for an ApiProxy to an address, without Service and EndpointSlice. */
  readonly alone: number
}

/** Measures in a process of its own. */
export function routeMemory(routes: number): RouteMemory {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', import.meta.filename, String(routes)],
    {
      encoding: 'utf8',
    },
  )
  try {
    return JSON.parse(stdout) as RouteMemory
  } catch {
    throw new Error(`the memory of a route could not be measured: ${stderr}`)
  }
}

function measure(routes: number): RouteMemory {
  // What is compiled lazily and kept once is not a route's.
  retained(100, KINDS)
  const { state, snapshot } = retained(routes, KINDS)
  const alone = retained(routes, ['ApiProxy'])
  return { state, snapshot, alone: alone.state + alone.snapshot }
}

function retained(routes: number, kinds: readonly Resource['kind'][]): Omit<RouteMemory, 'alone'> {
  const before = heapBytes()
  const world = { state: EMPTY_STATE, snapshot: build(EMPTY_STATE, DEFAULT_OPTIONS) }
  for (const kind of KINDS) {
    const resources = kinds.includes(kind) ? readObjects(kind, routes, kinds.length === 1) : []
    const listed: ResourceEvent = { source: 'bench', observedAt: 0, type: 'listed', kind, resources }
    world.state = apply(world.state, listed)
  }
  world.snapshot = build(world.state, DEFAULT_OPTIONS)
  if (world.snapshot.routes.size !== routes) throw new Error('not every route is there')
  // Only now: what was touched until the build is no part of what is kept.
  world.state = settle(world.state)
  const both = heapBytes()
  world.snapshot = build(EMPTY_STATE, DEFAULT_OPTIONS)
  const folded = heapBytes()
  // Whoever looked up a count has kept the state until here.
  if (world.state.kinds.ApiProxy.objects.size !== routes) throw new Error('not every ApiProxy is there')
  return { state: (folded - before) / routes, snapshot: (both - folded) / routes }
}

/** From the texts of the API: nothing of them is shared beforehand. */
function readObjects(kind: Resource['kind'], routes: number, alone: boolean): Resource[] {
  if (kind !== 'ApiProxy' && kind !== 'Service' && kind !== 'EndpointSlice') return []
  const read: Resource[] = []
  for (let index = 0; index < routes; index += 1) {
    const manifest: unknown = JSON.parse(JSON.stringify(manifestOf(kind, index, alone)))
    for (const result of parseManifest(manifest, '')) {
      if (result.type === 'resource') read.push(result.resource)
    }
  }
  return read
}

function manifestOf(kind: 'ApiProxy' | 'Service' | 'EndpointSlice', index: number, alone: boolean): object {
  if (kind === 'ApiProxy') return apiProxyManifest(index, alone)
  return kind === 'Service' ? serviceManifest(index) : sliceManifest(index)
}

function apiProxyManifest(index: number, alone: boolean): object {
  const { meta, source, target } = manyApiProxy(index)
  const { backend } = target
  const service = backend.type === 'service' ? { name: backend.name, port: backend.port } : {}
  const spec = { source, target: { backend: alone ? { endpoint: 'http://10.0.0.1:8080' } : { service } } }
  return { apiVersion: 'kanali.io/v2', kind: 'ApiProxy', metadata: metadataOf(meta), spec }
}

function serviceManifest(index: number): object {
  const { meta, ports } = manyService(index)
  return { apiVersion: 'v1', kind: 'Service', metadata: metadataOf(meta), spec: { ports } }
}

function sliceManifest(index: number): object {
  const { meta, serviceName, ports, endpoints } = manySlice(index)
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadataOf(meta), labels: { 'kubernetes.io/service-name': serviceName } },
    addressType: 'IPv4',
    ports,
    endpoints: endpoints.map(({ addresses, ready }) => ({ addresses, conditions: { ready } })),
  }
}

/** With what the API server adds. */
function metadataOf(meta: Resource['meta']): object {
  return { ...meta, resourceVersion: '1234567', generation: 1 }
}

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('node must run with --expose-gc')
  globalThis.gc()
  globalThis.gc()
  return process.memoryUsage().heapUsed
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(measure(Number(process.argv[2])))}\n`)
