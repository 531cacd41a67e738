// Graphs, sparklines and heatmaps as SVG, drawn by ECharts without a browser: stacked areas, lines, bars, cells, exemplars
// as points, annotations as lines. Colours and names are those that the board's JSON says.

import { type EChartsOption, init, type SeriesOption } from 'echarts'
import type { BoardPanel } from '../../support/boards.ts'
import type { Mark, QueryData, Series, Shown } from './panel-data.ts'
import { formatValue } from './units.ts'

export interface Size {
  readonly width: number
  readonly height: number
}

/** One series as the graph and its legend show it. */
export interface ShownSeries {
  readonly name: string
  readonly colour: string
  readonly points: Series['points']
}

const PALETTE = [
  '#73BF69',
  '#F2CC0C',
  '#8AB8FF',
  '#FF780A',
  '#F2495C',
  '#5794F2',
  '#B877D9',
  '#705DA0',
  '#37872D',
]
const GREY = '#9da5b8'
const GRID_LINE = '#2c3038'
const EXEMPLARS_MAX = 60

/** The series of a graph with their names and colours, the largest first. */
export function shownSeries({ fieldConfig }: BoardPanel, queries: readonly QueryData[]): ShownSeries[] {
  return queries
    .flatMap(({ series }) => series)
    .map(({ name, points }, at) => {
      const found = fieldConfig.overrides.find(({ matcher }) => isMeant(matcher, name))?.properties ?? []
      const color = found.find(({ id }) => id === 'color')?.value as { fixedColor: string } | undefined
      const shown = found.find(({ id }) => id === 'displayName')?.value as string | undefined
      return {
        name: shown ?? name,
        colour: color?.fixedColor ?? PALETTE[at % PALETTE.length] ?? GREY,
        points,
      }
    })
}

function isMeant({ id, options }: { readonly id: string; readonly options: string }, name: string): boolean {
  return id === 'byRegexp' ? new RegExp(options.slice(1, -1)).test(name) : options === name
}

export function graphSvg(
  panel: BoardPanel,
  queries: readonly QueryData[],
  shown: Shown,
  marks: readonly Mark[],
  size: Size,
): string {
  const custom = panel.fieldConfig.defaults['custom'] as {
    drawStyle: string
    fillOpacity: number
    lineWidth: number
    stacking: { mode: string }
  }
  const isStacked = custom.stacking.mode === 'normal'
  const series = shownSeries(panel, queries)
  const times = timesOf(shown)
  const lines: SeriesOption[] = series.map(({ name, colour, points }) => {
    const data = isStacked ? filledUp(points, times) : points.map(([at, value]) => [at * 1000, finite(value)])
    const stack = isStacked ? { stack: 'all' } : {}
    if (custom.drawStyle === 'bars')
      return { type: 'bar', name, data, ...stack, itemStyle: { color: colour } }
    return {
      type: 'line',
      name,
      data,
      ...stack,
      symbol: 'none',
      lineStyle: { width: custom.lineWidth, color: colour },
      itemStyle: { color: colour },
      areaStyle: { color: colour, opacity: custom.fillOpacity / 100 },
    }
  })
  const top = topOf(panel, series, isStacked)
  lines.push(exemplarPoints(queries, top), ...decorations(panel, marks))
  return render({ ...frameOf(panel, shown, top), series: lines }, size)
}

/** The moments that a query over this time has points at. */
function timesOf({ from, to, stepS }: Shown): number[] {
  return Array.from({ length: Math.floor((to - from) / stepS) + 1 }, (_, at) => from + at * stepS)
}

/** ECharts stacks by position, so that every series needs a point at every moment. */
function filledUp(points: Series['points'], times: readonly number[]): number[][] {
  const known = new Map(points.map(([at, value]) => [Math.round(at * 1000), value]))
  return times.map((at) => [at * 1000, finite(known.get(Math.round(at * 1000)) ?? 0)])
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0
}

/** The line behind a number. */
export function sparklineSvg(series: readonly Series[], colour: string, shown: Shown, size: Size): string {
  const [first] = series
  return render(
    {
      animation: false,
      grid: { left: 0, right: 0, top: 4, bottom: 0 },
      xAxis: { type: 'time', show: false, min: shown.from * 1000, max: shown.to * 1000 },
      yAxis: { type: 'value', show: false, min: 0 },
      series: [
        {
          type: 'line',
          data: (first?.points ?? []).map(([at, value]) => [at * 1000, finite(value)]),
          symbol: 'none',
          lineStyle: { width: 1, color: colour },
          areaStyle: { color: colour, opacity: 0.2 },
        },
      ],
    },
    size,
  )
}

