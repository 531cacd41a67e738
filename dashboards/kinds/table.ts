// A table: labels and values of one or several queries, joined where their labels are equal. Only the named columns are
// shown, in their order. Must never link from a column whose text is replaced by a mapping: a link gets the text.

import {
  TableCellBackgroundDisplayMode,
  TableCellDisplayMode,
  TableSortByFieldStateBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import type { DynamicConfigValue, Panel, ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table'
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { Link } from '../explore-links.ts'
import type { Query } from '../queries.ts'
import { frame, type Frame } from './frame.ts'
import { type Steps, thresholds } from './steps.ts'

export interface Column {
  /** The name of a label, or the letter of a query for its value: `A` is the first. */
  readonly of: string
  /** One word where a link asks for its value. */
  readonly title: string
  readonly unit?: string
  readonly decimals?: number
  /** Pixels. Without it, what is left over. */
  readonly width?: number
  readonly mappings?: readonly ValueMapping[]
  /** Colours by value: the first holds from minus infinity. */
  readonly steps?: Steps
  /** The colour of the mapping, or of the step, fills the cell. */
  readonly filled?: boolean
  readonly noValue?: string
  readonly links?: readonly Link[]
}

export interface TableText extends Frame {
  readonly queries: readonly Query[]
  readonly columns: readonly Column[]
  /** Title of the column by which it is sorted at first, the largest on top. */
  readonly sortBy: string
  /** True: the smallest on top. */
  readonly ascending?: boolean
}

const VALUE = /^[A-Z]$/

export function table(text: TableText): Builder<Panel> {
  const { queries, columns, sortBy } = text
  const sources = columns.map((column) => ({ title: column.title, fields: fieldsOf(column) }))
  const panel = frame(new PanelBuilder(), text, queries)
    .unit('short')
    .noValue('')
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'filterFieldsByName',
      options: { include: { names: sources.flatMap(({ fields }) => fields) } },
    })
    .withTransformation({
      id: 'organize',
      options: {
        indexByName: byField(sources, (_, at) => at),
        renameByName: byField(sources, (title) => title),
      },
    })
    .sortBy([new TableSortByFieldStateBuilder().displayName(sortBy).desc(text.ascending !== true)])
  for (const column of columns) panel.overrideByName(column.title, propertiesOf(column))
  return panel
}

/** A value is called after the letter of its query, but where only one query gave any. */
function fieldsOf({ of }: Column): string[] {
  if (!VALUE.test(of)) return [of]
  return of === 'A' ? ['Value #A', 'Value'] : [`Value #${of}`]
}

function byField<Value>(
  sources: readonly { readonly title: string; readonly fields: readonly string[] }[],
  valueOf: (title: string, at: number) => Value,
): Record<string, Value> {
  return Object.fromEntries(
    sources.flatMap(({ title, fields }, at) => fields.map((field) => [field, valueOf(title, at)])),
  )
}

function propertiesOf(column: Column): DynamicConfigValue[] {
  const { unit, decimals, width, mappings, steps, filled, noValue, links } = column
  const properties: DynamicConfigValue[] = []
  const set = (id: string, value: unknown): void => {
    if (value !== undefined) properties.push({ id, value })
  }
  // Grafana reads text as a number where it can: without a unit of its own the code `08` would be shown as 8.
  set('unit', unit ?? (VALUE.test(column.of) ? undefined : 'string'))
  set('decimals', decimals)
  set('custom.width', width)
  set('mappings', mappings)
  set('thresholds', steps && thresholds(steps).build())
  set('noValue', noValue)
  set('links', links?.map(dataLink))
  if (filled === true) {
    set('custom.cellOptions', {
      type: TableCellDisplayMode.ColorBackground,
      mode: TableCellBackgroundDisplayMode.Basic,
    })
  }
  return properties
}

/** A link of a cell is less than a link of a board: the rest of its fields means nothing there. */
function dataLink(link: Link): { title: string; url: string; targetBlank: boolean } {
  const { title, url = '', targetBlank } = link.build()
  return { title, url, targetBlank }
}
