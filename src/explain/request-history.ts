// The records of a journal that could have changed the decision on one request, with the states around each: found by
// cheap tests on keys and paths, so that only few of them have to be built.

import type { JournalReader, Moment, Step } from '../events/journal/reader.ts'
import type { State } from '../events/state.ts'
import { isInvalid, type Kind, KINDS, type Resource } from '../resources/resource.ts'

/** What became known by one record, or at a new start of the process. */
export interface Turn {
  readonly step: Step
  /** Keys of what it changed that may concern the request. */
  readonly keys: readonly string[]
}

/**
 * The records of one segment that could have changed it, the oldest first.
 * @param beginning of the segment
 * @param path of the request, normalised
 * @param until the last revision that is of interest
 */
export function turnsOf(reader: JournalReader, beginning: Moment, path: string, until: number): Turn[] {
  const namespaces = namespacesAlong(beginning.state, path)
  const turns: Turn[] = []
  for (const step of reader.steps(beginning)) {
    if (step.record.revision > until || step.after.position.segment !== beginning.position.segment) break
    const keys = step.record.keys.filter((key) => concerns(key, step, path, namespaces))
    if (keys.length > 0) turns.push({ step, keys })
  }
  return turns
}

/** True where the source path, valid or not, begins the path by whole segments. */
export function liesAlong(resource: Resource | undefined, path: string): boolean {
  const source = sourceOf(resource)
  if (source === undefined) return false
  return source === '/' || path === source || path.startsWith(`${source}/`)
}

/** Of the object that a key names; undefined where it names something else. */
export function kindIn(key: string): Kind | undefined {
  return KINDS.find((kind) => key.startsWith(kind) && key.charCodeAt(kind.length) === 0x2f)
}

function sourceOf(resource: Resource | undefined): string | undefined {
  if (resource === undefined || resource.kind !== 'ApiProxy') return undefined
  return isInvalid(resource) ? resource.claim?.path : resource.source.path
}

/** Namespaces of all ApiProxies that may take the request, now or at some time: their references lie there. */
function namespacesAlong(state: State, path: string): Set<string> {
  const found = new Set<string>()
  for (const { resource } of state.kinds.ApiProxy.objects.values()) {
    if (liesAlong(resource, path)) found.add(resource.meta.namespace)
  }
  return found
}

function concerns(key: string, { before, after }: Step, path: string, namespaces: Set<string>): boolean {
  const kind = kindIn(key)
  if (kind === undefined) return key !== 'Problems' && key !== 'Stale'
  // Which key a request carries is not known here.
  if (kind === 'ApiKey') return false
  if (kind !== 'ApiProxy') return namespaces.has(key.split('/')[1] ?? '')
  const was = before.kinds.ApiProxy.objects.get(key)?.resource
  const is = after.state.kinds.ApiProxy.objects.get(key)?.resource
  if (!liesAlong(was, path) && !liesAlong(is, path)) return false
  const namespace = (is ?? was)?.meta.namespace
  if (namespace !== undefined) namespaces.add(namespace)
  return true
}
