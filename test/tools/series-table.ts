// How many series one process has at most, worked out from the registry: what docs/telemetry.md says, and what
// test/features/cardinality.test.ts holds a real scrape to.

import { ROUTE_SERIES_MAX } from '../../src/telemetry/series-table.ts'
import type { MetricRow, Registry } from '../support/registry/registry.ts'

/** Requests that match nothing, and those of ApiProxies beyond ROUTE_SERIES_MAX. */
const SHARED = 2

/** Most series on the page of one process; `apiProxies` is how many have had a request. */
export function seriesMost({ metrics }: Registry, apiProxies: number): number {
  const { perApiProxy, fixed } = totals(metrics.values())
  const named = Math.min(apiProxies, ROUTE_SERIES_MAX)
  return perApiProxy * (named + (apiProxies > named ? SHARED : 1)) + fixed
}

/** The formula, as text of a page. */
export function seriesBound({ metrics }: Registry): string {
  const { perApiProxy, fixed } = totals(metrics.values())
  const limit = ROUTE_SERIES_MAX.toLocaleString('en')
  return [
    '```',
    `series of one process <= ${perApiProxy} * (N + 1) + ${fixed}`,
    '',
    `N    ApiProxies that have had a request since they came, at most ${limit}: beyond, one more for \`_other\``,
    `+ 1  requests that match no ApiProxy`,
    '```',
  ].join('\n')
}

/** Where they come from, the metrics with most of them first. */
export function seriesTable({ metrics }: Registry): string {
  const rows = [...metrics.values()].filter(({ by }) => by === 'gateway')
  const each = rows
    .filter(({ most }) => most.perApiProxy > 0)
    .sort((a, b) => b.most.perApiProxy - a.most.perApiProxy)
  const fixed = rows.filter(({ most }) => most.fixed > 1).sort((a, b) => b.most.fixed - a.most.fixed)
  const single = rows.filter(({ most }) => most.fixed === 1)
  const runtime = totals([...metrics.values()].filter(({ by }) => by === 'runtime')).fixed
  return [
    '| metric | series at most |',
    '|---|---|',
    ...each.map(({ name, most }) => `| \`${name}\` | ${most.perApiProxy} an ApiProxy |`),
    ...fixed.map(({ name, most }) => `| \`${name}\` | ${most.fixed} |`),
    `| ${single.length} others | 1 each |`,
    `| Node's own | ${runtime} |`,
  ].join('\n')
}

function totals(rows: Iterable<MetricRow>): { perApiProxy: number; fixed: number } {
  let perApiProxy = 0
  let fixed = 0
  for (const { most } of rows) {
    perApiProxy += most.perApiProxy
    fixed += most.fixed
  }
  return { perApiProxy, fixed }
}
