// What stands in a journal, line by line: the head of a segment, a checkpoint in pieces, and records. One record is one
// event that changed what is known, whatever its type: nothing here looks into events but for their key to a content.
// The format is described in docs/decisions/0014-journal.md; a change of it needs another FORMAT.

import type { Kind, Resource } from '../../resources/resource.ts'
import type { ResourceEvent } from '../event.ts'

export const FORMAT = 1

/** Records that are missing from a journal: the disk could not take them. */
export interface Gap {
  /** Revision of the first one; what led to it is not known in full. */
  readonly fromRevision: number
  /** How many were dropped; 0 where records were lost that had been written. */
  readonly dropped: number
  readonly why: string
}

/** First line of each segment. */
export interface SegmentHead {
  readonly type: 'head'
  readonly format: typeof FORMAT
  /** Of the first record behind the checkpoint. */
  readonly seq: number
  /** The checkpoint holds all that led to the revisions before this one, and some or all that led to it. */
  readonly revision: number
  /** When the segment was begun (ms epoch), never before the records of the segment before. */
  readonly observedAt: number
  /** The options that influence a build. */
  readonly options: Readonly<Record<string, unknown>>
  readonly version: string
  /** True where a process began with this segment: its checkpoint is what that process began with. */
  readonly start?: true
  /** Records are missing between the segment before and this one. */
  readonly gap?: Gap
}

/** Second line: all of the state but its objects, encoded by `state-text.ts`. */
export interface StateLine {
  readonly type: 'state'
  readonly state: unknown
}

/** Any number of these behind it. */
export interface ObjectsLine {
  readonly type: 'objects'
  readonly kind: Kind
  readonly resources: readonly Resource[]
}

/** Ends the checkpoint: a segment without this line is of no use. */
export interface CheckpointLine {
  readonly type: 'checkpoint'
  readonly objects: number
}

export interface JournalRecord {
  /** Counts on over the whole journal; a number that is missing is a record that was dropped. */
  readonly seq: number
  /** That the event led to. */
  readonly revision: number
  /** When the gateway took the event in, by its clock (ms epoch); never less than that of the record before. */
  readonly observedAt: number
  /** What the event changed (touched.ts): keys of objects, `Kind/<kind>`, `Plugins`, ... */
  readonly keys: readonly string[]
  /** Digest of the object's content, hexadecimal, where an object has no resourceVersion. */
  readonly digest?: string
  readonly event: ResourceEvent
}

export type JournalLine = SegmentHead | StateLine | ObjectsLine | CheckpointLine | JournalRecord

/** True for a record; false for the head and the pieces of a checkpoint. */
export function isRecord(line: object): line is JournalRecord {
  return 'event' in line
}
