// What the gateway's own telemetry lost, and faults that no request answers for. All of it stays at 0 on a good day.

import { METRIC } from '../../src/telemetry/names.ts'
import { BAD, GOOD } from '../colours.ts'
import type { Panel } from '../grid.ts'
import { graph } from '../kinds/graph.ts'
import { number } from '../kinds/number.ts'
import { rate, select, sum } from '../promql.ts'
import { now, overTime } from '../queries.ts'

interface Size {
  readonly w: number
  readonly h: number
}

export function lost(size: Size): Panel {
  return graph({
    ...size,
    title: 'Telemetry lost',
    description:
      'Spans and lines a second that were lost, since nobody took them in time. **traces**: the Collector is away or slow. **access_log**, **log**: the reader of the output is slow. **record**: a request whose signals could not be written; that is a fault of the gateway. Metrics lose nothing.',
    unit: 'ops',
    queries: [overTime(sum(rate(select(METRIC.telemetryDropped)), 'signal'), '{{signal}}')],
    stacked: true,
  })
}

export function faults(size: Size): Panel {
  return number({
    ...size,
    title: 'Exceptions nobody caught',
    description:
      'Exceptions outside of any request, in the time shown. Each is in the log with its stack, and is a fault of the gateway or of a plugin.',
    unit: 'short',
    query: now(sum(`increase(${select(METRIC.uncaught)}[$__range])`)),
    steps: [GOOD, [1, BAD]],
  })
}
