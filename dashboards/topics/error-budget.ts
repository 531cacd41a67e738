// The objective over time: how much of the error budget goes, and where the line is.

import { BAD } from '../colours.ts'
import type { Panel } from '../grid.ts'
import { graph } from '../kinds/graph.ts'
import { BUDGET, failedShareOverTime, OBJECTIVE } from '../objective.ts'
import { overTime } from '../queries.ts'

export function failedShareGraph(size: { readonly w: number; readonly h: number }): Panel {
  return graph({
    ...size,
    title: 'Share of failed requests',
    description: `Of the requests that are not the fault of their clients. The dashed line is what the objective of ${OBJECTIVE * 100} % allows: time above it is paid for by time below it.`,
    unit: 'percentunit',
    queries: [overTime(failedShareOverTime(), 'failed')],
    colours: { failed: BAD },
    limit: BUDGET,
  })
}
