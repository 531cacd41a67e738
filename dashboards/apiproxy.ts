// The board ApiProxy: one ApiProxy, or several, from its requests down to where their time goes.

import { board } from './board.ts'
import { listOfApiProxies } from './topics/apiproxies.ts'
import { errorsOfApiProxy, refusedByGuards } from './topics/apiproxy-errors.ts'
import {
  durationHeatmap,
  durationPercentiles,
  upstreamHeatmap,
  upstreamPercentiles,
  whereTimeGoes,
} from './topics/durations.ts'
import { overLimit } from './topics/limits.ts'
import { byMethod, byOutcome, byStatus, serverErrors } from './topics/requests.ts'
import { OF_APIPROXY, reasonsByApiProxy } from './topics/span-metrics.ts'
import { apiproxyVariable, namespaceVariable } from './variables.ts'

const CHOSEN = ['namespace=~"$namespace"', 'apiproxy=~"$apiproxy"'] as const

export const apiproxy = () =>
  board(
    {
      uid: 'kanali-apiproxy',
      title: 'ApiProxy',
      description:
        'One ApiProxy: what becomes of its requests, why they fail, how long they take, and whether gateway, plugins or upstream take the time.',
      variables: [namespaceVariable(), apiproxyVariable()],
    },
    [
      { title: 'Which ApiProxy', panels: [listOfApiProxies({ w: 24, h: 9 }, ...CHOSEN)] },
      {
        title: '$namespace / $apiproxy: requests and errors',
        panels: [
          byOutcome({ w: 8, h: 8 }, ...CHOSEN),
          byStatus({ w: 8, h: 8 }, ...CHOSEN),
          serverErrors({ w: 8, h: 8 }, ...CHOSEN),
          errorsOfApiProxy({ w: 24, h: 9 }, ...CHOSEN),
          reasonsByApiProxy({ w: 24, h: 8 }, OF_APIPROXY),
        ],
      },
      {
        title: '$namespace / $apiproxy: time',
        panels: [
          durationHeatmap({ w: 12, h: 9 }, ...CHOSEN),
          upstreamHeatmap({ w: 12, h: 9 }, ...CHOSEN),
          whereTimeGoes({ w: 8, h: 8 }, ...CHOSEN),
          durationPercentiles({ w: 8, h: 8 }, ...CHOSEN),
          upstreamPercentiles({ w: 8, h: 8 }, ...CHOSEN),
        ],
      },
      {
        title: '$namespace / $apiproxy: guards and limits',
        panels: [
          refusedByGuards({ w: 8, h: 8 }, ...CHOSEN),
          overLimit({ w: 8, h: 8 }, ...CHOSEN),
          byMethod({ w: 8, h: 8 }, ...CHOSEN),
        ],
      },
    ],
  )
