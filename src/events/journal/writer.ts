// Writes a journal behind the gateway's back: records are taken at once and written later, in batches, in order. Nobody
// ever waits for the disk. Where it does not follow, is full or read-only, records are dropped and counted; once it takes
// anything again a new segment begins with the whole state and says what is missing before it.
//
// One thing at a time: a batch is written, or a new segment begun, or the file synced, or a gap closed.

import { keyOf } from '../../resources/resource.ts'
import type { ResourceEvent } from '../event.ts'
import type { State } from '../state.ts'
import { codeOf } from './folder.ts'
import { frame } from './frame.ts'
import { type Batch, LineQueue, type Point, type Roll } from './line-queue.ts'
import { LINE_BYTES_MAX } from './lines.ts'
import { FORMAT, type Gap, type JournalRecord, type SegmentHead } from './record.ts'
import { Retention, type RetentionLimits } from './retention.ts'
import { SegmentFile } from './segment-file.ts'

export type Fsync = 'always' | 'interval' | 'never'

export interface WriterOptions extends RetentionLimits {
  readonly folder: string
  /** Head of each segment: what of the options influences a build, and the program's version. */
  readonly buildOptions: SegmentHead['options']
  readonly version: string
  readonly fsync: Fsync
  readonly fsyncIntervalMs: number
  /** A segment ends at so many bytes of records, or at so many records. */
  readonly segmentBytes: number
  readonly checkpointRecords: number
  /** For what waits to be written. */
  readonly queueBytesMax?: number
  /** A longer record is dropped. */
  readonly lineBytesMax?: number
  /** Between attempts at a disk that refuses. */
  readonly retryMs?: number
  readonly log: Log
  /** Told when writing fails for another reason than before, and when it goes on (undefined). */
  readonly onFailing?: (why: string | undefined) => void
  /** Stands in for the disk, for tests of what happens when it fails. */
  readonly create?: typeof SegmentFile.create
}

interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What led where. */
export interface Entry {
  readonly event: ResourceEvent
  readonly revision: number
  /** The state after the event. */
  readonly state: State
  /** What it changed (touched.ts). */
  readonly keys: readonly string[]
}

export interface JournalStats {
  readonly records: number
  readonly dropped: number
  readonly gaps: number
  readonly bytes: number
  readonly segments: number
  readonly queuedBytes: number
  /** Why nothing is written now. */
  readonly failing: string | undefined
}

const QUEUE_BYTES_MAX = 64 * 1024 * 1024
const RETRY_MS = 5_000
/** Of one UTF-16 unit. */
const UTF8_BYTES_MAX = 3
const RETENTION_EVERY_MS = 60_000
/** A segment is begun anew after this share of the age at which it goes. */
const AGE_SHARES = 4

export class JournalWriter {
  readonly #options: WriterOptions
  readonly #queue: LineQueue
  readonly #retention: Retention
  readonly #timer: NodeJS.Timeout
  #segment: SegmentFile | undefined
  /** The first segment of this process is not begun yet. */
  #starts = true
  #last: Point
  #gap: Gap | undefined
  /** Of the segment that the next record goes to. */
  #size = { records: 0, bytes: 0, begunAt: 0 }
  #checkpointBytes = 0
  #failing: string | undefined
  #retry: NodeJS.Timeout | undefined
  #syncTimer: NodeJS.Timeout | undefined
  #isSyncDue = false
  #isDirty = false
  #running: Promise<void> | undefined
  #stopped = false
  #counts = { records: 0, dropped: 0, gaps: 0 }

  /** @param start where the journal stands: the seq of the last record, and the revision of the next */
  constructor(options: WriterOptions, start: Point) {
    this.#options = options
    this.#queue = new LineQueue(options.queueBytesMax ?? QUEUE_BYTES_MAX)
    this.#retention = new Retention(options.folder, options, options.log)
    this.#last = start
    this.#timer = setInterval(() => void this.#retention.enforce(now()), RETENTION_EVERY_MS)
    this.#timer.unref()
  }

