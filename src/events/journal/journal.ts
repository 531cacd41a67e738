// A journal as a gateway has it: its folder taken, what was last known read, the writer at work. What a person must settle
// (a folder that is another's) ends the start; what may pass (a disk that is full) costs records and nothing else.

import { isDeepStrictEqual } from 'node:util'
import { allSettled, EMPTY_STATE, type State } from '../state.ts'
import { type Obstacle, prepareFolder, removeUnfinished } from './folder.ts'
import { type Lock, takeLock } from './lock.ts'
import { type Found, recover } from './recovery.ts'
import { SegmentFile } from './segment-file.ts'
import { JournalWriter, type WriterOptions } from './writer.ts'

export interface JournalOptions extends Omit<WriterOptions, 'create'> {
  /** What was last known is to be gone on from. */
  readonly restore: boolean
}

export interface Journal extends Pick<JournalWriter, 'append' | 'stats'> {
  readonly folder: string
  /** Revisions go on behind this one. */
  readonly revision: number
  /** What was last known, and until when (ms epoch); undefined where nothing is, or it was not asked for. */
  readonly restored: { readonly state: State; readonly since: number } | undefined
  /** Writes what waits, and gives up the folder. */
  stop(): Promise<void>
}

/** @returns a problem, one line, where a person must settle something first */
export async function openJournal(options: JournalOptions): Promise<Journal | { readonly problem: string }> {
  const { folder, log, restore } = options
  const place = new Place(folder, log)
  const obstacle = await place.take()
  if (obstacle?.passing === false) return { problem: `events.journal_dir: ${obstacle.problem}` }
  const found = await recoverIfReadable(folder, restore, log)
  // A process that ended before it had heard of every kind left nothing that could be served.
  const state = found.state !== undefined && allSettled(found.state) ? found.state : undefined
  const goesOn = state !== undefined && mayGoOn(found, options) && obstacle === undefined
  const writer = new JournalWriter(
    {
      ...options,
      async create(...args) {
        const inTheWay = await place.take()
        if (inTheWay !== undefined) throw new Error(inTheWay.problem)
        return SegmentFile.create(...args)
      },
    },
    {
      seq: found.seq - 1,
      revision: goesOn ? found.revision : found.revision + 1,
      observedAt: found.observedAt,
      state: state ?? EMPTY_STATE,
    },
  )
  await writer.open(goesOn ? await reopened(folder, found) : undefined)
  return {
    folder,
    revision: found.revision,
    restored: state === undefined ? undefined : { state, since: found.observedAt },
    append: (entry) => writer.append(entry),
    stats: () => writer.stats(),
    async stop() {
      await writer.stop()
      await place.leave()
    },
  }
}

/** The folder, made and locked; also later, where it could not be at first. */
class Place {
  readonly #folder: string
  readonly #log: JournalOptions['log']
  #lock: Lock | undefined

  constructor(folder: string, log: JournalOptions['log']) {
    this.#folder = folder
    this.#log = log
  }

  async take(): Promise<Obstacle | undefined> {
    if (this.#lock !== undefined) return undefined
    const obstacle = await prepareFolder(this.#folder, this.#log)
    if (obstacle !== undefined) return obstacle
    const lock = await takeLock(this.#folder)
    if ('problem' in lock) return lock
    this.#lock = lock
    await removeUnfinished(this.#folder).catch(() => undefined)
    return undefined
  }

  async leave(): Promise<void> {
    await this.#lock?.release()
    this.#lock = undefined
  }
}

async function recoverIfReadable(
  folder: string,
  restore: boolean,
  log: JournalOptions['log'],
): Promise<Found> {
  try {
    return await recover(folder, restore, log)
  } catch {
    // What keeps the folder from being read keeps it from being written, which is said.
    return { seq: 1, revision: 0, observedAt: 0, state: undefined, last: undefined }
  }
}

/**
 * A process that goes on from what was last known goes on in the same segment, or a process that is started over and over
 * would fill the journal with checkpoints. Not where options differ: they stand at the head.
 */
function mayGoOn({ last }: Found, { buildOptions, version, checkpointRecords }: JournalOptions): boolean {
  if (last === undefined || !last.isWhole) return false
  if (last.records >= checkpointRecords || last.head.version !== version) return false
  return isDeepStrictEqual(last.head.options, buildOptions)
}

async function reopened(
  folder: string,
  { last }: Found,
): Promise<{ segment: SegmentFile; records: number } | undefined> {
  if (last === undefined) return undefined
  try {
    return { segment: await SegmentFile.reopen(folder, last), records: last.records }
  } catch {
    return undefined
  }
}
