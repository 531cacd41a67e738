// The board Errors: the chosen codes together, and then a row for each code of the catalogue.

import { CATALOGUE } from '../src/errors/catalogue.ts'
import { board } from './board.ts'
import { codeRow } from './topics/code-row.ts'
import {
  affectedApiProxies,
  errorsByBlame,
  errorsByCode,
  errorsByReplica,
  failingReasons,
} from './topics/failures.ts'
import { OF_CODE, reasonsByApiProxy } from './topics/span-metrics.ts'
import { codeVariable } from './variables.ts'

const CHOSEN = 'code=~"$code"'

export const errors = () =>
  board(
    {
      uid: 'kanali-errors',
      title: 'Errors',
      description:
        'Every code with its reasons: what it means, whose fault it is, which ApiProxies it hits, and the way to its runbook, traces and log lines.',
      variables: [codeVariable()],
    },
    [
      {
        title: 'The chosen codes',
        panels: [
          failingReasons({ w: 24, h: 10 }, CHOSEN),
          errorsByCode({ w: 16, h: 9 }, CHOSEN),
          errorsByBlame({ w: 8, h: 9 }, CHOSEN),
          affectedApiProxies({ w: 16, h: 9 }, CHOSEN),
          errorsByReplica({ w: 8, h: 9 }, CHOSEN),
          reasonsByApiProxy({ w: 24, h: 8 }, [OF_CODE]),
        ],
      },
      ...CATALOGUE.map(codeRow),
    ],
  )