  /** Begins writing: in the segment that is given, else in a new one. Resolves also where the disk refuses. */
  async open(last?: { readonly segment: SegmentFile; readonly records: number }): Promise<void> {
    if (last === undefined) {
      this.#open(this.#last.revision, 'nothing has been written yet')
    } else {
      this.#starts = false
      this.#begin(last.segment)
      const { bytes, checkpointBytes, head } = last.segment
      this.#size = { records: last.records, bytes: bytes - checkpointBytes, begunAt: head.observedAt }
    }
    try {
      this.#retention.load()
    } catch (error) {
      this.#options.log.warn({ why: codeOf(error) }, 'the folder of the journal cannot be read')
    }
    await this.#wake()
  }

  /** Takes a record. Never throws, never waits. */
  append({ event, revision, state, keys }: Entry): void {
    if (this.#stopped) return
    const before = this.#last
    const seq = before.seq + 1
    const observedAt = Math.max(now(), before.observedAt)
    this.#last = { seq, revision, observedAt, state }
    if (this.#gap !== undefined) {
      this.#drop(1)
      return
    }
    const digest = digestWithoutVersion(event, state)
    const record = { seq, revision, observedAt, keys, ...(digest !== undefined && { digest }), event }
    const text = lineOf(record, this.#options.lineBytesMax ?? LINE_BYTES_MAX)
    if (this.#isFull(observedAt)) this.#roll(before)
    if (text === undefined || !this.#queue.push(text, revision)) {
      this.#open(revision, text === undefined ? 'a record is too long' : 'the disk does not follow')
      this.#drop(1)
    } else {
      this.#size.records += 1
      this.#size.bytes += text.length
    }
    void this.#wake()
  }

  stats(): JournalStats {
    const { bytes, segments } = this.#retention
    return { ...this.#counts, bytes, segments, queuedBytes: this.#queue.bytes, failing: this.#failing }
  }

  /** Writes what waits, syncs and closes. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    clearTimeout(this.#retry)
    clearTimeout(this.#syncTimer)
    await this.#wake()
    await this.#segment?.close()
    this.#segment = undefined
  }

  #wake(): Promise<void> {
    this.#running ??= this.#run()
    return this.#running
  }

  async #run(): Promise<void> {
    // Whoever appends several records in one turn has them written together.
    await Promise.resolve()
    for (;;) {
      const item = this.#queue.next()
      try {
        if (item?.type === 'batch') await this.#write(item)
        else if (item?.type === 'roll') await this.#beginNew(item)
        else if (this.#gap !== undefined && this.#retry === undefined) await this.#close(this.#gap)
        else if (this.#isSyncDue) await this.#sync()
        else break
      } catch (error) {
        this.#fail(error, item)
      }
    }
    // In the turn in which nothing was found to do: a record that comes next begins another run.
    this.#running = undefined
  }

  async #write({ text, records }: Batch): Promise<void> {
    if (this.#segment === undefined) throw new Error('there is no segment to write to')
    await this.#segment.write(text)
    this.#isDirty = true
    if (this.#options.fsync === 'always') await this.#sync()
    else if (this.#options.fsync === 'interval') this.#scheduleSync()
    this.#counts.records += records
    this.#retention.grown(this.#segment.bytes)
  }

  #scheduleSync(): void {
    if (this.#stopped) return
    this.#syncTimer ??= setTimeout(() => {
      this.#syncTimer = undefined
      this.#isSyncDue = true
      void this.#wake()
    }, this.#options.fsyncIntervalMs).unref()
  }

  async #sync(): Promise<void> {
    this.#isSyncDue = false
    if (!this.#isDirty) return
    this.#isDirty = false
    await this.#segment?.sync()
  }

  async #beginNew({ point }: Pick<Roll, 'point'>, gap?: Gap): Promise<void> {
    const { folder, buildOptions, version, create = SegmentFile.create } = this.#options
    const head: SegmentHead = {
      type: 'head',
      format: FORMAT,
      seq: point.seq + 1,
      revision: point.revision,
      observedAt: Math.max(point.observedAt, this.#starts ? now() : 0),
      options: buildOptions,
      version,
      ...(this.#starts && { start: true }),
      ...(gap !== undefined && { gap }),
    }
    const begun = await create(folder, head, point.state)
    await this.#segment?.close()
    this.#starts = false
    this.#begin(begun)
    await this.#retention.enforce(now())
  }

  #begin(segment: SegmentFile): void {
    this.#segment = segment
    this.#checkpointBytes = segment.checkpointBytes
    this.#isDirty = false
    this.#retention.begun(segment.name, segment.bytes, segment.head.observedAt)
  }

  /** Asked for before the record that would go there, so that the checkpoint holds all before it. */
  #roll(point: Point): void {
    this.#queue.roll(point)
    this.#size = { records: 0, bytes: 0, begunAt: now() }
  }

  #isFull(at: number): boolean {
    const { segmentBytes, checkpointRecords, ageMaxMs, bytesMax } = this.#options
    const { records, bytes, begunAt } = this.#size
    if (records === 0) return false
    if (records >= checkpointRecords || at - begunAt > ageMaxMs / AGE_SHARES) return true
    // A checkpoint is not written more often than it is outweighed by records.
    return bytes >= Math.max(Math.min(segmentBytes, bytesMax / AGE_SHARES), this.#checkpointBytes)
  }

  /** From here on records are dropped, until a checkpoint makes up for them. */
  #open(fromRevision: number, why: string): void {
    this.#gap = {
      fromRevision: Math.min(fromRevision, this.#gap?.fromRevision ?? fromRevision),
      dropped: this.#gap?.dropped ?? 0,
      why,
    }
  }

  #drop(records: number): void {
    this.#counts.dropped += records
    if (this.#gap !== undefined) this.#gap = { ...this.#gap, dropped: this.#gap.dropped + records }
  }

  /** Begins a segment with all that is known now; what comes meanwhile is queued behind it. */
  async #close(gap: Gap): Promise<void> {
    const point = this.#last
    this.#gap = undefined
    this.#size = { records: 0, bytes: 0, begunAt: now() }
    const isGap = gap.dropped > 0 || !this.#starts
    try {
      await this.#beginNew({ point }, isGap ? gap : undefined)
    } catch (error) {
      this.#gap = gap
      throw error
    }
    if (isGap) {
      this.#counts.gaps += 1
      this.#options.log.warn(
        { dropped: gap.dropped, from_revision: gap.fromRevision, revision: point.revision },
        'the journal is written again: records are missing in it',
      )
    }
    this.#fails(undefined)
  }

