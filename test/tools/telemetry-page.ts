// Puts the tables of docs/telemetry.md into it, from otel/registry.yaml. The page's own text stays as it stands between
// them: a table is what is between the two comments that bear its name.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import {
  type AttributeRow,
  type FieldRow,
  type MetricRow,
  type Registry,
  telemetryRegistry,
} from '../support/registry/registry.ts'
import { seriesBound, seriesTable } from './series-table.ts'

const PAGE = path.join(import.meta.dirname, '../../docs/telemetry.md')
const BLOCK = /<!-- table (\w+) -->\n[\s\S]*?<!-- end (\w+) -->/g

/** The page of this checkout, with its tables made anew. */
export function telemetryPage(): string {
  return withTables(readFileSync(PAGE, 'utf8'), telemetryRegistry())
}

/** @throws where a table is not closed by its own name, is unknown, or is not on the page */
export function withTables(page: string, registry: Registry): string {
  const unused = new Set(Object.keys(TABLES))
  const filled = page.replaceAll(BLOCK, (_, name: string, end: string) => {
    const table = TABLES[name]
    if (table === undefined || name !== end) throw new Error(`docs/telemetry.md: table ${name}, end ${end}`)
    unused.delete(name)
    return `<!-- table ${name} -->\n${table(registry)}\n<!-- end ${name} -->`
  })
  if (unused.size > 0) throw new Error(`docs/telemetry.md lacks the tables ${[...unused].join(', ')}`)
  return filled
}

const TABLES: Readonly<Record<string, (registry: Registry) => string>> = {
  spans: ({ spans }) =>
    table(
      ['span', 'kind', 'parent', 'when'],
      spans.map(({ title, kind, parent, when }) => [title, kind, parent, when]),
    ),
  events: ({ events, links }) =>
    table(
      ['', 'on the span', 'what'],
      [
        ...events.map(({ name, on, meaning }) => [`event \`${name}\``, on.join(', '), meaning]),
        ...links.map(({ on, meaning }) => ['link', on.join(', '), meaning]),
      ],
    ),
  server: (registry) => attributes(registry, 'server'),
  exception: (registry) => attributes(registry, 'exception'),
  client: (registry) => attributes(registry, 'client'),
  batch: (registry) => attributes(registry, 'batch'),
  event: (registry) => attributes(registry, 'event'),
  resource: (registry) => attributes(registry, 'resource'),
  metrics: ({ metrics }) => metricTable([...metrics.values()].filter(({ by }) => by === 'gateway')),
  runtime: ({ metrics }) => metricTable([...metrics.values()].filter(({ by }) => by === 'runtime')),
  collector: ({ collectorMetrics }) => metricTable([...collectorMetrics.values()]),
  bound: (registry) => seriesBound(registry),
  series: (registry) => seriesTable(registry),
  access: ({ accessLog }) => fields(accessLog.values()),
  program: ({ programLog }) => fields(programLog.values()),
}

function attributes({ attributes: all }: Registry, on: string): string {
  const rows = [...all.values()].filter((row) => row.on.includes(on))
  return table(
    ['attribute', 'type', 'stability', 'value'],
    rows.map((row) => [attributeName(row), typeOf(row), row.stability, row.meaning]),
  )
}

function attributeName({ name, template }: AttributeRow): string {
  return template === undefined ? `\`${name}\`` : `\`${name}.<${template}>\``
}

function metricTable(metrics: readonly MetricRow[]): string {
  return table(
    ['metric', 'type', 'unit', 'labels', 'stability', 'what'],
    metrics.map((row) => [
      `\`${row.name}\``,
      row.type,
      row.unit === undefined || row.unit === '1' ? '' : `\`${row.unit}\``,
      [...row.labels.keys()].map((label) => `\`${label}\``).join(', '),
      row.stability,
      row.present === '' ? row.meaning : `${row.meaning} (${row.present})`,
    ]),
  )
}

function fields(rows: Iterable<FieldRow>): string {
  return table(
    ['field', 'type', 'stability', 'what'],
    Array.from(rows, (row) => [`\`${row.name}\``, typeOf(row), row.stability, row.meaning]),
  )
}

function typeOf({ type, unit, nullable }: FieldRow): string {
  return `${type}${unit === undefined ? '' : `, \`${unit}\``}${nullable ? ' or null' : ''}`
}

/** A Markdown table; a vertical line in a cell is escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `|${cells.map((cell) => (cell === '' ? ' ' : ` ${cell.replaceAll('|', '\\|')} `)).join('|')}|`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}
