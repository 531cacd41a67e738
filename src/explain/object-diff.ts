// What differs between two forms of an object, by the paths of a manifest. What may be secret is compared and never shown.

import type { Backend, Resource } from '../resources/resource.ts'
import { REDACTED } from './state-view.ts'

export interface PathChange {
  readonly path: string
  /** Null where it was not there. */
  readonly from: string | null
  readonly to: string | null
}

/** More changes are only counted. */
export const CHANGES_MAX = 50
const VALUE_CHARACTERS_MAX = 200
/** Values of plugin configuration, bodies of mocks, cipher texts. */
const CONCEALED = /\.config\.|\.body$|\.revisions\[\d+\]\.data$|\.handle$/
/** They say when and where an object was written, not what it says. */
const NOT_CONTENT: ReadonlySet<string> = new Set(['uid', 'resourceVersion', 'generation', 'changedBy'])

/** Sorted by path, at most CHANGES_MAX. */
export function objectDiff(before: Resource | undefined, after: Resource | undefined): PathChange[] {
  const was = leavesOf(before)
  const is = leavesOf(after)
  const paths = [...new Set([...was.keys(), ...is.keys()])].sort()
  return paths
    .filter((path) => was.get(path) !== is.get(path))
    .slice(0, CHANGES_MAX)
    .map((path) => ({ path, from: shown(path, was.get(path)), to: shown(path, is.get(path)) }))
}

function shown(path: string, value: string | undefined): string | null {
  if (value === undefined) return null
  if (CONCEALED.test(path)) return REDACTED
  return value.length > VALUE_CHARACTERS_MAX ? `${value.slice(0, VALUE_CHARACTERS_MAX)}...` : value
}

function leavesOf(resource: Resource | undefined): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>()
  if (resource === undefined) return leaves
  for (const [name, value] of Object.entries(resource)) {
    if (name === 'kind') continue
    if (name !== 'meta') collect(leaves, `spec.${name}`, value)
    else
      for (const [field, item] of Object.entries(resource.meta))
        if (!NOT_CONTENT.has(field)) collect(leaves, `metadata.${field}`, item)
  }
  return leaves
}

function collect(leaves: Map<string, string>, path: string, value: unknown): void {
  if (value === undefined) return
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) collect(leaves, `${path}[${index}]`, item)
  } else if (typeof value === 'object' && value !== null) {
    const fields = path === 'spec.target.backend' ? manifestBackend(value as Backend) : value
    for (const [name, item] of Object.entries(fields)) {
      collect(leaves, /^[\w-]+$/.test(name) ? `${path}.${name}` : `${path}["${name}"]`, item)
    }
  } else leaves.set(path, typeof value === 'string' ? value : JSON.stringify(value))
}

/** A backend as a person writes it. */
function manifestBackend(backend: Backend): object {
  switch (backend.type) {
    case 'endpoint':
      return { endpoint: `${backend.scheme}://${backend.host}:${backend.port}` }
    case 'service':
      return { service: { name: backend.name, port: backend.port } }
    case 'labels':
      return { service: { labels: backend.labels, port: backend.port } }
    case 'mock':
      return { mock: { mockTargetName: backend.mockTargetName } }
  }
}
