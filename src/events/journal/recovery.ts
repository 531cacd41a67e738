// What a process finds of a journal when it starts: where the numbers go on, what was last known, and the tail that a
// kill cut off, which is removed. It never fails: what cannot be read is said and left where it is.

import { truncate } from 'node:fs/promises'
import path from 'node:path'
import type { State } from '../state.ts'
import { codeOf, listSegments, seqOfName } from './folder.ts'
import { fold as foldRecord } from './fold.ts'
import type { SegmentHead } from './record.ts'
import { openSegment, readRecords } from './segment.ts'

export interface Found {
  /** Of the next record. */
  readonly seq: number
  /** The last that any record or head names; 0 in a new journal. */
  readonly revision: number
  /** Of the last record; 0 in a new journal. */
  readonly observedAt: number
  /** What was last known; undefined where nothing can be read, or nothing was asked for. */
  readonly state: State | undefined
  readonly last: LastSegment | undefined
}

/** The segment that `state` is of. */
export interface LastSegment {
  readonly name: string
  readonly head: SegmentHead
  readonly bytes: number
  readonly records: number
  /** Bytes that the checkpoint takes. */
  readonly checkpointBytes: number
  /** Nothing stands behind its last record: more may be written there. */
  readonly isWhole: boolean
}

const NOTHING: Found = {
  seq: 1,
  revision: 0,
  observedAt: 0,
  state: undefined,
  last: undefined,
}

interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** @param fold whether what was last known is wanted: it costs a fold of the last segment */
export async function recover(folder: string, fold: boolean, log: Log): Promise<Found> {
  const numbers = { seq: NOTHING.seq, revision: 0, observedAt: 0 }
  for (const name of listSegments(folder).reverse()) {
    const read = readWhole(folder, name, fold)
    const isUsable = read.last !== undefined
    numbers.seq = Math.max(numbers.seq, read.seq + 1, (seqOfName(name) ?? 0) + (isUsable ? 0 : 1))
    numbers.revision = Math.max(numbers.revision, read.revision)
    numbers.observedAt = Math.max(numbers.observedAt, read.observedAt)
    if (isUsable) return { ...numbers, ...(await cutTail(folder, read, log)) }
    log.warn({ segment: name, why: read.problem }, 'a segment of the journal is damaged and passed over')
  }
  return { ...NOTHING, ...numbers }
}

interface Whole {
  /** Of its last record; that of its name less one where it has none. */
  readonly seq: number
  readonly revision: number
  readonly observedAt: number
  readonly state: State | undefined
  readonly last: LastSegment | undefined
  readonly problem?: string
  /** Bytes behind the last record in which there is no record. */
  readonly tornBytes: number
}

function readWhole(folder: string, name: string, fold: boolean): Whole {
  const opened = openSegment(folder, name)
  const usable = !('problem' in opened)
  let seq = 0
  let revision = usable ? opened.head.revision : 0
  let observedAt = usable ? opened.head.observedAt : 0
  let state = usable && fold ? opened.state : undefined
  let records = 0
  let end = usable ? opened.recordsAt : 0
  let size = end
  let isHoled = false
  try {
    for (const read of readRecords(folder, name, end)) {
      size = read.end
      if (read.record === undefined) continue
      // Behind a hole nothing can be folded; the numbers still count.
      isHoled ||= read.offset !== end
      const next = state === undefined ? undefined : foldRecord(state, read.record)
      isHoled ||= state !== undefined && next === undefined
      seq = Math.max(seq, read.record.seq)
      revision = Math.max(revision, read.record.revision)
      observedAt = Math.max(observedAt, read.record.observedAt)
      if (isHoled) continue
      end = read.end
      records += 1
      state = next
    }
  } catch (error) {
    return { ...NOTHING, seq: 0, tornBytes: 0, problem: codeOf(error) }
  }
  const numbers = { seq, revision, observedAt, tornBytes: isHoled ? 0 : size - end }
  if (!usable) return { ...numbers, state: undefined, last: undefined, problem: opened.problem }
  const last: LastSegment = {
    name,
    head: opened.head,
    bytes: end,
    records,
    checkpointBytes: opened.recordsAt,
    isWhole: !isHoled,
  }
  return { ...numbers, seq: records === 0 ? Math.max(seq, opened.head.seq - 1) : seq, state, last }
}

/** A record that was being written when its process ended is removed, so that nothing stands between it and the next. */
async function cutTail(
  folder: string,
  { state, last, tornBytes }: Whole,
  log: Log,
): Promise<{ state: State | undefined; last: LastSegment }> {
  if (last === undefined) throw new Error('a segment without a head has no tail')
  if (tornBytes === 0) return { state, last }
  try {
    await truncate(path.join(folder, last.name), last.bytes)
  } catch (error) {
    log.warn(
      { segment: last.name, why: codeOf(error) },
      'a torn record at the end of the journal cannot be cut off',
    )
    return { state, last: { ...last, isWhole: false } }
  }
  log.warn(
    { segment: last.name, bytes: tornBytes, records: last.records },
    'the journal ends in a torn record: it was cut off',
  )
  return { state, last }
}
