// What fails: by code, by blame, by reason with its meaning and since when, and which ApiProxies it hits. For the boards
// that show all of it; the rows of single codes are in code-row.ts.

import { METRIC, NO_CODE } from '../../src/telemetry/names.ts'
import {
  BLAME_COLOURS,
  BLAME_LIST,
  CODE_COLOURS,
  CODE_MESSAGES,
  CODE_NAMES,
  reasonMeans,
} from '../catalogue-text.ts'
import { BLAME_COLOUR, CODE_COLOUR } from '../colours.ts'
import { boardLink, cell, logsLink, pageLink, seriesLabel, tracesLink } from '../explore-links.ts'
import type { Panel } from '../grid.ts'
import { graph } from '../kinds/graph.ts'
import { type Column, table } from '../kinds/table.ts'
import { runbookOfCode } from '../links.ts'
import { copyLabel, counted, type Matcher, rate, select, since, sum } from '../promql.ts'
import { overTime, rows, withExemplars } from '../queries.ts'

interface Size {
  readonly w: number
  readonly h: number
}

/** Where a click on a series of one code leads. */
export const CODE_LINKS = [
  boardLink('This code on the board Errors', 'kanali-errors', { code: seriesLabel('code') }),
  pageLink('Runbook of this code', runbookOfCode(seriesLabel('code'))),
  tracesLink('Traces with this code', { errorCode: seriesLabel('code') }),
  logsLink('Log lines with this code', { code: seriesLabel('code') }),
]

export function errorsByCode(size: Size, ...matchers: readonly Matcher[]): Panel {
  return graph({
    ...size,
    title: 'Errors by code',
    description:
      'Errors a second that the gateway answered, by code. The shade is that of whose fault most reasons of the code are: blue client, orange configuration, purple upstream, teal plugin, red gateway. Points are exemplars: each leads to the trace of one failed request. Click a series for its runbook, traces and log lines.',
    unit: 'reqps',
    queries: [withExemplars(sum(rate(select(METRIC.errors, ...matchers)), 'code'), '{{code}}')],
    stacked: true,
    colours: CODE_COLOUR,
    names: CODE_NAMES,
    seriesLinks: CODE_LINKS,
    legend: 'right',
  })
}

export function errorsByBlame(size: Size, ...matchers: readonly Matcher[]): Panel {
  return graph({
    ...size,
    title: 'Errors by blame',
    description: `Whose fault the errors are, that is, who has to act:\n${BLAME_LIST}`,
    unit: 'reqps',
    queries: [overTime(sum(rate(select(METRIC.errors, ...matchers)), 'blame'), '{{blame}}')],
    stacked: true,
    colours: BLAME_COLOUR,
    seriesLinks: [
      tracesLink('Traces with this blame', { errorBlame: seriesLabel('blame') }),
      logsLink('Log lines with this blame', { blame: seriesLabel('blame') }),
    ],
  })
}

export function errorsByReplica(size: Size, ...matchers: readonly Matcher[]): Panel {
  return graph({
    ...size,
    title: 'Errors by replica',
    description:
      'The same errors by the replica that answered. All alike: the cause is outside of the gateway. One alone: its network, its node, or its configuration (board Control plane).',
    unit: 'reqps',
    queries: [withExemplars(sum(rate(select(METRIC.errors, ...matchers)), 'instance'), '{{instance}}')],
  })
}

