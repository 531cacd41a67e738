// How the world reaches the gateway: how fresh its source is, how long an event takes, and what is wrong with objects.

import { METRIC } from '../../src/telemetry/names.ts'
import { duration, threshold } from '../alerts/thresholds.ts'
import { ACCENT, BLAME_COLOUR } from '../colours.ts'
import type { Panel } from '../grid.ts'
import { graph } from '../kinds/graph.ts'
import { heatmap } from '../kinds/heatmap.ts'
import { table } from '../kinds/table.ts'
import { max, quantile, rate, select, sum } from '../promql.ts'
import { overTime, rows } from '../queries.ts'

interface Size {
  readonly w: number
  readonly h: number
}

export function eventDelay(size: Size): Panel {
  const buckets = select(`${METRIC.eventPropagation}_bucket`)
  return graph({
    ...size,
    title: 'Event delay',
    description:
      'From the arrival of an event to the swap of the snapshot that has it. Usually milliseconds; the batch that it waits for is part of it. There is no line where no event came.',
    unit: 's',
    queries: [overTime(quantile(0.5, buckets), 'p50'), overTime(quantile(0.99, buckets), 'p99')],
    colours: { p50: '#8AB8FF', p99: ACCENT },
    limit: threshold('propagation.p99'),
  })
}

export function eventDelayHeatmap(size: Size): Panel {
  return heatmap({
    ...size,
    title: 'Event delay, distribution',
    description: 'How many events took how long to become part of the live snapshot.',
    of: select(`${METRIC.eventPropagation}_bucket`),
    unit: 's',
    exemplars: false,
  })
}

export function events(size: Size): Panel {
  return graph({
    ...size,
    title: 'Events',
    description:
      'Events a second that came into live snapshots, by replica. All replicas should see about the same.',
    unit: 'eps',
    queries: [overTime(sum(rate(select(`${METRIC.eventPropagation}_count`)), 'instance'), '{{instance}}')],
  })
}

export function staleness(size: Size): Panel {
  return graph({
    ...size,
    title: 'Source not heard for',
    description: `For how long each replica has not heard its source; 0 while it does. It goes on with what it knows. After ${duration('stale.ticket')} a ticket is opened; code 09 begins at \`kubernetes.staleness_limit\`.`,
    unit: 's',
    queries: [overTime(max(select(METRIC.sourceStale), 'instance'), '{{instance}}')],
    limit: threshold('stale.ticket'),
  })
}

/** By kind: on how many replicas it was listed. */
export function syncedKinds(size: Size): Panel {
  const synced = select(METRIC.sourceSynced)
  return table({
    ...size,
    title: 'Kinds listed',
    description:
      'How many replicas have listed each kind, and how many have not: refused, or not yet there. What needs such a kind answers its code (09 for Services, 06 for Secrets).',
    queries: [rows(sum(synced, 'source', 'kind')), rows(`count by (source, kind) (${synced} == 0)`)],
    columns: [
      { of: 'source', title: 'Source', width: 120 },
      { of: 'kind', title: 'Kind' },
      { of: 'A', title: 'Listed on', decimals: 0, width: 110 },
      { of: 'B', title: 'Missing on', decimals: 0, width: 110 },
    ],
    sortBy: 'Missing on',
  })
}

export function sourceProblems(size: Size): Panel {
  return graph({
    ...size,
    title: 'Files and lists with problems',
    description:
      'Files or lists that cannot be read now, by replica. Each is named, with line and rule, in `/debug/snapshot` and in the log.',
    unit: 'none',
    decimals: 0,
    queries: [overTime(max(select(METRIC.sourceProblems), 'instance'), '{{instance}}')],
  })
}

/** Objects that something is wrong with, before a request meets them. */
export function conditions(size: Size): Panel {
  return table({
    ...size,
    title: 'Conditions that are False',
    description:
      'Objects that something is wrong with, by kind, condition and reason: known before the first request meets them. `kubectl get apiproxies -A` or `/debug/snapshot` names the objects.',
    queries: [rows(`${max(select(METRIC.resourceConditions), 'kind', 'condition', 'reason')} > 0`)],
    columns: [
      { of: 'kind', title: 'Kind', width: 140 },
      { of: 'condition', title: 'Condition', width: 150 },
      { of: 'reason', title: 'Reason' },
      { of: 'A', title: 'Objects', decimals: 0, width: 100 },
    ],
    sortBy: 'Objects',
  })
}

export function conditionsOverTime(size: Size): Panel {
  const worst = max(select(METRIC.resourceConditions), 'kind', 'condition', 'reason')
  return graph({
    ...size,
    title: 'Conditions that are False, over time',
    description: 'The same by kind. A step together with a blue line: that change of configuration made it.',
    unit: 'none',
    decimals: 0,
    queries: [overTime(sum(worst, 'kind'), '{{kind}}')],
    stacked: true,
    colours: { File: BLAME_COLOUR.gateway },
  })
}
