// Rows of panels, laid out on Grafana's grid of 24 columns from left to right and top to bottom, and numbered.
// Must never leave a hole: what does not fill its line is a fault of the topic, and a test finds it.

import { type Panel as BuiltPanel, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'

export const GRID_COLUMNS = 24

/** A panel before it has its place. */
export type Panel = Builder<BuiltPanel>

export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
  /** True: closed until somebody opens it; its queries are not asked before. */
  readonly collapsed?: boolean
}

export interface LaidOutRow {
  readonly row: RowBuilder
  /** Those that stand beside the row; the panels of a collapsed row are inside it. */
  readonly open: readonly Panel[]
}

/** Places every row and panel. Ids are numbers in the order of reading, so that a board reads like its JSON. */
export function layOut(rows: readonly Row[]): LaidOutRow[] {
  let id = 0
  let y = 0
  return rows.map(({ title, panels, collapsed = false }) => {
    const row = new RowBuilder(title)
      .id(++id)
      .collapsed(collapsed)
      .gridPos({ x: 0, y, w: GRID_COLUMNS, h: 1 })
    const { placed, height } = place(panels, y + 1, () => ++id)
    y += 1 + (collapsed ? 0 : height)
    if (!collapsed) return { row, open: placed }
    for (const panel of placed) row.withPanel(panel)
    return { row, open: [] }
  })
}

function place(
  panels: readonly Panel[],
  top: number,
  nextId: () => number,
): { placed: Panel[]; height: number } {
  let x = 0
  let y = top
  let lineHeight = 0
  const placed = panels.map((builder) => {
    const panel = builder.build()
    const { w = 0, h = 0 } = panel.gridPos ?? {}
    if (x + w > GRID_COLUMNS) {
      x = 0
      y += lineHeight
      lineHeight = 0
    }
    panel.id = nextId()
    panel.gridPos = { x, y, w, h }
    x += w
    lineHeight = Math.max(lineHeight, h)
    return { build: () => panel }
  })
  return { placed, height: y + lineHeight - top }
}
