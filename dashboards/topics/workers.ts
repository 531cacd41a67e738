// The processes that serve, where a replica has several: how many there are, what each serves, and which were replaced.

import { METRIC } from '../../src/telemetry/names.ts'
import type { Panel } from '../grid.ts'
import { graph } from '../kinds/graph.ts'
import { rate, select, sum } from '../promql.ts'
import { overTime } from '../queries.ts'

interface Size {
  readonly w: number
  readonly h: number
}

export function workers(size: Size): Panel {
  return graph({
    ...size,
    title: 'Workers that serve',
    description:
      'Processes that serve requests, by replica, where `server.workers` is above 1. Fewer than that number: one was lost and is being replaced.',
    unit: 'short',
    queries: [overTime(sum(select(METRIC.workers), 'instance'), '{{instance}}')],
  })
}

export function workerSnapshots(size: Size): Panel {
  return graph({
    ...size,
    title: 'Snapshots of workers',
    description:
      'How many workers serve each hash, and the revisions that they have. Two hashes for longer than a moment: a worker does not follow, and `/readyz` of its replica names it.',
    unit: 'short',
    queries: [
      overTime(sum(select(METRIC.workerInfo), 'hash'), '{{hash}}'),
      overTime(select(METRIC.workerRevision), 'revision of {{instance}} {{worker}}'),
    ],
  })
}

export function workersReplaced(size: Size): Panel {
  return graph({
    ...size,
    title: 'Workers replaced',
    description:
      'Workers a second that ended unasked. **signal**: killed, out of memory among the reasons. **exit**: ended by itself. **unresponsive**: its event loop stood still. **backlog**: it took no more changes. **start_failed**: it could not begin. The log says which, and why.',
    unit: 'ops',
    queries: [overTime(sum(rate(select(METRIC.workerRestarts)), 'reason'), '{{reason}}')],
    stacked: true,
  })
}
