// How long requests take and where the time goes: the gateway itself, plugins, or the upstream.

import { METRIC } from '../../src/telemetry/names.ts'
import { ACCENT, BLAME_COLOUR } from '../colours.ts'
import type { Panel } from '../grid.ts'
import { graph } from '../kinds/graph.ts'
import { heatmap } from '../kinds/heatmap.ts'
import { type Matcher, quantile, rate, select, sum } from '../promql.ts'
import { overTime, withExemplars } from '../queries.ts'

interface Size {
  readonly w: number
  readonly h: number
}

/** From light to dark: the slower the percentile, the darker. */
const PERCENTILES = [
  { name: 'p50', q: 0.5, colour: '#8AB8FF' },
  { name: 'p95', q: 0.95, colour: ACCENT },
  { name: 'p99', q: 0.99, colour: '#1F60C4' },
] as const
const PERCENTILE_COLOURS = Object.fromEntries(PERCENTILES.map(({ name, colour }) => [name, colour]))

export function durationPercentiles(size: Size, ...matchers: readonly Matcher[]): Panel {
  return percentiles({
    ...size,
    title: 'Duration of requests',
    description:
      'From the head of the request to the end of the answer, upstreams included: half, nineteen of twenty, and ninety-nine of a hundred requests are faster. Points are exemplars.',
    buckets: select(`${METRIC.requestDuration}_bucket`, ...matchers),
  })
}

export function upstreamPercentiles(size: Size, ...matchers: readonly Matcher[]): Panel {
  return percentiles({
    ...size,
    title: 'Duration of upstreams',
    description:
      "From the dispatch to the head of the upstream's answer, or to the failure. Where this is close to the duration of requests, the upstream takes the time.",
    buckets: select(`${METRIC.upstreamDuration}_bucket`, ...matchers),
  })
}

export function gatewayPercentiles(size: Size): Panel {
  return percentiles({
    ...size,
    title: "The gateway's own time",
    description:
      'Before the head of the answer, without upstream and plugins. Usually far below a millisecond: a rise of the slowest hundredth is the event loop (board Runtime).',
    buckets: select(`${METRIC.gatewayDuration}_bucket`),
  })
}

export function durationHeatmap(size: Size, ...matchers: readonly Matcher[]): Panel {
  return heatmap({
    ...size,
    title: 'Duration of requests, distribution',
    description:
      'How many requests took how long. Two bands: two kinds of requests, or one slow upstream among others. Points are exemplars: click a slow one for its trace.',
    of: select(`${METRIC.requestDuration}_bucket`, ...matchers),
    unit: 's',
  })
}

export function upstreamHeatmap(size: Size, ...matchers: readonly Matcher[]): Panel {
  return heatmap({
    ...size,
    title: 'Duration of upstreams, distribution',
    description:
      'How long upstreams took to begin their answers. Points are exemplars: click one for its trace.',
    of: select(`${METRIC.upstreamDuration}_bucket`, ...matchers),
    unit: 's',
  })
}

export function gatewayHeatmap(size: Size): Panel {
  return heatmap({
    ...size,
    title: "The gateway's own time, distribution",
    description: 'How long the gateway itself took, without upstream and plugins. Points are exemplars.',
    of: select(`${METRIC.gatewayDuration}_bucket`),
    unit: 's',
  })
}

/** The mean request, taken apart. */
export function whereTimeGoes(size: Size, ...matchers: readonly Matcher[]): Panel {
  const parts = sum(rate(select(METRIC.requestTime, ...matchers)), 'part')
  const requests = sum(rate(select(`${METRIC.requestDuration}_count`, ...matchers)))
  return graph({
    ...size,
    title: 'Where the time goes',
    description:
      'The mean time of a request up to the head of its answer, taken apart: the **gateway** itself, **upstream** (waiting for its head) and **plugins**.',
    unit: 's',
    queries: [overTime(`${parts} / ignoring (part) group_left () ${requests}`, '{{part}}')],
    stacked: true,
    colours: { gateway: ACCENT, upstream: BLAME_COLOUR.upstream, plugins: BLAME_COLOUR.plugin },
  })
}

function percentiles(text: Size & { title: string; description: string; buckets: string }): Panel {
  return graph({
    ...text,
    unit: 's',
    queries: PERCENTILES.map(({ name, q }) => withExemplars(quantile(q, text.buckets), name)),
    colours: PERCENTILE_COLOURS,
  })
}
