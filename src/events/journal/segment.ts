// One segment as it is read: its head, the state of its checkpoint, its records. A segment can be read without any other.

import type { State } from '../state.ts'
import { CheckpointReader } from './checkpoint.ts'
import { codeOf } from './folder.ts'
import { type ReadLine, readLines, readOutlineLines, readRecordLines } from './lines.ts'
import {
  FORMAT,
  isRecord,
  type JournalLine,
  type JournalRecord,
  type RecordOutline,
  type SegmentHead,
} from './record.ts'

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
    /** `torn`: without an end, as a writer leaves it that is killed, or that has not finished. */
    | { readonly record: undefined; readonly torn: boolean }
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
export function openSegment(folder: string, name: string): OpenedSegment | { readonly problem: string } {
  try {
    let head: SegmentHead | undefined
    const checkpoint = new CheckpointReader()
    for (const line of readLines(folder, name)) {
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
export function* readRecords(folder: string, segment: string, from = 0): Generator<ReadRecord> {
  for (const { offset, end, value, terminated } of readRecordLines(folder, segment, from)) {
    const position = { segment, offset, end }
    if (value !== undefined && isRecord(value)) yield { ...position, record: value }
    else yield { ...position, record: undefined, torn: !terminated }
  }
}

/** Those records of a segment that can be read, without their events. Throws where the file cannot be opened. */
export function* readOutlines(
  folder: string,
  segment: string,
): Generator<Position & { readonly outline: RecordOutline }> {
  for (const { offset, end, value } of readOutlineLines(folder, segment)) {
    if (value !== undefined) yield { segment, offset, end, outline: value }
  }
}

function headOf({ value }: ReadLine<JournalLine>): SegmentHead | undefined {
  if (value === undefined || isRecord(value) || value.type !== 'head') return undefined
  return value.format === FORMAT ? value : undefined
}
