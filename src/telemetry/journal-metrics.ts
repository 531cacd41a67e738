// What a scrape gets of the journal; nothing where there is none.

import type { JournalStats } from '../events/journal/writer.ts'
import type { Family, Sample } from './exposition.ts'
import { METRIC } from './names.ts'

/** @param stats undefined without a journal */
export function journalFamilies(stats: () => JournalStats | undefined): Family[] {
  const of = (read: (found: JournalStats) => number) => (): Sample[] => {
    const found = stats()
    return found === undefined ? [] : [{ labels: {}, value: read(found) }]
  }
  return [
    {
      name: METRIC.journalRecords,
      help: 'Events that were written to the journal.',
      type: 'counter',
      samples: of(({ records }) => records),
    },
    {
      name: METRIC.journalDropped,
      help: 'Events that are missing in the journal, since the disk could not take them.',
      type: 'counter',
      samples: of(({ dropped }) => dropped),
    },
    {
      name: METRIC.journalGaps,
      help: 'Times that the journal went on after records had been dropped.',
      type: 'counter',
      samples: of(({ gaps }) => gaps),
    },
    {
      name: METRIC.journalFailing,
      help: '1 while the journal cannot be written.',
      type: 'gauge',
      samples: of(({ failing }) => (failing === undefined ? 0 : 1)),
    },
    {
      name: METRIC.journalBytes,
      help: 'Size of all segments of the journal.',
      type: 'gauge',
      samples: of(({ bytes }) => bytes),
    },
    {
      name: METRIC.journalQueuedBytes,
      help: 'What waits to be written to the journal.',
      type: 'gauge',
      samples: of(({ queuedBytes }) => queuedBytes),
    },
  ]
}
