// The process of each replica: its event loop, processor, memory and garbage collection.

import { METRIC } from '../../src/telemetry/names.ts'
import { duration, threshold } from '../alerts/thresholds.ts'
import type { Panel } from '../grid.ts'
import { graph } from '../kinds/graph.ts'
import { heatmap } from '../kinds/heatmap.ts'
import { NODE_METRIC } from '../node-metrics.ts'
import { max, rate, select, sum } from '../promql.ts'
import { overTime } from '../queries.ts'

interface Size {
  readonly w: number
  readonly h: number
}

const REPLICA = '{{instance}}'

export function eventLoopDelay(size: Size): Panel {
  return graph({
    ...size,
    title: 'Delay of the event loop',
    description: `By how much the event loop was late, ninety-nine times of a hundred, since the scrape before. What is late here is added to requests. Above ${threshold('lag.ticket')} s for ${duration('lag.for')} a ticket is opened. Usual causes: the processor is throttled, a plugin computes, a large change of configuration.`,
    unit: 's',
    queries: [overTime(max(select(NODE_METRIC.eventLoopP99), 'instance'), REPLICA)],
    limit: threshold('lag.ticket'),
  })
}

export function eventLoopUtilization(size: Size): Panel {
  return graph({
    ...size,
    title: 'Use of the event loop',
    description:
      'Share of time in which the event loop had something to do. Above 80 % requests wait for each other: add replicas.',
    unit: 'percentunit',
    queries: [overTime(`${utilization('sum')} / ${utilization('count')}`, REPLICA)],
    max: 1,
  })
}

export function eventLoopWorst(size: Size): Panel {
  return graph({
    ...size,
    title: 'Longest delay of the event loop',
    description: 'The longest that the event loop was late since the scrape before: one long task is enough.',
    unit: 's',
    queries: [overTime(max(select(NODE_METRIC.eventLoopMax), 'instance'), REPLICA)],
  })
}

export function processor(size: Size): Panel {
  return graph({
    ...size,
    title: 'Processor',
    description:
      'Seconds of processor a second, by replica. A gateway uses one core for requests and little beside it: near 1 it is at its limit, whatever the machine has.',
    unit: 'none',
    decimals: 2,
    queries: [overTime(sum(rate(select(NODE_METRIC.cpu)), 'instance'), REPLICA)],
  })
}

export function costOfRequest(size: Size): Panel {
  const cpu = sum(rate(select(NODE_METRIC.cpu)))
  const requests = sum(rate(select(`${METRIC.gatewayDuration}_count`)))
  return graph({
    ...size,
    title: 'Processor time a request',
    description:
      'Processor time of all replicas, divided by requests. It falls with load; a step up after a change of version or of plugins is what it costs.',
    unit: 's',
    queries: [overTime(`${cpu} / ${requests}`, 'a request')],
  })
}

export function memory(size: Size): Panel {
  return graph({
    ...size,
    title: 'Memory',
    description:
      'Resident memory of each replica: what a limit of the container is compared with. A rise that does not end is a leak; its heap is below.',
    unit: 'bytes',
    queries: [overTime(max(select(NODE_METRIC.residentMemory), 'instance'), REPLICA)],
  })
}

export function heap(size: Size): Panel {
  return graph({
    ...size,
    title: 'Heap',
    description: 'Used heap of each replica, and what lies outside of it (buffers of bodies).',
    unit: 'bytes',
    queries: [
      overTime(max(select(NODE_METRIC.heapUsed), 'instance'), `${REPLICA} used`),
      overTime(max(select(NODE_METRIC.externalMemory), 'instance'), `${REPLICA} outside`),
    ],
  })
}

export function heapSpaces(size: Size): Panel {
  return graph({
    ...size,
    title: 'Heap by space',
    description:
      'Used bytes of each space of the heap, of all replicas. **old** is what stays: routes, keys, pools.',
    unit: 'bytes',
    queries: [overTime(`${sum(select(NODE_METRIC.heapSpaceUsed), 'space')} > 0`, '{{space}}')],
    stacked: true,
  })
}

export function garbage(size: Size): Panel {
  return graph({
    ...size,
    title: 'Garbage collection',
    description:
      'Share of time spent on collecting garbage, by kind, on the replica that spends most. **major** stops requests longest.',
    unit: 'percentunit',
    queries: [overTime(`max by (kind) (${rate(select(`${NODE_METRIC.gcDuration}_sum`))})`, '{{kind}}')],
  })
}

export function garbagePauses(size: Size): Panel {
  return heatmap({
    ...size,
    title: 'Pauses by garbage collection',
    description: 'How many collections took how long, of all kinds and replicas.',
    of: select(`${NODE_METRIC.gcDuration}_bucket`),
    unit: 's',
    exemplars: false,
  })
}

function utilization(part: 'sum' | 'count'): string {
  return sum(rate(select(`${NODE_METRIC.eventLoopUtilization}_${part}`)), 'instance')
}