export function heatmapSvg(
  panel: BoardPanel,
  queries: readonly QueryData[],
  shown: Shown,
  size: Size,
): string {
  const buckets = (queries[0]?.series ?? []).toSorted((a, b) => boundOf(a) - boundOf(b))
  const unit = ((panel.options['yAxis'] ?? {}) as { unit?: string }).unit ?? 'none'
  const times = [...new Set(buckets.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b)
  const cells = buckets.flatMap(({ points }, row) =>
    points.map(([at, value]) => {
      const below = buckets[row - 1]?.points.find(([time]) => time === at)?.[1] ?? 0
      return [times.indexOf(at), row, Math.max(0, value - below)]
    }),
  )
  const most = Math.max(1, ...cells.map(([, , count = 0]) => count))
  return render(
    {
      animation: false,
      grid: { left: 58, right: 8, top: 8, bottom: 22 },
      xAxis: {
        type: 'category',
        data: times.map((at) => new Date(at * 1000).toISOString().slice(11, 16)),
        axisLabel: { color: GREY, fontSize: 10, interval: Math.ceil(times.length / 7) },
        axisTick: { show: false },
      },
      yAxis: {
        type: 'category',
        data: buckets.map((bucket) => boundText(bucket, unit)),
        axisLabel: { color: GREY, fontSize: 10 },
        axisTick: { show: false },
      },
      visualMap: {
        show: false,
        min: 0,
        max: Math.sqrt(most),
        dimension: 3,
        inRange: { color: ['#181b1f', '#1f3d6e', '#5794F2', '#d5e4ff'] },
      },
      series: [
        {
          type: 'heatmap',
          data: cells
            .filter(([, , count = 0]) => count > 0.001)
            .map(([column = 0, row = 0, count = 0]) => [column, row, count, Math.sqrt(count)]),
        },
      ],
    },
    size,
  )
}

function boundText(bucket: Series, unit: string): string {
  const bound = boundOf(bucket)
  return Number.isFinite(bound) ? formatValue(bound, unit, undefined, 0) : '+Inf'
}

function boundOf({ labels }: Series): number {
  return labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels['le'])
}

function topOf({ fieldConfig }: BoardPanel, series: readonly ShownSeries[], isStacked: boolean): number {
  const max = fieldConfig.defaults['max'] as number | undefined
  if (max !== undefined) return max
  const byTime = new Map<number, number>()
  for (const { points } of series) {
    for (const [at, value] of points) {
      if (!Number.isFinite(value)) continue
      byTime.set(at, isStacked ? (byTime.get(at) ?? 0) + value : Math.max(byTime.get(at) ?? 0, value))
    }
  }
  return Math.max(0, ...byTime.values()) * 1.08
}

function frameOf({ fieldConfig }: BoardPanel, shown: Shown, top: number): EChartsOption {
  const { unit = 'none', decimals } = fieldConfig.defaults as { unit?: string; decimals?: number }
  const height = top === 0 ? 1 : top
  const step = decimals === 0 ? Math.max(1, Math.ceil(height / 4)) : height / 4
  const label = (value: number): string => formatValue(value, unit, decimals, shown.to * 1000)
  return {
    animation: false,
    grid: { left: 70, right: 10, top: 8, bottom: 22 },
    xAxis: {
      type: 'time',
      min: shown.from * 1000,
      max: shown.to * 1000,
      axisLabel: { color: GREY, fontSize: 10, hideOverlap: true, formatter: '{HH}:{mm}' },
      axisLine: { lineStyle: { color: GRID_LINE } },
      minInterval: 60_000,
    },
    yAxis: {
      type: 'value',
      min: 0,
      max: height,
      interval: step,
      axisLabel: { color: GREY, fontSize: 10, formatter: label },
      splitLine: { lineStyle: { color: GRID_LINE } },
    },
  }
}

/** As Grafana puts them: at their value, or at the edge where that is beyond it. */
function exemplarPoints(queries: readonly QueryData[], top: number): SeriesOption {
  const found = queries.flatMap(({ exemplars }) => exemplars)
  const step = Math.max(1, Math.ceil(found.length / EXEMPLARS_MAX))
  return {
    type: 'scatter',
    symbol: 'diamond',
    symbolSize: 6,
    itemStyle: { color: '#73BF69', opacity: 0.9 },
    data: found.filter((_, at) => at % step === 0).map(({ at, value }) => [at * 1000, Math.min(value, top)]),
    z: 10,
  }
}

function decorations({ fieldConfig }: BoardPanel, marks: readonly Mark[]): SeriesOption[] {
  const thresholds = fieldConfig.defaults['thresholds'] as
    | { steps: { value: number | null; color: string }[] }
    | undefined
  const limits = (thresholds?.steps ?? []).filter(({ value }) => value !== null)
  const data = [
    ...marks.map(({ at, colour }) => ({
      xAxis: at * 1000,
      lineStyle: { color: colour, type: 'dashed' as const, width: 1 },
    })),
    ...limits.map(({ value, color }) => ({
      yAxis: value ?? 0,
      lineStyle: { color, type: 'dashed' as const, width: 1 },
    })),
  ]
  return [
    {
      type: 'line',
      data: [],
      markLine: { symbol: 'none', silent: true, label: { show: false }, animation: false, data },
    },
  ]
}

function render(option: EChartsOption, { width, height }: Size): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  chart.setOption(option)
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
}