/** Of all reasons that were seen in the time shown: what it is, whose fault, how much, since when, and the next click. */
export function failingReasons(size: Size, ...matchers: readonly Matcher[]): Panel {
  const labels = ['code', 'reason', 'blame'] as const
  const errors = select(METRIC.errors, ...matchers)
  const perSecond = sum(rate(errors), ...labels)
  return table({
    ...size,
    title: 'What fails',
    description:
      'Every reason that was seen in the time shown. **Since**: when it was last absent; empty where it is over, or older than the time shown. Click a code for its board, a reason for its runbook, its traces and its log lines.',
    queries: [
      rows(copyLabel(`${sum(counted(errors), ...labels)} > 0`, 'reason', 'means')),
      rows(`${perSecond} > 0`),
      rows(since(perSecond)),
    ],
    columns: [
      codeColumn(),
      reasonColumn(),
      { of: 'means', title: 'What happened', mappings: reasonMeans() },
      blameColumn(),
      { of: 'B', title: 'Now', unit: 'reqps', width: 100, noValue: '0 req/s' },
      { of: 'A', title: 'Count', unit: 'short', decimals: 0, width: 90 },
      { of: 'C', title: 'Since', unit: 'dateTimeFromNow', width: 140 },
    ],
    sortBy: 'Now',
  })
}

export function codeColumn(): Column {
  return {
    of: 'code',
    title: 'Code',
    width: 70,
    mappings: CODE_COLOURS,
    filled: true,
    links: [
      boardLink('This code on the board Errors', 'kanali-errors', { code: cell('Code') }),
      pageLink('Runbook of this code', runbookOfCode(cell('Code'))),
    ],
  }
}

/** @param code of all rows, where the table has no column of it */
export function reasonColumn(code: string = cell('Code')): Column {
  return {
    of: 'reason',
    title: 'Reason',
    width: 230,
    links: [
      pageLink('Runbook of this reason', `${runbookOfCode(code)}#${cell('Reason')}`),
      tracesLink('Traces with this reason', { errorReason: cell('Reason') }),
      logsLink('Log lines with this reason', { reason: cell('Reason') }),
    ],
  }
}

export function blameColumn(): Column {
  return { of: 'blame', title: 'Blame', width: 90, mappings: BLAME_COLOURS, filled: true }
}

/** Who is hit: ApiProxies by code, with what share of their own requests fails so. */
export function affectedApiProxies(size: Size, ...matchers: readonly Matcher[]): Panel {
  const place = ['namespace', 'apiproxy'] as const
  const failed = select(METRIC.requests, `code!="${NO_CODE}"`, ...matchers)
  const errors = sum(counted(failed), ...place, 'code')
  const requests = sum(counted(select(METRIC.requests)), ...place)
  return table({
    ...size,
    title: 'ApiProxies that fail',
    description:
      'Errors in the time shown by ApiProxy and code, and their share of all requests of that ApiProxy. Without a name: requests that matched no ApiProxy. Click an ApiProxy for its board.',
    queries: [
      rows(`${copyLabel(errors, 'code', 'message')} > 0`),
      rows(`${errors} / on (${place.join(', ')}) group_left () ${requests} > 0`),
    ],
    columns: [
      { of: 'namespace', title: 'Namespace', width: 130, links: [apiproxyBoard()] },
      {
        of: 'apiproxy',
        title: 'ApiProxy',
        width: 150,
        links: [apiproxyBoard(), apiproxyTraces(), apiproxyLogs()],
      },
      codeColumn(),
      { of: 'message', title: 'Message', mappings: CODE_MESSAGES },
      { of: 'A', title: 'Count', unit: 'short', decimals: 0, width: 90 },
      { of: 'B', title: 'Share', unit: 'percentunit', decimals: 1, width: 90 },
    ],
    sortBy: 'Count',
  })
}

function apiproxyBoard() {
  return boardLink('This ApiProxy', 'kanali-apiproxy', {
    namespace: cell('Namespace'),
    apiproxy: cell('ApiProxy'),
  })
}

function apiproxyTraces() {
  return tracesLink('Its traces with this code', {
    errorCode: cell('Code'),
    apiproxyNamespace: cell('Namespace'),
    apiproxyName: cell('ApiProxy'),
  })
}

function apiproxyLogs() {
  return logsLink('Its log lines with this code', {
    code: cell('Code'),
    namespace: cell('Namespace'),
    apiproxy: cell('ApiProxy'),
  })
}
