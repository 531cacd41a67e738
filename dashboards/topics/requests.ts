// Requests by what became of them: outcome, status, whose answer it was, and what HTTP itself refused.

import { METRIC } from '../../src/telemetry/names.ts'
import { REJECTION_MEANS } from '../catalogue-text.ts'
import { BAD, BLAME_COLOUR, NEUTRAL, OUTCOME_COLOUR, STATUS_SHADES } from '../colours.ts'
import { cell, logsLink, seriesLabel, tracesLink } from '../explore-links.ts'
import type { Panel } from '../grid.ts'
import { graph } from '../kinds/graph.ts'
import { table } from '../kinds/table.ts'
import { copyLabel, counted, type Matcher, rate, select, sum } from '../promql.ts'
import { overTime, rows, withExemplars } from '../queries.ts'

interface Size {
  readonly w: number
  readonly h: number
}

export function byOutcome(size: Size, ...matchers: readonly Matcher[]): Panel {
  return graph({
    ...size,
    title: 'Requests by outcome',
    description:
      'All requests a second. **error**: the gateway answered with a code of its own. **rejected**: HTTP itself refuses the request (malformed, too large, overloaded). **client_closed**: the client went away, which is no fault of ours. **ok**: all else, also an error status that came from the upstream.',
    unit: 'reqps',
    queries: [withExemplars(sum(rate(select(METRIC.requests, ...matchers)), 'outcome'), '{{outcome}}')],
    stacked: true,
    colours: OUTCOME_COLOUR,
    seriesLinks: [
      tracesLink('Traces with this outcome', { outcome: seriesLabel('outcome') }),
      logsLink('Log lines with this outcome', { outcome: seriesLabel('outcome') }),
    ],
  })
}

/** Answers of the class 5xx by who made them: only the upstream's own are for the upstream's people. */
export function serverErrors(size: Size, ...matchers: readonly Matcher[]): Panel {
  const made = (outcome: string): string =>
    sum(rate(select(METRIC.requests, 'status=~"5.."', `outcome="${outcome}"`, ...matchers)))
  return graph({
    ...size,
    title: 'Who made the 5xx',
    description:
      "Answers with a status of 500 and above, by who made them. **gateway**: a code of its own, on the board Errors. **upstream**: the upstream's own answer, passed on as it came; the gateway has nothing to explain there. **overload**: refused at a limit, or while going away.",
    unit: 'reqps',
    queries: [
      withExemplars(made('error'), 'gateway'),
      withExemplars(made('ok'), 'upstream'),
      withExemplars(made('rejected'), 'overload'),
    ],
    stacked: true,
    colours: { gateway: BAD, upstream: BLAME_COLOUR.upstream, overload: OUTCOME_COLOUR.rejected },
  })
}

export function byStatus(size: Size, ...matchers: readonly Matcher[]): Panel {
  return graph({
    ...size,
    title: 'Requests by status',
    description:
      'Answers a second by status, whoever made them; 0 where none was sent, since the client had gone.',
    unit: 'reqps',
    queries: [withExemplars(sum(rate(select(METRIC.requests, ...matchers)), 'status'), '{{status}}')],
    stacked: true,
    shades: STATUS_SHADES,
  })
}

export function byMethod(size: Size, ...matchers: readonly Matcher[]): Panel {
  return graph({
    ...size,
    title: 'Requests by method',
    description: 'Requests a second by method; `_OTHER` are methods that HTTP does not know.',
    unit: 'reqps',
    queries: [overTime(sum(rate(select(METRIC.requests, ...matchers)), 'method'), '{{method}}')],
    stacked: true,
  })
}

export function inFlight(size: Size): Panel {
  return graph({
    ...size,
    title: 'Requests under way',
    description:
      'Requests that have come and are not answered, by replica. A rise without a rise of requests: an upstream has become slow.',
    unit: 'none',
    queries: [overTime(sum(select(METRIC.requestsInFlight), 'instance'), '{{instance}}')],
  })
}

/** What HTTP itself refuses: no code, no ApiProxy, and a reason of its own. */
export function rejections(size: Size): Panel {
  const rejected = select(METRIC.rejected)
  return table({
    ...size,
    title: 'What HTTP refuses',
    description:
      'Requests that never reached an ApiProxy, by reason, in the time shown. Scanners make most of them. `overloaded_*` and `shutting_down` are the gateway at a limit of its own.',
    queries: [
      rows(copyLabel(`${sum(counted(rejected), 'reason')} > 0`, 'reason', 'means')),
      rows(`${sum(rate(rejected), 'reason')} > 0`),
    ],
    columns: [
      {
        of: 'reason',
        title: 'Reason',
        width: 220,
        links: [
          tracesLink('Traces with this reason', { rejectedReason: cell('Reason') }),
          logsLink('Log lines with this reason', { reason: cell('Reason') }),
        ],
      },
      { of: 'means', title: 'What it is', mappings: REJECTION_MEANS },
      { of: 'B', title: 'Now', unit: 'reqps', width: 100, noValue: '0 req/s' },
      { of: 'A', title: 'Count', unit: 'short', decimals: 0, width: 90 },
    ],
    sortBy: 'Count',
  })
}

export function trailersDropped(size: Size): Panel {
  return graph({
    ...size,
    title: 'Trailers dropped',
    description:
      'Requests a second whose trailers were not all passed on: with undici none is, otherwise those that would steer the message. Harmless, unless a client relies on them.',
    unit: 'reqps',
    queries: [overTime(sum(rate(select(METRIC.trailersDropped))), 'requests')],
    colours: { requests: NEUTRAL },
  })
}
