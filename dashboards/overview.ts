// The board Overview: is anything broken, whose fault is it, since when, what changed, and where to go next.

import { board } from './board.ts'
import { durationPercentiles, gatewayPercentiles, upstreamPercentiles } from './topics/durations.ts'
import { failedShareGraph } from './topics/error-budget.ts'
import { affectedApiProxies, errorsByBlame, errorsByCode, failingReasons } from './topics/failures.ts'
import { byOutcome, rejections, serverErrors } from './topics/requests.ts'
import { situation } from './topics/situation.ts'

export const overview = () =>
  board(
    {
      uid: 'kanali-overview',
      title: 'Overview',
      description:
        'Is anything broken, whose fault is it, which ApiProxies does it hit, since when, and what changed. Start here.',
    },
    [
      { title: 'Now', panels: situation() },
      {
        title: 'What fails, and whose fault it is',
        panels: [
          errorsByCode({ w: 16, h: 10 }),
          errorsByBlame({ w: 8, h: 10 }),
          failingReasons({ w: 24, h: 10 }),
          affectedApiProxies({ w: 14, h: 9 }),
          failedShareGraph({ w: 10, h: 9 }),
        ],
      },
      {
        title: 'Requests',
        panels: [
          byOutcome({ w: 12, h: 8 }),
          serverErrors({ w: 12, h: 8 }),
          durationPercentiles({ w: 8, h: 8 }),
          upstreamPercentiles({ w: 8, h: 8 }),
          gatewayPercentiles({ w: 8, h: 8 }),
        ],
      },
      { title: 'What HTTP itself refuses', panels: [rejections({ w: 24, h: 8 })] },
    ],
  )
