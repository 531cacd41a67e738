// A histogram over time: how many observations fell into each bucket, and exemplars on it that lead to traces.

import {
  PanelBuilder,
  YAxisConfigBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapTooltipBuilder,
  CellValuesBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { TooltipDisplayMode } from '@grafana/grafana-foundation-sdk/common'
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import { buckets } from '../queries.ts'
import { stepIncrease, sum } from '../promql.ts'
import { frame, type Frame } from './frame.ts'

export interface HeatmapText extends Frame {
  /** Selector of `*_bucket`. */
  readonly of: string
  /** Of the observations. */
  readonly unit: string
  /** False: what is observed is no request, and has no trace to lead to. */
  readonly exemplars?: boolean
}

export function heatmap(text: HeatmapText): Builder<Panel> {
  return frame(new PanelBuilder(), text, [
    buckets(sum(stepIncrease(text.of), 'le')).exemplar(text.exemplars ?? true),
  ])
    .unit('short')
    .calculate(false)
    .yAxis(new YAxisConfigBuilder().unit(text.unit))
    .color(
      new HeatmapColorOptionsBuilder()
        .mode(HeatmapColorMode.Scheme)
        .scheme('Blues')
        .fill('dark-blue')
        .exponent(0.5)
        .steps(64),
    )
    .cellValues(new CellValuesBuilder().unit('short'))
    .tooltip(new HeatmapTooltipBuilder().mode(TooltipDisplayMode.Single).yHistogram(true))
    .exemplarsColor('#FF9830')
    .showLegend()
}
