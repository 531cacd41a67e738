// Opens the journal as the options name it, and joins it to the path of an event; where no folder is named, there is none.

import type { Options } from './config/options.ts'
import type { ResourceEvent } from './events/event.ts'
import type { Journal, JournalOptions } from './events/journal/journal.ts'
import type { Pipeline, PipelineOptions } from './pipeline.ts'
import { buildOptionsOf } from './snapshot/build-options.ts'
import type { Current } from './snapshot/current.ts'
import type { Log } from './telemetry/log.ts'

const SOURCE = 'journal'
/** How long a start from the journal waits for a source that may be there after all. */
const SOURCE_GRACE_MS = 1_000

/** @returns a problem, one line, where a person must settle something first; undefined where there is to be no journal */
export async function openJournalOf(
  options: Options,
  { version, log, onFailing }: Pick<JournalOptions, 'version' | 'onFailing'> & { readonly log: Log },
): Promise<Journal | { readonly problem: string } | undefined> {
  const folder = options['events.journal_dir']
  if (folder === undefined) return undefined
  const { openJournal } = await import('./events/journal/journal.ts')
  const journal = await openJournal({
    folder,
    restore: options['events.start_from_journal'],
    buildOptions: buildOptionsOf(options),
    version,
    fsync: options['events.journal_fsync'],
    fsyncIntervalMs: options['events.journal_fsync_interval'],
    segmentBytes: options['events.journal_segment_bytes'],
    checkpointRecords: options['events.journal_checkpoint_records'],
    bytesMax: options['events.journal_max_bytes'],
    ageMaxMs: options['events.journal_max_age'],
    log,
    ...(onFailing !== undefined && { onFailing }),
  })
  if ('problem' in journal) return journal
  const { failing } = journal.stats()
  log.info(
    {
      folder,
      revision: journal.revision,
      objects: countObjects(journal),
      ...(failing !== undefined && { failing }),
    },
    journal.restored === undefined
      ? 'the journal is open'
      : 'the journal is open: its last state is served until the source is heard',
  )
  return journal
}

/** What the pipeline begins with and tells. @param initial events of this process, after what a former one knew */
export function fromJournal(
  journal: Journal | undefined,
  initial: readonly ResourceEvent[],
): Pick<PipelineOptions, 'initial' | 'restored' | 'journal' | 'revisionBefore'> {
  if (journal === undefined) return { initial }
  const joined = { journal, revisionBefore: journal.revision }
  // A former process may have ended while the disk refused.
  const health = journalHealth(journal.folder, journal.stats().failing)
  if (journal.restored === undefined) return { ...joined, initial: [health, ...initial] }
  const { state, since } = journal.restored
  const restored: ResourceEvent = { type: 'restored', source: SOURCE, observedAt: now(), since }
  return { ...joined, restored: state, initial: [restored, health, ...initial] }
}

/** Makes the condition of the journal what it is. @param why it cannot be written; undefined: it can */
export function journalHealth(folder: string, why: string | undefined): ResourceEvent {
  const message = `The journal cannot be written (${why}): changes of configuration are not recorded.`
  const problem = { kind: 'Journal', file: folder, reason: 'JournalFailing', message } as const
  return { type: 'problems', source: SOURCE, observedAt: now(), problems: why === undefined ? [] : [problem] }
}

/**
 * Resolves once nothing that is served is of a former process, or it has been waited for long enough: a source that
 * answers at once is heard before requests are, since what it says is better than what was last known.
 */
export function sourceHeard(pipeline: Pick<Pipeline, 'state'>, current: Current): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const look = (): void => {
    if (pipeline.state.restored.length === 0) resolve()
  }
  const timer = setTimeout(resolve, SOURCE_GRACE_MS)
  const unsubscribe = current.subscribe(look)
  look()
  return promise.finally(() => {
    clearTimeout(timer)
    unsubscribe()
  })
}

function now(): number {
  return performance.timeOrigin + performance.now()
}

function countObjects({ restored }: Journal): number {
  if (restored === undefined) return 0
  return Object.values(restored.state.kinds).reduce((sum, { objects }) => sum + objects.size, 0)
}
