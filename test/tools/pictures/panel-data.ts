// What Grafana would get for a panel: its queries asked of Prometheus with the variables filled in, labels in legends, and
// exemplars where the query asks for them. Must never make a value up: a query that gives nothing gives an empty panel.

import { type BoardAnnotation, type BoardPanel, type BoardQuery, fillIn } from '../../support/boards.ts'
import type { FoundExemplar, InstantSample, Prometheus } from '../../support/prometheus.ts'

/** The time shown, in seconds since the epoch. */
export interface Shown {
  readonly from: number
  readonly to: number
  readonly stepS: number
  /** Variables of the board, and those that Grafana brings. */
  readonly values: Readonly<Record<string, string>>
}

export interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly points: readonly (readonly [at: number, value: number])[]
}

export interface QueryData {
  readonly refId: string
  readonly series: readonly Series[]
  /** Of an instant query. */
  readonly samples: readonly InstantSample[]
  readonly exemplars: readonly FoundExemplar[]
}

export interface Mark {
  readonly at: number
  readonly colour: string
}

/** Everything that a panel shows. */
export async function panelData(
  prometheus: Prometheus,
  { targets = [] }: BoardPanel,
  shown: Shown,
): Promise<QueryData[]> {
  return Promise.all(targets.map((target) => queryData(prometheus, target, shown)))
}

/** Where the annotations of a board have their lines: the begin of each stretch. */
export async function marksOf(
  prometheus: Prometheus,
  annotations: readonly (BoardAnnotation & { readonly iconColor?: string })[],
  { from, to, stepS, values }: Shown,
): Promise<Mark[]> {
  const marks: Mark[] = []
  for (const { expr, iconColor = '#5794F2' } of annotations) {
    const series = await prometheus.queryRange(fillIn(expr, values), from, to, stepS)
    for (const { points } of series) {
      const begins = points.filter(([at], index) => index === 0 || at - (points[index - 1]?.[0] ?? 0) > 60)
      marks.push(...begins.map(([at]) => ({ at, colour: iconColor })))
    }
  }
  return marks.filter(({ at }) => at > from)
}

async function queryData(
  prometheus: Prometheus,
  { refId, expr, legendFormat = '', instant = false, exemplar = false }: BoardQuery,
  { from, to, stepS, values }: Shown,
): Promise<QueryData> {
  const promql = fillIn(expr, values)
  const samples = instant ? await prometheus.query(promql, to) : []
  const ranges = instant ? [] : await prometheus.queryRange(promql, from, to, stepS)
  const exemplars = exemplar ? await prometheus.exemplars(promql, from, to) : []
  const series = ranges.map(({ labels, points }) => ({
    name: legendOf(legendFormat, labels),
    labels,
    points,
  }))
  return { refId, series, samples, exemplars }
}

function legendOf(format: string, labels: Readonly<Record<string, string>>): string {
  return format.replaceAll(/\{\{(\w+)\}\}/g, (_whole, label: string) => labels[label] ?? '')
}
