// One number, large enough to be read across a room, coloured by what it means, with how it came about behind it.

import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  ReduceDataOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import type { Panel, ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/stat'
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { Link } from '../explore-links.ts'
import type { Query } from '../queries.ts'
import { frame, type Frame } from './frame.ts'
import { type Steps, thresholds } from './steps.ts'

export interface NumberText extends Frame {
  readonly unit: string
  /** Over time where `trend`, else at the end. */
  readonly query: Query
  /** Colours by value: the first holds from minus infinity. */
  readonly steps: Steps
  readonly trend?: boolean
  readonly decimals?: number
  readonly mappings?: readonly ValueMapping[]
  /** What is shown where there are no data. */
  readonly noValue?: string
  readonly valueLinks?: readonly Link[]
}

export function number(text: NumberText): Builder<Panel> {
  const panel = frame(new PanelBuilder(), text, [text.query])
    .unit(text.unit)
    .colorMode(BigValueColorMode.Value)
    .graphMode(text.trend === true ? BigValueGraphMode.Area : BigValueGraphMode.None)
    .textMode(BigValueTextMode.Value)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .thresholds(thresholds(text.steps))
  if (text.decimals !== undefined) panel.decimals(text.decimals)
  if (text.mappings !== undefined) panel.mappings([...text.mappings])
  if (text.noValue !== undefined) panel.noValue(text.noValue)
  if (text.valueLinks !== undefined) panel.dataLinks([...text.valueLinks])
  return panel
}
