// Rates and quotas: who hits them, and how the store that replicas share answers. Without a store its series stay at 0.

import { METRIC } from '../../src/telemetry/names.ts'
import { ACCENT, BAD, BLAME_COLOUR, GOOD, NEUTRAL, WARNING } from '../colours.ts'
import { boardLink, seriesLabel } from '../explore-links.ts'
import type { Panel } from '../grid.ts'
import { graph } from '../kinds/graph.ts'
import { heatmap } from '../kinds/heatmap.ts'
import { type Matcher, rate, select, sum } from '../promql.ts'
import { overTime, withExemplars } from '../queries.ts'
import { LIMIT_CODE } from '../catalogue-text.ts'

interface Size {
  readonly w: number
  readonly h: number
}

export function overLimit(size: Size, ...matchers: readonly Matcher[]): Panel {
  const refused = select(METRIC.requests, `code="${LIMIT_CODE}"`, ...matchers)
  return graph({
    ...size,
    title: 'Over their limit, by ApiProxy',
    description: `Requests a second that were refused with code ${LIMIT_CODE}: a rate or a quota of their key is used up, or the store of limits failed while the option says deny. Click a series for its ApiProxy.`,
    unit: 'reqps',
    queries: [withExemplars(sum(rate(refused), 'namespace', 'apiproxy'), '{{namespace}}/{{apiproxy}}')],
    stacked: true,
    seriesLinks: [
      boardLink('This ApiProxy', 'kanali-apiproxy', {
        namespace: seriesLabel('namespace'),
        apiproxy: seriesLabel('apiproxy'),
      }),
    ],
  })
}

export function storeDuration(size: Size): Panel {
  return heatmap({
    ...size,
    title: 'How long the store takes',
    description:
      'Answers of the shared store of limits. Every request whose limit is not leased waits for it: milliseconds here are milliseconds there.',
    of: select(`${METRIC.limitStoreDuration}_bucket`),
    unit: 's',
    exemplars: false,
  })
}

export function storeFailures(size: Size): Panel {
  return graph({
    ...size,
    title: 'Failures of the store',
    description: 'How often the store was asked and did not decide, by cause, a second.',
    unit: 'ops',
    queries: [overTime(sum(rate(select(METRIC.limitStoreFailures)), 'cause'), '{{cause}}')],
    stacked: true,
  })
}

export function fallbacks(size: Size): Panel {
  return graph({
    ...size,
    title: 'Decided without the store',
    description:
      'Requests a second whose limits were decided without the store, by what took its place: **local_share** is a fair part of the limit, **allow** and **deny** are what `limits.on_store_failure` says.',
    unit: 'reqps',
    queries: [overTime(sum(rate(select(METRIC.limitFallbacks)), 'by'), '{{by}}')],
    stacked: true,
    colours: { local_share: WARNING, allow: BLAME_COLOUR.upstream, deny: BAD },
  })
}

export function leases(size: Size): Panel {
  return graph({
    ...size,
    title: 'Tokens taken ahead',
    description:
      'Tokens a second that replicas took from the store ahead of requests, spent on them, or let expire. Many expired: leases are too long for this traffic.',
    unit: 'ops',
    queries: [overTime(sum(rate(select(METRIC.limitLeaseTokens)), 'state'), '{{state}}')],
    colours: { taken: ACCENT, spent: GOOD, expired: NEUTRAL },
  })
}

export function counted(size: Size): Panel {
  return graph({
    ...size,
    title: 'Limits counted in memory',
    description: 'Rates and quotas that each replica counts now.',
    unit: 'none',
    decimals: 0,
    queries: [overTime(sum(select(METRIC.limitEntries), 'instance'), '{{instance}}')],
  })
}
