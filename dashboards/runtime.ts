// The board Runtime: the processes themselves, what they have open, and what their telemetry lost.

import { board } from './board.ts'
import { replicas } from './topics/configuration.ts'
import { openFiles, sockets } from './topics/connections.ts'
import { gatewayHeatmap, gatewayPercentiles } from './topics/durations.ts'
import {
  costOfRequest,
  eventLoopDelay,
  eventLoopUtilization,
  eventLoopWorst,
  garbage,
  garbagePauses,
  heap,
  heapSpaces,
  memory,
  processor,
} from './topics/process.ts'
import { inFlight, trailersDropped } from './topics/requests.ts'
import { faults, lost } from './topics/telemetry-losses.ts'
import { workers, workerSnapshots, workersReplaced } from './topics/workers.ts'

export const runtime = () =>
  board(
    {
      uid: 'kanali-runtime',
      title: 'Runtime',
      description:
        'Event loop, processor, memory, garbage collection, sockets and files of each replica, and what telemetry itself lost.',
    },
    [
      { title: 'Replicas', panels: [replicas({ w: 24, h: 6 })] },
      {
        title: 'Event loop and processor',
        panels: [
          eventLoopDelay({ w: 8, h: 8 }),
          eventLoopUtilization({ w: 8, h: 8 }),
          eventLoopWorst({ w: 8, h: 8 }),
          processor({ w: 8, h: 8 }),
          costOfRequest({ w: 8, h: 8 }),
          gatewayPercentiles({ w: 8, h: 8 }),
        ],
      },
      {
        title: 'Workers',
        panels: [workers({ w: 8, h: 8 }), workerSnapshots({ w: 8, h: 8 }), workersReplaced({ w: 8, h: 8 })],
      },
      {
        title: 'Memory',
        panels: [
          memory({ w: 8, h: 8 }),
          heap({ w: 8, h: 8 }),
          heapSpaces({ w: 8, h: 8 }),
          garbage({ w: 12, h: 8 }),
          garbagePauses({ w: 12, h: 8 }),
        ],
      },
      {
        title: 'Sockets and requests',
        panels: [
          sockets({ w: 8, h: 8 }),
          openFiles({ w: 8, h: 8 }),
          inFlight({ w: 8, h: 8 }),
          gatewayHeatmap({ w: 24, h: 8 }),
        ],
      },
      {
        title: "Telemetry's own losses",
        panels: [lost({ w: 12, h: 8 }), trailersDropped({ w: 8, h: 8 }), faults({ w: 4, h: 8 })],
      },
    ],
  )
