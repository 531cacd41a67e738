// The snapshot that a gateway decided by at a revision or time, from its journal, with the revision that it had.

import { loadOptions } from '../../config/load.ts'
import type { Options } from '../../config/options.ts'
import { JournalReader } from '../../events/journal/reader.ts'
import { recordedOptions } from '../../explain/recorded-options.ts'
import { build, INITIAL_SNAPSHOT } from '../../snapshot/build.ts'
import type { Snapshot } from '../../snapshot/snapshot.ts'
import { targetOf } from '../replay.ts'
import { type Refused, refuse } from './refusal.ts'

/** @param at a revision or a time; undefined: the end */
export function snapshotOfJournal(
  folder: string,
  at: string | undefined,
): { readonly snapshot: Snapshot; readonly options: Options } | Refused {
  const loaded = loadOptions({ argv: [], env: process.env })
  if ('problem' in loaded) return refuse('usage', loaded.problem)
  const target = targetOf(at)
  if (target === undefined)
    return refuse('usage', '--at needs a revision or a time such as 2026-01-31T12:00:00Z')
  const reader = JournalReader.open(folder)
  if ('problem' in reader) return refuse('unreachable', reader.problem)
  const moment = reader.at(target)
  if ('problem' in moment) return refuse('not found', moment.problem)
  const before = { ...INITIAL_SNAPSHOT, revision: moment.revision - 1 }
  return {
    snapshot: build(moment.state, recordedOptions(moment.options), before),
    options: loaded.options,
  }
}
