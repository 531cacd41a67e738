// One segment as it is read: its head, the state of its checkpoint, its records. A segment can be read without any other.

import type { Resource } from '../../resources/resource.ts'
import type { ResourceEvent } from '../event.ts'
import type { State } from '../state.ts'
import { CheckpointReader } from './checkpoint.ts'
import { codeOf } from './folder.ts'
import { type ReadLine, readLines, readRecordLines } from './lines.ts'
import { FORMAT, isRecord, type JournalLine, type JournalRecord, type SegmentHead } from './record.ts'
import type { PassedOver, Sieve } from './sieve.ts'

/** Where a record stands. */
export interface Position {
  readonly segment: string
  readonly offset: number
  /** Behind its line. */
  readonly end: number
}

/** A segment whose checkpoint is whole. */
export interface OpenedSegment {
  readonly head: SegmentHead
  /** Of the checkpoint. */
  readonly state: State
  /** Where the records begin, in bytes. */
  readonly recordsAt: number
}

/** A record, or a line where one should be. */
export type ReadRecord = Position &
  (
    | { readonly record: JournalRecord }
    /** By a sieve. */
    | { readonly record: undefined; readonly passedOver: PassedOver }
    /** `torn`: without an end, as a writer leaves it that is killed, or that has not finished. */
    | { readonly record: undefined; readonly passedOver: undefined; readonly torn: boolean }
  )

/** The first line of a segment; undefined where it cannot be read. */
export function readHead(folder: string, name: string): SegmentHead | undefined {
  try {
    for (const line of readLines(folder, name)) return headOf(line)
  } catch {
    // A segment that has gone meanwhile is one that cannot be read.
  }
  return undefined
}

/** The start of a segment. */
export function openSegment(
  folder: string,
  name: string,
  sieve?: Sieve,
): OpenedSegment | { readonly problem: string } {
  try {
    let head: SegmentHead | undefined
    const checkpoint = new CheckpointReader(sieve)
    for (const line of readLines(folder, name, sieve)) {
      if (head === undefined) {
        head = headOf(line)
        if (head === undefined) return { problem: 'its head cannot be read' }
        continue
      }
      const state = line.value === undefined ? false : checkpoint.take(line.value)
      if (state === false) return { problem: 'its checkpoint is damaged' }
      if (state !== undefined) return { head, state, recordsAt: line.end }
    }
    return { problem: 'its checkpoint is not complete' }
  } catch (error) {
    return { problem: `it cannot be read: ${codeOf(error)}` }
  }
}

/** The records of a segment, from an offset at which a line begins. Throws where the file cannot be opened. */
export function* readRecords(
  folder: string,
  segment: string,
  from = 0,
  sieve?: Sieve,
): Generator<ReadRecord> {
  for (const { offset, end, value, terminated } of readRecordLines(folder, segment, from, sieve)) {
    const position = { segment, offset, end }
    if (value === undefined) {
      yield { ...position, record: undefined, passedOver: undefined, torn: !terminated }
    } else if ('passedOver' in value) yield { ...position, record: undefined, passedOver: value }
    else if (isRecord(value)) yield { ...position, record: value }
    else yield { ...position, record: undefined, passedOver: undefined, torn: !terminated }
  }
}

/** Every object that stands in a segment, wherever, and that the sieve keeps. Throws where the file cannot be opened. */
export function* readObjects(folder: string, name: string, sieve: Sieve): Generator<Resource> {
  for (const { value } of readLines(folder, name, sieve)) {
    if (value === undefined || 'passedOver' in value) continue
    if (isRecord(value)) yield* resourcesOf(value.event).filter((resource) => sieve.keeps(resource))
    else if (value.type === 'objects') yield* value.resources.filter((resource) => sieve.keeps(resource))
  }
}

function resourcesOf(event: ResourceEvent): readonly Resource[] {
  if (event.type === 'upserted') return [event.resource]
  return event.type === 'listed' ? event.resources : []
}

function headOf({ value }: ReadLine<JournalLine | PassedOver>): SegmentHead | undefined {
  if (value === undefined || 'passedOver' in value || isRecord(value) || value.type !== 'head')
    return undefined
  return value.format === FORMAT ? value : undefined
}
