// A journal as it is read, also while another process writes it: what it holds, the state at any revision or time in it,
// each record with the states before and after it. It changes nothing, and keeps no file open between calls.

import type { Resource } from '../../resources/resource.ts'
import type { State } from '../state.ts'
import { fold } from './fold.ts'
import { listSegments, whyNoJournal } from './folder.ts'
import type { JournalRecord, SegmentHead } from './record.ts'
import { openSegment, type Position, readHead, readObjects, type ReadRecord, readRecords } from './segment.ts'
import type { Sieve } from './sieve.ts'

/** A revision, or a point in time (ms epoch, by the gateway's clock). Neither: the end. */
export type Target = { readonly revision: number } | { readonly time: number } | 'end'

/** What was known at some point of the journal. */
export interface Moment {
  readonly state: State
  readonly revision: number
  /** Of the last record; of the segment's head where there is none before. */
  readonly observedAt: number
  readonly options: SegmentHead['options']
  /** Behind the last record that is in it: where reading goes on. */
  readonly position: Position
}

/** A record and what it did. */
export interface Step {
  readonly record: JournalRecord
  readonly before: State
  readonly after: Moment
  /** True where `before` is no successor of the last `after`: a process began anew, or records are missing. */
  readonly anew: boolean
}

export interface JournalRange {
  readonly firstRevision: number
  readonly lastRevision: number
  /** Milliseconds since the epoch. */
  readonly from: number
  readonly to: number
}

/** One line for a person. */
export interface Unavailable {
  readonly problem: string
}

type Stamp = Pick<JournalRecord, 'revision' | 'observedAt'>

interface Segment {
  readonly name: string
  readonly head: SegmentHead
}

export class JournalReader {
  readonly folder: string
  /** What of the journal could not be read, each said once. */
  readonly damage: Set<string>
  readonly #sieve: Sieve | undefined

  private constructor(folder: string, damage: Set<string>, sieve?: Sieve) {
    this.folder = folder
    this.damage = damage
    this.#sieve = sieve
  }

  /** A reader, where there is a journal. */
  static open(folder: string): JournalReader | Unavailable {
    const problem = whyNoJournal(folder)
    return problem === undefined ? new JournalReader(folder, new Set()) : { problem }
  }

  /** The same journal as if it were about some objects only: its states lack all others, its records pass over them. */
  through(sieve: Sieve): JournalReader {
    return new JournalReader(this.folder, this.damage, sieve)
  }

