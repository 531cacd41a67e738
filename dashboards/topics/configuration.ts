// Which configuration is live where: hashes of snapshots, whether replicas agree and since when not, and when it changed.

import { MappingType } from '@grafana/grafana-foundation-sdk/dashboard'
import { METRIC } from '../../src/telemetry/names.ts'
import { duration, threshold } from '../alerts/thresholds.ts'
import { BAD, GOOD, WARNING } from '../colours.ts'
import { cell, changeLink, tracesLink } from '../explore-links.ts'
import type { Panel } from '../grid.ts'
import { NODE_METRIC } from '../node-metrics.ts'
import { graph } from '../kinds/graph.ts'
import { number } from '../kinds/number.ts'
import { table } from '../kinds/table.ts'
import { select, sum } from '../promql.ts'
import { now, overTime, rows } from '../queries.ts'

/** In the place of 1 and 0. */
const YES_NO = [
  {
    type: MappingType.ValueToText,
    options: { 1: { text: 'yes', color: GOOD, index: 0 }, 0: { text: 'no', color: BAD, index: 1 } },
  },
] as const

interface Size {
  readonly w: number
  readonly h: number
}

const REPLICA = ['instance', 'pod'] as const
const LIVE = `(${select(METRIC.snapshotInfo)} and on (job, ${REPLICA.join(', ')}) ${select(METRIC.ready)} == 1)`

/** The most different snapshots that the ready replicas of one deployment have. */
export function distinctConfigurations(): string {
  return `max(count by (job) (count by (job, hash) (${LIVE})))`
}

export function configurationCount(size: Size): Panel {
  return graph({
    ...size,
    title: 'Configurations live',
    description: `Different snapshots among the ready replicas of a deployment. 2 for a moment is a change on its way; for longer than ${duration('hashes.for')} a replica does not hear its source, or may not see what the others see.`,
    unit: 'none',
    decimals: 0,
    queries: [overTime(distinctConfigurations(), 'different snapshots')],
    limit: 2,
  })
}

/** Since when replicas have disagreed; 0 while they agree. */
export function disagreement(size: Size): Panel {
  const agreed = `timestamp(${distinctConfigurations()} <= 1)`
  return number({
    ...size,
    title: 'Replicas have disagreed for',
    description: `How long ready replicas have served different configurations; what a client gets depends on the replica it meets. At most the time shown. Above ${duration('hashes.for')} a ticket is opened, above ${duration('hashes.page')} somebody is paged.`,
    unit: 's',
    decimals: 0,
    query: now(
      `(time() - max_over_time(${agreed}[$__range:$__interval])) * (${distinctConfigurations()} > bool 1)` +
        ` or vector($__range_s) * (${distinctConfigurations()} > bool 1)`,
    ),
    steps: [GOOD, [1, WARNING], [threshold('hashes.for'), BAD]],
    noValue: 'no replica',
  })
}

/** What each replica has, to see which one is different. */
export function replicas(size: Size): Panel {
  return table({
    ...size,
    title: 'Replicas',
    description:
      'One row a replica. The hash is of the content of its snapshot: equal on all that know the same objects. Revisions are numbers of each process and are not compared.',
    queries: [
      rows(sum(select(METRIC.snapshotRevision), ...REPLICA)),
      rows(sum(select(METRIC.snapshotInfo), 'hash', ...REPLICA)),
      rows(sum(select(METRIC.buildInfo), 'version', ...REPLICA)),
      rows(sum(select(METRIC.ready), ...REPLICA)),
      rows(`1000 * ${sum(select(NODE_METRIC.startTime), ...REPLICA)}`),
      rows(`1000 * ${sum(select(METRIC.snapshotPublished), ...REPLICA)}`),
    ],
    columns: [
      { of: 'instance', title: 'Replica' },
      { of: 'pod', title: 'Pod' },
      { of: 'hash', title: 'Hash' },
      { of: 'A', title: 'Revision', width: 90 },
      { of: 'F', title: 'Live since', unit: 'dateTimeFromNow', width: 140 },
      { of: 'D', title: 'Ready', width: 90, mappings: YES_NO, filled: true },
      { of: 'version', title: 'Version', width: 130 },
      { of: 'E', title: 'Started', unit: 'dateTimeFromNow', width: 150 },
    ],
    sortBy: 'Ready',
    ascending: true,
  })
}

/** Every configuration that was live in the time shown, the latest on top. */
export function history(size: Size): Panel {
  return table({
    ...size,
    title: 'Configurations in the time shown',
    description:
      'Every snapshot that a replica served in the time shown, by hash. Click a hash for the change that made it: its trace lists the objects that changed. `kanali diff` tells the difference of two revisions out of the journal.',
    queries: [
      rows(seenAt('min')),
      rows(seenAt('max')),
      rows(`count by (hash) (${select(METRIC.snapshotInfo)})`),
    ],
    columns: [
      {
        of: 'hash',
        title: 'Hash',
        links: [
          changeLink('The change that made it', cell('Hash')),
          tracesLink('Requests that ran under it', { snapshotHash: cell('Hash') }),
        ],
      },
      { of: 'A', title: 'Since', unit: 'dateTimeAsIso', width: 180 },
      { of: 'B', title: 'Until', unit: 'dateTimeAsIso', width: 180 },
      { of: 'C', title: 'Replicas now', decimals: 0, width: 130, noValue: '0' },
    ],
    sortBy: 'Since',
  })
}

/** When each hash was first or last seen, in milliseconds since the epoch. */
function seenAt(pick: 'min' | 'max'): string {
  const times = `timestamp(${select(METRIC.snapshotInfo)})[$__range:$__interval]`
  return `1000 * ${pick} by (hash) (${pick}_over_time(${times}))`
}

/** Builds that threw: a bug, behind which the last good configuration goes on. */
export function failedBuilds(size: Size): Panel {
  return number({
    ...size,
    title: 'Builds that failed',
    description:
      'Builds of a snapshot that failed in the time shown. Any is a bug of the gateway: it goes on with the last good configuration, and later changes do not get through. The log has the stack.',
    unit: 'short',
    query: now(sum(`increase(${select(METRIC.snapshotBuildFailures)}[$__range])`)),
    steps: [GOOD, [1, BAD]],
  })
}

/** How often each replica took up a new configuration. */
export function changes(size: Size): Panel {
  return graph({
    ...size,
    title: 'Changes of configuration',
    description:
      'How often each replica took up a new snapshot. Bars that only some replicas have: the others did not hear of it. Bars without end: something rewrites objects all the time.',
    unit: 'none',
    decimals: 0,
    queries: [
      overTime(
        `sum by (instance) (changes(${select(METRIC.snapshotRevision)}[$__rate_interval]))`,
        '{{instance}}',
      ),
    ],
    bars: true,
  })
}
