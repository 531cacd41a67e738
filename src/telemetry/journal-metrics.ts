// What a scrape gets of the journal; nothing where there is none.

import type { JournalStats } from '../events/journal/writer.ts'
import { counter, type Family, gauge, one, type Sample } from './exposition.ts'
import { METRIC } from './names.ts'

/** @param stats undefined without a journal */
export function journalFamilies(stats: () => JournalStats | undefined): Family[] {
  const of = (read: (found: JournalStats) => number) => (): Sample[] => {
    const found = stats()
    return found === undefined ? [] : one(read(found))
  }
  return [
    counter(
      METRIC.journalRecords,
      'Events that were written to the journal.',
      of(({ records }) => records),
    ),
    counter(
      METRIC.journalDropped,
      'Events that are missing in the journal, since the disk could not take them.',
      of(({ dropped }) => dropped),
    ),
    counter(
      METRIC.journalGaps,
      'Times that the journal went on after records had been dropped.',
      of(({ gaps }) => gaps),
    ),
    gauge(
      METRIC.journalFailing,
      '1 while the journal cannot be written.',
      of(({ failing }) => (failing === undefined ? 0 : 1)),
    ),
    gauge(
      METRIC.journalBytes,
      'Size of all segments of the journal.',
      of(({ bytes }) => bytes),
    ),
    gauge(
      METRIC.journalQueuedBytes,
      'What waits to be written to the journal.',
      of(({ queuedBytes }) => queuedBytes),
    ),
  ]
}