  /** Before it nobody knows; undefined where no segment has a record. */
  firstRevision(): number | undefined {
    return firstOf(this.#segments(), ({ name }) => this.#firstRecord(name))?.revision
  }

  /** What revisions and times it holds; undefined where no segment has a record. */
  range(): JournalRange | undefined {
    const segments = this.#segments()
    const first = firstOf(segments, ({ name }) => this.#firstRecord(name))
    const last = firstOf(segments.toReversed(), ({ name }) => this.#lastRecord(name))
    if (first === undefined || last === undefined) return undefined
    return {
      firstRevision: first.revision,
      lastRevision: last.revision,
      from: first.observedAt,
      to: last.observedAt,
    }
  }

  /** What was known then. */
  at(target: Target): Moment | Unavailable {
    const segments = this.#segments()
    const index = segments.findLastIndex(({ head }) => isNotBeyond(head, target))
    const chosen = segments[index]
    if (chosen === undefined) return this.#outside(target)
    const next = segments[index + 1]?.head
    if (isInGap(target, next)) return missing(target, next)
    return this.#fold(chosen, target, next === undefined)
  }

  /** Every record behind that moment, each folded. Stops at the end, or where nothing can be gone on from. */
  *steps(from: Moment): Generator<Step> {
    let { state, options } = from
    let last = from.position
    let anew = false
    for (;;) {
      for (const read of this.#recordsOf(last.segment, last.end)) {
        if (read.record === undefined) {
          if (read.passedOver === undefined) break
          last = read
          continue
        }
        const before = state
        const after = this.#folded(before, read.record, read)
        if (after === undefined) break
        state = after
        last = read
        yield { record: read.record, before, after: momentOf(read.record, after, options, read), anew }
        anew = false
      }
      const next = this.#segments().find(({ name }) => name > last.segment)
      if (next === undefined) return
      const { name, head } = next
      if (head.start === undefined && head.gap === undefined && !this.#isCut(last)) {
        last = { segment: name, offset: 0, end: 0 }
        continue
      }
      const opened = openSegment(this.folder, name, this.#sieve)
      if ('problem' in opened) {
        // What stands behind a checkpoint that cannot be read cannot be folded: nobody will.
        this.#damaged(name, opened.problem)
        last = { segment: name, offset: 0, end: Number.MAX_SAFE_INTEGER }
        continue
      }
      state = opened.state
      anew = true
      options = opened.head.options
      last = { segment: name, offset: 0, end: opened.recordsAt }
    }
  }

  /** What each segment begins with, the newest first: from there `steps` goes on. */
  *beginnings(): Generator<Moment> {
    for (const { name, head } of this.#segments().reverse()) {
      const opened = openSegment(this.folder, name, this.#sieve)
      if ('problem' in opened) {
        this.#damaged(name, opened.problem)
        continue
      }
      const { revision, observedAt, options } = head
      const position = { segment: name, offset: 0, end: opened.recordsAt }
      yield { state: opened.state, revision, observedAt, options, position }
    }
  }

  /** Every record that can be read, the oldest first, without folding. */
  *records(from?: Position): Generator<Position & { readonly record: JournalRecord }> {
    for (const { name } of this.#segments()) {
      if (from !== undefined && name < from.segment) continue
      const start = name === from?.segment ? from.end : 0
      for (const read of this.#recordsOf(name, start)) if (read.record !== undefined) yield read
    }
  }

  /** Every version of the objects that a sieve keeps, wherever one stands, in no particular order. */
  *objects(sieve: Sieve): Generator<Resource> {
    for (const { name } of this.#segments()) {
      try {
        yield* readObjects(this.folder, name, sieve)
      } catch {
        this.#damaged(name, 'it has gone, or cannot be read')
      }
    }
  }

  /** @param isLast a line without an end is one that is being written */
  #fold({ name }: Segment, target: Target, isLast: boolean): Moment | Unavailable {
    const opened = openSegment(this.folder, name, this.#sieve)
    if ('problem' in opened) return { problem: this.#damaged(name, opened.problem) }
    const { head } = opened
    let { state } = opened
    let last: Stamp | undefined
    let position: Position = { segment: name, offset: 0, end: opened.recordsAt }
    for (const read of this.#recordsOf(name, opened.recordsAt)) {
      if (read.record === undefined && read.passedOver === undefined) {
        if ((read.torn && isLast) || target === 'end') break
        if (read.torn) this.#damaged(name, 'it ends in a torn record')
        return this.#outside(target)
      }
      const stamp = read.record ?? read.passedOver
      if (!isRecordWithin(stamp, target)) break
      const next = read.record === undefined ? state : this.#folded(state, read.record, read)
      if (next === undefined) return this.#outside(target)
      state = next
      last = stamp
      position = { segment: name, offset: read.offset, end: read.end }
    }
    const revision = last?.revision ?? head.revision
    if (typeof target === 'object' && 'revision' in target && revision !== target.revision) {
      return this.#outside(target)
    }
    const observedAt = last?.observedAt ?? head.observedAt
    return { state, revision, observedAt, options: head.options, position }
  }

  #outside(target: Target): Unavailable {
    const range = this.range()
    const where = this.damage.size === 0 ? '' : `; ${[...this.damage].join('; ')}`
    if (range === undefined) return { problem: `the journal in ${this.folder} holds no record${where}` }
    return { problem: `${nameOf(target)} is not in the journal: it holds ${rangeText(range)}${where}` }
  }

  /** Segments whose head can be read, the oldest first. */
  #segments(): Segment[] {
    return listSegments(this.folder).flatMap((name) => {
      const head = readHead(this.folder, name)
      if (head === undefined) this.#damaged(name, 'its head cannot be read')
      return head === undefined ? [] : [{ name, head }]
    })
  }

  *#recordsOf(name: string, from: number): ReturnType<typeof readRecords> {
    try {
      for (const read of readRecords(this.folder, name, from, this.#sieve)) {
        if (read.record === undefined && read.passedOver === undefined && !read.torn) {
          this.#damaged(name, `a record is damaged at byte ${read.offset}`)
        }
        yield read
      }
    } catch {
      this.#damaged(name, 'it has gone, or cannot be read')
    }
  }

  #folded(state: State, record: JournalRecord, { segment, offset }: Position): State | undefined {
    const next = fold(state, record, this.#sieve)
    if (next === undefined) {
      this.#damaged(segment, `the record at byte ${offset} is of another version of the program`)
    }
    return next
  }

  /** True where something stands behind that position that is no record. */
  #isCut(position: Position): boolean {
    for (const read of this.#recordsOf(position.segment, position.end)) {
      return read.record === undefined && read.passedOver === undefined
    }
    return false
  }

  #firstRecord(name: string): Stamp | undefined {
    for (const read of this.#recordsOf(name, 0)) {
      const stamp = stampOf(read)
      if (stamp !== undefined) return stamp
    }
    return undefined
  }

  #lastRecord(name: string): Stamp | undefined {
    let last: Stamp | undefined
    for (const read of this.#recordsOf(name, 0)) last = stampOf(read) ?? last
    return last
  }

  #damaged(name: string, why: string): string {
    const said = `segment ${name}: ${why}`
    this.damage.add(said)
    return said
  }
}

function momentOf(
  { revision, observedAt }: JournalRecord,
  state: State,
  options: SegmentHead['options'],
  { segment, offset, end }: Position,
): Moment {
  return { state, revision, observedAt, options, position: { segment, offset, end } }
}

/** `revisions 3 to 9, 2026-01-31T12:00:00.000Z to ...`. */
export function rangeText({ firstRevision, lastRevision, from, to }: JournalRange): string {
  return `revisions ${firstRevision} to ${lastRevision}, ${timeText(from)} to ${timeText(to)}`
}

function stampOf(read: ReadRecord): Stamp | undefined {
  return read.record ?? read.passedOver
}

/** The first thing found, where looking is dear. */
function firstOf<T, F>(all: readonly T[], find: (item: T) => F | undefined): F | undefined {
  for (const item of all) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}

function nameOf(target: Target): string {
  if (target === 'end') return 'the end'
  return 'revision' in target ? `revision ${target.revision}` : timeText(target.time)
}

function timeText(time: number): string {
  return new Date(time).toISOString()
}

function isNotBeyond(head: SegmentHead, target: Target): boolean {
  if (target === 'end') return true
  return 'revision' in target ? head.revision <= target.revision : head.observedAt <= target.time
}

function isRecordWithin(record: Stamp, target: Target): boolean {
  if (target === 'end') return true
  return 'revision' in target ? record.revision <= target.revision : record.observedAt <= target.time
}

function isInGap(target: Target, next: SegmentHead | undefined): next is SegmentHead {
  const gap = next?.gap
  return (
    gap !== undefined &&
    typeof target === 'object' &&
    'revision' in target &&
    target.revision >= gap.fromRevision
  )
}

function missing(target: Target, { gap, revision }: SegmentHead): Unavailable {
  const where = `records from revision ${gap?.fromRevision} to ${revision} are missing (${gap?.why})`
  return { problem: `${nameOf(target)} is not in the journal: ${where}` }
}
