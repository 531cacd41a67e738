// A state as plain data for a person: every field of it, whatever fields there are. What may be secret is left out:
// values of plugin configuration, bodies of mocks, cipher texts of api keys.

import { isMap, isSet } from 'immutable'
import { KINDS, type Resource } from '../resources/resource.ts'
import type { State } from '../events/state.ts'

export const REDACTED = '<redacted>'

/** What is shown on its own, and what only a build asks for. */
const APART: ReadonlySet<string> = new Set(['digest', 'kinds', 'version', 'touched', 'settledAt'])

/** Objects sorted by key. */
export function stateView(state: State): object {
  const { digest, kinds } = state
  const rest = Object.entries(state).filter(([name]) => !APART.has(name))
  const ofKinds = KINDS.map((kind) => {
    const { objects, ...known } = kinds[kind]
    const sorted = Array.from(objects.entries()).sort(([a], [b]) => (a < b ? -1 : 1))
    return [
      kind,
      { ...plainFields(known), objects: sorted.map(([, { resource }]) => resourceView(resource)) },
    ]
  })
  return {
    digest: digest.toString(16),
    kinds: Object.fromEntries(ofKinds),
    ...plainFields(Object.fromEntries(rest)),
  }
}

/** An object without what may be secret in it. */
export function resourceView(resource: Resource): object {
  if ('plugins' in resource) {
    const plugins = resource.plugins.map((plugin) => ({ ...plugin, config: redactedValues(plugin.config) }))
    return { ...resource, plugins }
  }
  if ('routes' in resource) {
    return { ...resource, routes: resource.routes.map((route) => ({ ...route, body: REDACTED })) }
  }
  if ('revisions' in resource) {
    return { ...resource, revisions: resource.revisions.map((revision) => ({ ...revision, data: REDACTED })) }
  }
  return resource
}

function redactedValues(config: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(config).map((key) => [key, REDACTED]))
}

/** Without those that are empty. */
function plainFields(fields: object): object {
  const entries = Object.entries(fields).map(([name, value]): [string, unknown] => [name, plain(value)])
  return Object.fromEntries(entries.filter(([, value]) => !isEmpty(value)))
}

function plain(value: unknown): unknown {
  if (isMap(value)) {
    return Object.fromEntries(Array.from(value.entries(), ([key, item]) => [String(key), plain(item)]))
  }
  if (isSet(value)) return Array.from(value.values(), plain)
  return typeof value === 'bigint' ? value.toString(16) : value
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === '') return true
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
