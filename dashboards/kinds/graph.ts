// A graph over time. Lines by default, filled and stacked where the parts make a whole. The legend is a table with the
// last and the largest value, since at night nobody reads a value off an axis.

import {
  GraphDrawStyle,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
  StackingConfigBuilder,
  GraphThresholdsStyleConfigBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { FieldColorModeId, type Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import { BAD } from '../colours.ts'
import type { Link } from '../explore-links.ts'
import type { Query } from '../queries.ts'
import { frame, type Frame } from './frame.ts'
import { thresholds } from './steps.ts'

export interface GraphText extends Frame {
  readonly unit: string
  readonly queries: readonly Query[]
  /** Parts of a whole, one above the other. */
  readonly stacked?: boolean
  /** Bars: for what happens now and then. */
  readonly bars?: boolean
  /** By the name of a series: its colour. */
  readonly colours?: Readonly<Record<string, string>>
  /** By a regular expression over names of series: the colour of which they are shades. */
  readonly shades?: Readonly<Record<string, string>>
  /** By the name of a series: what the legend says instead. */
  readonly names?: Readonly<Record<string, string>>
  /** Where a click on a series leads. */
  readonly seriesLinks?: readonly Link[]
  /** A red line: an objective or a limit. */
  readonly limit?: number
  readonly max?: number
  /** False: the axis need not begin at 0. */
  readonly fromZero?: boolean
  readonly legend?: 'right' | 'bottom'
  readonly decimals?: number
}

export function graph(text: GraphText): Builder<Panel> {
  const { unit, queries, stacked = false, bars = false, fromZero = true } = text
  const panel = frame(new PanelBuilder(), text, queries)
    .unit(unit)
    .drawStyle(bars ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .lineWidth(stacked || bars ? 0 : 2)
    .fillOpacity(stacked || bars ? 80 : 6)
    .showPoints(VisibilityMode.Never)
    .stacking(new StackingConfigBuilder().mode(stacked ? StackingMode.Normal : StackingMode.None))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .legend(legend(text.legend ?? 'bottom'))
  if (fromZero) panel.min(0)
  if (text.max !== undefined) panel.max(text.max)
  if (text.decimals !== undefined) panel.decimals(text.decimals)
  if (text.seriesLinks !== undefined) panel.dataLinks([...text.seriesLinks])
  if (text.limit !== undefined) addLimit(panel, text.limit)
  addOverrides(panel, text)
  return panel
}

function legend(placement: 'right' | 'bottom'): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.Table)
    .placement(placement === 'right' ? LegendPlacement.Right : LegendPlacement.Bottom)
    .calcs(['lastNotNull', 'max'])
    .sortBy('Max')
    .sortDesc(true)
}

function addLimit(panel: PanelBuilder, limit: number): void {
  panel
    .thresholds(thresholds(['transparent', [limit, BAD]]))
    .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed))
}

function addOverrides(panel: PanelBuilder, { colours = {}, names = {}, shades = {} }: GraphText): void {
  for (const [pattern, fixedColor] of Object.entries(shades)) {
    panel.overrideByRegexp(pattern, [{ id: 'color', value: { mode: FieldColorModeId.Shades, fixedColor } }])
  }
  for (const series of new Set([...Object.keys(colours), ...Object.keys(names)])) {
    const colour = colours[series]
    const name = names[series]
    panel.overrideByName(series, [
      ...(colour === undefined
        ? []
        : [{ id: 'color', value: { mode: FieldColorModeId.Fixed, fixedColor: colour } }]),
      ...(name === undefined ? [] : [{ id: 'displayName', value: name }]),
    ])
  }
}
