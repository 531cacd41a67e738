// The first line of the Overview: is anything broken now, and did anything change. Each number leads to where it is explained.

import { METRIC } from '../../src/telemetry/names.ts'
import { BAD, GOOD, NEUTRAL, WARNING } from '../colours.ts'
import { boardLink } from '../explore-links.ts'
import type { Panel } from '../grid.ts'
import { number } from '../kinds/number.ts'
import { BUDGET, failedShare, OBJECTIVE } from '../objective.ts'
import { quantile, rate, select, sum } from '../promql.ts'
import { now, overTime } from '../queries.ts'
import { distinctConfigurations } from './configuration.ts'

const SIZE = { w: 3, h: 4 } as const

export function situation(): Panel[] {
  return [
    availability(),
    burn(),
    failing(),
    requests(),
    slowest(),
    notReady(),
    configurations(),
    lastChange(),
  ]
}

function availability(): Panel {
  return number({
    ...SIZE,
    title: 'Availability',
    description: `Share of requests that did not fail, in the time shown, of those that are not the fault of their clients. The objective is ${OBJECTIVE * 100} %. If it is missed: the table below says by which code and reason.`,
    unit: 'percentunit',
    decimals: 3,
    query: now(`1 - ${failedShare()}`),
    steps: [BAD, [OBJECTIVE, GOOD]],
    valueLinks: [boardLink('What failed', 'kanali-errors', {})],
  })
}

function burn(): Panel {
  return number({
    ...SIZE,
    title: 'Budget burn',
    description: `How many times faster than the objective (${OBJECTIVE * 100} %) allows the error budget was used up in the time shown. 1 uses it up exactly; above 14 somebody is paged.`,
    unit: 'suffix:x',
    decimals: 1,
    query: now(`(${failedShare()}) / ${BUDGET}`),
    steps: [GOOD, [1, WARNING], [6, BAD]],
    valueLinks: [boardLink('What failed', 'kanali-errors', {})],
  })
}

function failing(): Panel {
  return number({
    ...SIZE,
    title: 'Failing now',
    description:
      'Errors a second that are not the fault of clients: blame config, upstream, plugin or gateway. The colours of the graph below say which.',
    unit: 'reqps',
    query: overTime(sum(rate(select(METRIC.errors, 'blame!="client"'))), ''),
    steps: [GOOD, [0.001, WARNING], [1, BAD]],
    trend: true,
    valueLinks: [boardLink('What fails', 'kanali-errors', {})],
  })
}

function requests(): Panel {
  return number({
    ...SIZE,
    title: 'Requests',
    description:
      'All requests a second, whatever became of them. A fall to nothing is worse than errors: look at what stands before the gateway.',
    unit: 'reqps',
    query: overTime(sum(rate(select(`${METRIC.gatewayDuration}_count`))), ''),
    steps: [NEUTRAL],
    trend: true,
    valueLinks: [boardLink('By ApiProxy', 'kanali-apiproxy', {})],
  })
}

function slowest(): Panel {
  return number({
    ...SIZE,
    title: 'Duration p99',
    description:
      '99th percentile of the whole duration of requests, upstreams included. The graphs of duration below say whether the gateway or an upstream takes the time.',
    unit: 's',
    query: overTime(quantile(0.99, select(`${METRIC.requestDuration}_bucket`)), ''),
    steps: [GOOD, [1, WARNING], [5, BAD]],
    trend: true,
    valueLinks: [boardLink('By ApiProxy', 'kanali-apiproxy', {})],
  })
}

function notReady(): Panel {
  const ready = select(METRIC.ready)
  return number({
    ...SIZE,
    title: 'Replicas not ready',
    description:
      'Replicas whose `/readyz` does not answer 200. The answer names the reasons; the board Control plane shows which replica.',
    unit: 'none',
    query: now(`count(${ready} == 0) or 0 * count(${ready})`),
    steps: [GOOD, [1, BAD]],
    noValue: 'no replica',
    valueLinks: [boardLink('Replicas', 'kanali-control-plane', {})],
  })
}

function configurations(): Panel {
  return number({
    ...SIZE,
    title: 'Configurations live',
    description:
      'Different snapshots among ready replicas, by hash. More than 1 for longer than moments: what a client gets depends on the replica it meets.',
    unit: 'none',
    query: now(distinctConfigurations()),
    steps: [GOOD, [2, BAD]],
    noValue: 'no replica',
    valueLinks: [boardLink('Replicas', 'kanali-control-plane', {})],
  })
}

function lastChange(): Panel {
  return number({
    ...SIZE,
    title: 'Last change',
    description:
      'When a replica last took up a new configuration. The blue lines over the graphs are the same; `kanali why <trace id>` names the change behind a failed request.',
    unit: 'dateTimeFromNow',
    query: now(`1000 * max(${select(METRIC.snapshotPublished)})`),
    steps: [NEUTRAL],
    noValue: 'no replica',
    valueLinks: [boardLink('Changes', 'kanali-control-plane', {})],
  })
}
