// The board Control plane: how what people declare becomes what the gateway does, on every replica.

import { board } from './board.ts'
import { certificates } from './topics/certificates.ts'
import {
  changes,
  configurationCount,
  disagreement,
  failedBuilds,
  history,
  replicas,
} from './topics/configuration.ts'
import {
  journalFailing,
  journalGaps,
  journalLosses,
  journalQueue,
  journalRecords,
  journalSize,
} from './topics/journal.ts'
import {
  conditions,
  conditionsOverTime,
  eventDelay,
  eventDelayHeatmap,
  events,
  sourceProblems,
  staleness,
  syncedKinds,
} from './topics/sources.ts'

export const controlPlane = () =>
  board(
    {
      uid: 'kanali-control-plane',
      title: 'Control plane',
      description:
        'Do all replicas serve the same configuration, how long does a change take, is the source heard, what is wrong with objects, is the journal whole, which certificate ends next.',
    },
    [
      {
        title: 'Replicas and their configuration',
        panels: [
          disagreement({ w: 12, h: 4 }),
          failedBuilds({ w: 12, h: 4 }),
          replicas({ w: 24, h: 8 }),
          history({ w: 10, h: 8 }),
          configurationCount({ w: 7, h: 8 }),
          changes({ w: 7, h: 8 }),
        ],
      },
      {
        title: 'From an event to a snapshot',
        panels: [
          eventDelay({ w: 8, h: 8 }),
          eventDelayHeatmap({ w: 8, h: 8 }),
          events({ w: 8, h: 8 }),
          staleness({ w: 8, h: 8 }),
          syncedKinds({ w: 8, h: 8 }),
          sourceProblems({ w: 8, h: 8 }),
        ],
      },
      {
        title: 'What is wrong with objects',
        panels: [conditions({ w: 14, h: 8 }), conditionsOverTime({ w: 10, h: 8 })],
      },
      {
        title: 'Journal',
        panels: [
          journalFailing({ w: 8, h: 4 }),
          journalLosses({ w: 8, h: 4 }),
          journalGaps({ w: 8, h: 4 }),
          journalRecords({ w: 8, h: 7 }),
          journalSize({ w: 8, h: 7 }),
          journalQueue({ w: 8, h: 7 }),
        ],
      },
      { title: 'Certificates', panels: [certificates({ w: 24, h: 7 })] },
    ],
  )
