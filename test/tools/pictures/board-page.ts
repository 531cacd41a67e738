// A board as one page of HTML: its rows and panels at the places of the grid, each with what its queries gave. No script
// runs in it. It is a picture for people who look at the boards; what proves them is test/integration/dashboards.test.ts.

import type { Board, BoardPanel } from '../../support/boards.ts'
import { graphSvg, heatmapSvg, shownSeries, sparklineSvg } from './chart-svg.ts'
import { markdownHtml, escapeHtml } from './markdown.ts'
import type { Mark, QueryData, Shown } from './panel-data.ts'
import { type Cell, tableOf } from './table-rows.ts'
import { formatValue } from './units.ts'

export const PAGE_WIDTH = 1500
const COLUMN = PAGE_WIDTH / 24
const ROW = 34
const GAP = 8
const TITLE = 26

export interface FilledPanel {
  readonly panel: BoardPanel
  readonly queries: readonly QueryData[]
}

const STYLE = `
body { margin: 0; background: #111217; color: #ccccdc; font: 12px Inter, "DejaVu Sans", Arial, sans-serif; }
.panel { position: absolute; box-sizing: border-box; background: #181b1f; border: 1px solid #2a2e35; border-radius: 3px; overflow: hidden; }
.panel h2 { margin: 0; padding: 5px 8px; height: 16px; font-size: 13px; font-weight: 500; white-space: nowrap; }
.row { position: absolute; left: 4px; font-size: 15px; font-weight: 500; line-height: 30px; white-space: nowrap; }
.row b { color: #9da5b8; font-weight: 400; }
.number { text-align: center; font-weight: 500; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th { text-align: left; color: #6e9fff; font-weight: 500; padding: 3px 8px; border-bottom: 1px solid #2a2e35; }
td { padding: 3px 8px; border-bottom: 1px solid #22262c; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; height: 17px; }
.right { text-align: right; }
.link { text-decoration: underline; text-decoration-color: #6e9fff88; }
.fill { text-align: center; font-weight: 500; }
.legend { overflow: hidden; }
.legend td { border: 0; padding: 1px 6px; font-size: 11px; height: 14px; }
.legend th { border: 0; padding: 1px 6px; font-size: 11px; color: #9da5b8; }
.key { display: inline-block; width: 12px; height: 4px; margin-right: 6px; vertical-align: middle; border-radius: 2px; }
.prose { padding: 0 10px; line-height: 1.5; } .prose a { color: #6e9fff; } .prose code { background: #22252b; }
`

/** The page, and its height in pixels. */
export function boardPage(
  board: Board,
  panels: readonly FilledPanel[],
  shown: Shown,
  marks: readonly Mark[],
): { html: string; height: number } {
  const rows = board.panels.filter(({ type }) => type === 'row').map(rowHtml)
  const boxes = panels.map((filled) => panelHtml(filled, shown, marks))
  const bottom = Math.max(
    ...[...board.panels, ...panels.map(({ panel }) => panel)].map(({ gridPos }) => gridPos.y + gridPos.h),
  )
  const html = `<!doctype html><meta charset="utf-8"><title>${escapeHtml(board.title)}</title><style>${STYLE}</style>${rows.join('')}${boxes.join('')}`
  return { html, height: bottom * ROW + GAP }
}

function rowHtml({ title, gridPos, collapsed = false, panels = [] }: BoardPanel): string {
  const count = collapsed ? ` <b>(${panels.length} panels)</b>` : ''
  return `<div class="row" style="top:${gridPos.y * ROW}px"><b>${collapsed ? '▸' : '▾'}</b> ${escapeHtml(title.replaceAll(/\$\w+/g, 'All'))}${count}</div>`
}

function panelHtml({ panel, queries }: FilledPanel, shown: Shown, marks: readonly Mark[]): string {
  const { x, y, w, h } = panel.gridPos
  const width = w * COLUMN - GAP
  const height = h * ROW - GAP
  const inside = contentHtml(panel, queries, shown, marks, { width: width - 2, height: height - TITLE - 2 })
  const place = `left:${x * COLUMN + GAP / 2}px;top:${y * ROW}px;width:${width}px;height:${height}px`
  return `<div class="panel" style="${place}"><h2>${escapeHtml(panel.title)}</h2>${inside}</div>`
}

interface Size {
  readonly width: number
  readonly height: number
}

function contentHtml(
  panel: BoardPanel,
  queries: readonly QueryData[],
  shown: Shown,
  marks: readonly Mark[],
  size: Size,
): string {
  switch (panel.type) {
    case 'stat':
      return numberHtml(panel, queries, shown, size)
    case 'timeseries':
      return graphHtml(panel, queries, shown, marks, size)
    case 'heatmap':
      return heatmapSvg(panel, queries, shown, size)
    case 'table':
      return tableHtml(panel, queries, shown)
    case 'text':
      return `<div class="prose">${markdownHtml(String(panel.options['content']))}</div>`
    default:
      throw new Error(`no way to draw a panel of type ${panel.type}`)
  }
}

