// Sockets and files that are open, and how near they are to their limits.

import { METRIC } from '../../src/telemetry/names.ts'
import { ACCENT, BLAME_COLOUR } from '../colours.ts'
import type { Panel } from '../grid.ts'
import { graph } from '../kinds/graph.ts'
import { NODE_METRIC } from '../node-metrics.ts'
import { max, select, sum } from '../promql.ts'
import { overTime } from '../queries.ts'

interface Size {
  readonly w: number
  readonly h: number
}

export function sockets(size: Size): Panel {
  return graph({
    ...size,
    title: 'Connections',
    description:
      'Sockets that are open now. **downstream**: of clients. **upstream**: to upstreams; many more than requests under way are idle ones that are kept.',
    unit: 'none',
    decimals: 0,
    queries: [overTime(sum(select(METRIC.connections), 'side'), '{{side}}')],
    colours: { downstream: ACCENT, upstream: BLAME_COLOUR.upstream },
  })
}

export function openFiles(size: Size): Panel {
  const share = `${select(NODE_METRIC.openFiles)} / ${select(NODE_METRIC.maxFiles)}`
  return graph({
    ...size,
    title: 'Open files of those allowed',
    description:
      'Files and sockets that each replica has open, as a share of what the system lets it open. At 100 % no connection is accepted.',
    unit: 'percentunit',
    queries: [overTime(max(share, 'instance'), '{{instance}}')],
    max: 1,
  })
}
