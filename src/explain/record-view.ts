// A record of a journal in short: what happened, to which objects, when, from where, and who changed the object where the
// object says so. Never what was in it.

import type { JournalRecord } from '../events/journal/record.ts'
import { subjectOf } from '../events/recent-events.ts'
import { type ChangedBy, keyOf, type Resource } from '../resources/resource.ts'

export interface RecordView {
  readonly seq: number
  readonly revision: number
  /** RFC 3339, by the gateway's clock. */
  readonly time: string
  readonly type: string
  readonly source: string
  readonly kind?: string
  readonly namespace?: string
  readonly name?: string
  /** Number of objects of a list. */
  readonly count?: number
  /** What it changed, at most 20 keys. */
  readonly changed: readonly string[]
  readonly changedTotal?: number
  readonly resourceVersion?: string
  readonly changedBy?: ChangedBy
}

const CHANGED_MAX = 20

/** @param keys of all that it changed those that are of interest; the objects of a list among them say who changed them */
export function recordView(record: JournalRecord, keys: readonly string[] = record.keys): RecordView {
  const { seq, revision, observedAt, event } = record
  const objects = objectsOf(event, new Set(keys))
  const [object] = objects
  const { changedBy, resourceVersion } = (objects.length === 1 ? object?.meta : undefined) ?? {}
  return {
    seq,
    revision,
    time: new Date(observedAt).toISOString(),
    type: event.type,
    source: event.source,
    ...subjectOf(event),
    changed: keys.slice(0, CHANGED_MAX),
    ...(keys.length > CHANGED_MAX && { changedTotal: keys.length }),
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(changedBy !== undefined && { changedBy }),
  }
}

/** Those of the event's objects that have one of the keys. */
export function objectsOf(event: JournalRecord['event'], keys: ReadonlySet<string>): readonly Resource[] {
  if ('resource' in event) return [event.resource]
  if (!('resources' in event)) return []
  return event.resources.filter(({ kind, meta }) => keys.has(keyOf(kind, meta.namespace, meta.name)))
}