function numberHtml(panel: BoardPanel, queries: readonly QueryData[], shown: Shown, size: Size): string {
  const [query] = queries
  const value = query?.samples[0]?.value ?? query?.series[0]?.points.at(-1)?.[1]
  const {
    unit = 'none',
    decimals,
    noValue,
  } = panel.fieldConfig.defaults as {
    unit?: string
    decimals?: number
    noValue?: string
  }
  const { steps } = panel.fieldConfig.defaults['thresholds'] as {
    steps: { value: number | null; color: string }[]
  }
  const step = steps.findLast(
    (each) => each.value === null || (value ?? Number.NEGATIVE_INFINITY) >= each.value,
  )
  const colour = step?.color ?? '#ccccdc'
  const text =
    value === undefined ? (noValue ?? 'No data') : formatValue(value, unit, decimals, shown.to * 1000)
  const hasTrend = panel.options['graphMode'] === 'area'
  const line = hasTrend ? Math.round(size.height * 0.4) : 0
  const font = Math.min(34, (size.width / text.length) * 1.5)
  const number = `<div class="number" style="color:${colour};font-size:${font}px;line-height:${size.height - line}px">${escapeHtml(text)}</div>`
  if (!hasTrend) return number
  return `${number}${sparklineSvg(query?.series ?? [], colour, shown, { width: size.width, height: line })}`
}

function graphHtml(
  panel: BoardPanel,
  queries: readonly QueryData[],
  shown: Shown,
  marks: readonly Mark[],
  { width, height }: Size,
): string {
  const legend = panel.options['legend'] as { placement: string }
  const isRight = legend.placement === 'right'
  const count = shownSeries(panel, queries).length
  const legendWidth = isRight ? Math.round(width * 0.42) : width
  const legendHeight = isRight ? height : Math.min(Math.round(height * 0.42), (count + 1) * 18 + 4)
  const chart = graphSvg(panel, queries, shown, marks, {
    width: isRight ? width - legendWidth : width,
    height: isRight ? height : height - legendHeight,
  })
  const table = `<div class="legend" style="width:${legendWidth}px;height:${legendHeight}px">${legendHtml(panel, queries, shown)}</div>`
  return isRight ? `<div style="display:flex">${chart}${table}</div>` : `${chart}${table}`
}

function legendHtml(panel: BoardPanel, queries: readonly QueryData[], shown: Shown): string {
  const { unit = 'none', decimals } = panel.fieldConfig.defaults as { unit?: string; decimals?: number }
  const write = (value: number): string => formatValue(value, unit, decimals, shown.to * 1000)
  const rows = shownSeries(panel, queries)
    .map(({ name, colour, points }) => {
      const values = points.map(([, value]) => value).filter(Number.isFinite)
      return { name, colour, last: values.at(-1) ?? Number.NaN, max: Math.max(...values) }
    })
    .sort((a, b) => b.max - a.max)
    .map(
      ({ name, colour, last, max }) =>
        `<tr><td><span class="key" style="background:${colour}"></span>${escapeHtml(name)}</td><td class="right">${write(last)}</td><td class="right">${write(max)}</td></tr>`,
    )
  return `<table><colgroup><col><col style="width:78px"><col style="width:78px"></colgroup><tr><th>Name</th><th class="right">Last</th><th class="right">Max</th></tr>${rows.join('')}</table>`
}

function tableHtml(panel: BoardPanel, queries: readonly QueryData[], shown: Shown): string {
  const { columns, rows } = tableOf(panel, queries, shown.to * 1000)
  const widths = columns.map(({ width }) => `<col${width === undefined ? '' : ` style="width:${width}px"`}>`)
  const heads = columns.map(
    ({ title, isNumber }) => `<th${isNumber ? ' class="right"' : ''}>${escapeHtml(title)}</th>`,
  )
  const body = rows.map(
    (row) => `<tr>${row.map((cell, at) => cellHtml(cell, columns[at]?.isNumber === true)).join('')}</tr>`,
  )
  return `<table><colgroup>${widths.join('')}</colgroup><tr>${heads.join('')}</tr>${body.join('')}</table>`
}

function cellHtml({ text, fill, isLink }: Cell, isNumber: boolean): string {
  const shown = isLink ? `<span class="link">${escapeHtml(text)}</span>` : escapeHtml(text)
  if (fill !== undefined) {
    return `<td class="fill" style="background:${fill};color:${contrastTo(fill)}">${shown}</td>`
  }
  return `<td${isNumber ? ' class="right"' : ''}>${shown}</td>`
}

/** Black or white, whichever is read better on it. */
function contrastTo(colour: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16))
  return (red * 299 + green * 587 + blue * 114) / 1000 > 150 ? '#111217' : '#ffffff'
}
