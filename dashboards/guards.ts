// The board Guards: who is let in, who is not and why, and how rates and quotas are counted.

import { board } from './board.ts'
import { refusedByGuards } from './topics/apiproxy-errors.ts'
import { decisions, denials, keyRevisions } from './topics/guards.ts'
import { counted, fallbacks, leases, overLimit, storeDuration, storeFailures } from './topics/limits.ts'

export const guards = () =>
  board(
    {
      uid: 'kanali-guards',
      title: 'Guards',
      description:
        'Keys, tokens, rates and quotas: who is let in, who is not and why, which ApiProxies it hits, and whether the shared store of limits answers.',
    },
    [
      {
        title: 'Keys and tokens',
        panels: [
          decisions({ w: 8, h: 9 }),
          denials({ w: 16, h: 9 }),
          refusedByGuards({ w: 16, h: 8 }),
          keyRevisions({ w: 8, h: 8 }),
        ],
      },
      {
        title: 'Rates and quotas',
        panels: [
          overLimit({ w: 12, h: 8 }),
          counted({ w: 12, h: 8 }),
          storeDuration({ w: 12, h: 8 }),
          storeFailures({ w: 12, h: 8 }),
          fallbacks({ w: 12, h: 8 }),
          leases({ w: 12, h: 8 }),
        ],
      },
    ],
  )
