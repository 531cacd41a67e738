// A table as Grafana makes it of several queries: joined where the labels that all of them have are equal, columns chosen,
// ordered and renamed, values written in their units, texts and colours of mappings and steps put in.

import type { BoardPanel } from '../../support/boards.ts'
import type { QueryData } from './panel-data.ts'
import { formatValue } from './units.ts'

export interface Cell {
  readonly text: string
  readonly value: string | number | undefined
  /** Behind the text. */
  readonly fill?: string
  readonly isLink: boolean
}

export interface TableData {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Cell[])[]
}

interface Column {
  readonly field: string
  readonly title: string
  readonly properties: Properties
  /** Pixels; what is left over where undefined. */
  readonly width: number | undefined
  readonly isNumber: boolean
}

type Row = Record<string, string | number>
type Properties = Readonly<Record<string, unknown>>

/** @param now milliseconds since the epoch */
export function tableOf(panel: BoardPanel, queries: readonly QueryData[], now: number): TableData {
  const organize = panel.transformations?.find(({ id }) => id === 'organize')?.options
  const renamed = (organize?.['renameByName'] ?? {}) as Record<string, string>
  const order = (organize?.['indexByName'] ?? {}) as Record<string, number>
  const rows = merged(queries)
  const present = new Set(rows.flatMap((row) => Object.keys(row)))
  const fields = Object.keys(renamed)
    .filter((field) => present.has(field) || (!field.startsWith('Value') && rows.length === 0))
    .sort((a, b) => (order[a] ?? 0) - (order[b] ?? 0))
  const columns = fields.map((field) => columnOf(panel, field, renamed[field] ?? field))
  const written = rows.map((row) =>
    columns.map(({ field, properties }) => cellOf(row[field], properties, panel, now)),
  )
  return { columns, rows: sorted(written, columns, panel) }
}

function columnOf(panel: BoardPanel, field: string, title: string): Column {
  const properties = propertiesOf(panel, title)
  const width = properties['custom.width'] as number | undefined
  return { field, title, properties, width, isNumber: field.startsWith('Value') }
}

function merged(queries: readonly QueryData[]): Row[] {
  const withData = queries.filter(({ samples }) => samples.length > 0)
  const labelsOf = (query: QueryData) => new Set(query.samples.flatMap(({ labels }) => Object.keys(labels)))
  const [first, ...others] = withData.map(labelsOf)
  const common = [...(first ?? [])].filter((label) => others.every((labels) => labels.has(label)))
  const rows = new Map<string, Row>()
  for (const { refId, samples } of withData) {
    for (const { labels, value } of samples) {
      const key = JSON.stringify(common.map((label) => labels[label] ?? ''))
      const row = rows.get(key) ?? {}
      rows.set(key, { ...row, ...labels, [queries.length === 1 ? 'Value' : `Value #${refId}`]: value })
    }
  }
  return [...rows.values()]
}

function propertiesOf({ fieldConfig }: BoardPanel, title: string): Properties {
  const found = fieldConfig.overrides.filter(({ matcher }) => matcher.options === title)
  return Object.fromEntries(found.flatMap(({ properties }) => properties.map(({ id, value }) => [id, value])))
}

function cellOf(
  value: string | number | undefined,
  properties: Properties,
  { fieldConfig }: BoardPanel,
  now: number,
): Cell {
  const isLink = properties['links'] !== undefined
  if (value === undefined) return { text: (properties['noValue'] ?? '') as string, value, isLink: false }
  const mapped = mappingOf(properties, value)
  const unit = (properties['unit'] ?? fieldConfig.defaults.unit ?? 'none') as string
  const decimals = properties['decimals'] as number | undefined
  const text = mapped?.text ?? (typeof value === 'number' ? formatValue(value, unit, decimals, now) : value)
  const fill = mapped?.color ?? (typeof value === 'number' ? stepColour(properties, value) : undefined)
  const isFilled = properties['custom.cellOptions'] !== undefined && fill !== undefined
  return { text, value, isLink, ...(isFilled && { fill }) }
}

function mappingOf(
  properties: Properties,
  value: string | number,
): { text?: string; color?: string } | undefined {
  const mappings = (properties['mappings'] ?? []) as {
    options: Record<string, { text?: string; color?: string }>
  }[]
  return mappings.map(({ options }) => options[String(value)]).find((found) => found !== undefined)
}

function stepColour(properties: Properties, value: number): string | undefined {
  const thresholds = properties['thresholds'] as
    | { steps: { value: number | null; color: string }[] }
    | undefined
  return thresholds?.steps.findLast((step) => step.value === null || value >= step.value)?.color
}

function sorted(
  rows: readonly Cell[][],
  columns: readonly { readonly title: string }[],
  { options }: BoardPanel,
): Cell[][] {
  const [by] = (options['sortBy'] ?? []) as { displayName: string; desc: boolean }[]
  const at = columns.findIndex(({ title }) => title === by?.displayName)
  if (at < 0) return [...rows]
  const sign = by?.desc === true ? -1 : 1
  return rows.toSorted((a, b) => sign * compare(a[at]?.value, b[at]?.value))
}

function compare(a: Cell['value'], b: Cell['value']): number {
  if (typeof a === 'string' || typeof b === 'string') return String(a ?? '').localeCompare(String(b ?? ''))
  return (a ?? Number.NEGATIVE_INFINITY) - (b ?? Number.NEGATIVE_INFINITY)
}
