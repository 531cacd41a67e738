// Errors as counted with the ApiProxy that took the request: by code, without the reason, which the counters of ApiProxies
// do not have (their number of series would be a multiple).

import { METRIC, NO_CODE } from '../../src/telemetry/names.ts'
import { CODE_NAMES, GUARD_CODES } from '../catalogue-text.ts'
import { CODE_COLOUR } from '../colours.ts'
import type { Panel } from '../grid.ts'
import { graph } from '../kinds/graph.ts'
import { type Matcher, rate, select, sum } from '../promql.ts'
import { withExemplars } from '../queries.ts'
import { CODE_LINKS } from './failures.ts'

interface Size {
  readonly w: number
  readonly h: number
}

export function errorsOfApiProxy(size: Size, ...matchers: readonly Matcher[]): Panel {
  const failed = select(METRIC.requests, `code!="${NO_CODE}"`, ...matchers)
  return codes({
    ...size,
    title: 'Errors by code',
    description:
      'Errors a second of the chosen ApiProxies, by code. The shade is that of whose fault most reasons of the code are: blue client, orange configuration, purple upstream, teal plugin, red gateway. Points are exemplars. Click a series for its runbook, traces and log lines.',
    selector: failed,
  })
}

export function refusedByGuards(size: Size, ...matchers: readonly Matcher[]): Panel {
  const refused = select(METRIC.requests, `code=~"${GUARD_CODES.join('|')}"`, ...matchers)
  return codes({
    ...size,
    title: 'Refused by guards',
    description: `Requests a second that guards refused: codes ${GUARD_CODES.join(', ')}. Points are exemplars. Click a series for its runbook, traces and log lines.`,
    selector: refused,
  })
}

function codes(text: Size & { title: string; description: string; selector: string }): Panel {
  return graph({
    ...text,
    unit: 'reqps',
    queries: [withExemplars(sum(rate(text.selector), 'code'), '{{code}}')],
    stacked: true,
    colours: CODE_COLOUR,
    names: CODE_NAMES,
    seriesLinks: CODE_LINKS,
    ...(text.w > 12 && { legend: 'right' as const }),
  })
}