  #fails(why: string | undefined): void {
    if (this.#failing === why) return
    this.#failing = why
    this.#options.onFailing?.(why)
  }

  #fail(error: unknown, item: Batch | Roll | undefined): void {
    const why = codeOf(error)
    const lost = this.#queue.clear()
    const inFlight = item?.type === 'batch' ? item : undefined
    const isNews = this.#failing === undefined
    this.#open(inFlight?.revision ?? lost.revision ?? this.#last.revision, why)
    this.#drop(lost.records + (inFlight?.records ?? 0))
    void this.#segment?.close()
    this.#segment = undefined
    if (isNews) {
      const { folder } = this.#options
      this.#options.log.error({ folder, why }, 'the journal cannot be written: records are dropped')
    }
    this.#fails(why)
    if (this.#stopped) {
      this.#gap = undefined
      return
    }
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined
      void this.#wake()
    }, this.#options.retryMs ?? RETRY_MS).unref()
  }
}

/** What tells two forms of an object apart that has no resourceVersion, as in a file. */
function digestWithoutVersion(event: ResourceEvent, state: State): string | undefined {
  if (!('resource' in event) || event.resource.meta.resourceVersion !== undefined) return undefined
  const { kind, meta } = event.resource
  return state.kinds[kind].objects.get(keyOf(kind, meta.namespace, meta.name))?.digest.toString(16)
}

/** Undefined where nobody could read it again. */
function lineOf(record: JournalRecord, bytesMax: number): string | undefined {
  try {
    const line = frame(record)
    return line.length * UTF8_BYTES_MAX <= bytesMax || Buffer.byteLength(line) <= bytesMax ? line : undefined
  } catch {
    // Longer than a string may be.
    return undefined
  }
}

function now(): number {
  return Date.now()
}
