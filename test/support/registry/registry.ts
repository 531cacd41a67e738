// The telemetry registry, otel/registry.yaml, read and made ready to look things up in. Dashboards, alerts, pages and
// what the tests receive are held to it.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { type Row, rowsOf } from './rows.ts'
import { ValueSet } from './value-set.ts'

const FILE = path.join(import.meta.dirname, '../../../otel/registry.yaml')

export const VALUE_TYPES = ['string', 'int', 'double', 'boolean', 'string[]', 'object', 'object[]'] as const
export type ValueType = (typeof VALUE_TYPES)[number]
const STABILITIES = ['stable', 'development'] as const
const METRIC_TYPES = ['counter', 'gauge', 'histogram', 'summary'] as const
const SPAN_KINDS = ['server', 'client', 'internal'] as const

interface Named {
  readonly name: string
  readonly stability: (typeof STABILITIES)[number]
  readonly meaning: string
  readonly unit: string | undefined
}

export interface FieldRow extends Named {
  readonly type: ValueType
  readonly values: ValueSet | undefined
  /** The value may be null. */
  readonly nullable: boolean
}

export interface AttributeRow extends FieldRow {
  readonly on: readonly string[]
  readonly convention: boolean
  /** The name is followed by a point and a further name. */
  readonly template: string | undefined
}

export interface SpanRow {
  readonly id: string
  /** `{attribute}` stands for the value of that attribute. */
  readonly names: readonly string[]
  readonly title: string
  readonly kind: (typeof SPAN_KINDS)[number]
  readonly parent: string
  readonly when: string
  readonly stability: (typeof STABILITIES)[number]
  readonly always: readonly string[]
}

export interface EventRow extends Named {
  readonly id: string
  readonly on: readonly string[]
  readonly convention: boolean
  readonly always: readonly string[]
}

export interface LinkRow {
  readonly id: string
  readonly on: readonly string[]
  readonly meaning: string
}

export interface MetricRow extends Named {
  readonly type: (typeof METRIC_TYPES)[number]
  readonly labels: ReadonlyMap<string, ValueSet>
  /** Bounds of a histogram, or quantiles of a summary. */
  readonly bounds: number
  readonly exemplars: boolean
  /** Empty where it is there from the start. */
  readonly present: string
  /** The gateway's, Node's, or made by the Collector. */
  readonly by: 'gateway' | 'runtime' | 'collector'
  /** Series of a page, those of buckets and sums among them: of each ApiProxy, and of the process. */
  readonly most: { readonly perApiProxy: number; readonly fixed: number }
}

export interface Registry {
  readonly sets: ReadonlyMap<string, ValueSet>
  readonly spans: readonly SpanRow[]
  readonly events: readonly EventRow[]
  readonly links: readonly LinkRow[]
  readonly attributes: ReadonlyMap<string, AttributeRow>
  /** All that a scrape of the gateway has. By the name that Prometheus knows it by, `_total` included, `_bucket` not. */
  readonly metrics: ReadonlyMap<string, MetricRow>
  /** What the Collector makes of spans, for those who ask Prometheus. */
  readonly collectorMetrics: ReadonlyMap<string, MetricRow>
  /** In the order in which a line has them. */
  readonly accessLog: ReadonlyMap<string, FieldRow>
  readonly programLog: ReadonlyMap<string, FieldRow>
}

let registry: Registry | undefined

/** The registry of this checkout; read once. Throws, with the place, where it is malformed. */
export function telemetryRegistry(): Registry {
  registry ??= readRegistry(parse(readFileSync(FILE, 'utf8')))
  return registry
}

/** @param raw the parsed YAML */
export function readRegistry(raw: unknown): Registry {
  const file = raw as Readonly<Record<string, unknown>>
  const sets = new Map(
    Object.entries(file['sets'] as object).map(([name, set]) => [name, new ValueSet(name, set)] as const),
  )
  return {
    sets,
    spans: rowsOf(file['spans'], 'spans', SPAN_KEYS).map(spanOf),
    events: rowsOf(file['events'], 'events', EVENT_KEYS).map(eventOf),
    links: rowsOf(file['links'], 'links', ['id', 'on', 'stability', 'meaning']).map((row) => ({
      id: row.text('id'),
      on: row.texts('on'),
      meaning: row.text('meaning'),
    })),
    attributes: byName(
      rowsOf(file['attributes'], 'attributes', ATTRIBUTE_KEYS).map((row) => attributeOf(row, sets)),
    ),
    metrics: byName([
      ...rowsOf(file['metrics'], 'metrics', METRIC_KEYS).map((row) => metricOf(row, sets, 'gateway')),
      ...rowsOf(file['runtime_metrics'], 'runtime_metrics', METRIC_KEYS).map((row) =>
        metricOf(row, sets, 'runtime'),
      ),
    ]),
    collectorMetrics: byName(
      rowsOf(file['collector_metrics'], 'collector_metrics', METRIC_KEYS).map((row) =>
        metricOf(row, sets, 'collector'),
      ),
    ),
    accessLog: byName(rowsOf(file['access_log'], 'access_log', FIELD_KEYS).map((row) => fieldOf(row, sets))),
    programLog: byName(
      rowsOf(file['program_log'], 'program_log', FIELD_KEYS).map((row) => fieldOf(row, sets)),
    ),
  }
}

const FIELD_KEYS = ['name', 'type', 'unit', 'values', 'nullable', 'stability', 'meaning']
const ATTRIBUTE_KEYS = [...FIELD_KEYS, 'on', 'convention', 'template']
const SPAN_KEYS = ['id', 'names', 'name', 'kind', 'parent', 'when', 'stability', 'always']
const EVENT_KEYS = ['id', 'name', 'on', 'convention', 'stability', 'meaning', 'always']
const METRIC_KEYS = [
  'name',
  'type',
  'unit',
  'labels',
  'buckets',
  'quantiles',
  'series',
  'exemplars',
  'present',
  'stability',
  'meaning',
]

function fieldOf(row: Row, sets: Registry['sets']): FieldRow {
  const values = row.maybeText('values')
  return {
    ...namedOf(row),
    type: row.oneOf('type', VALUE_TYPES),
    values: values === undefined ? undefined : setOf(row, values, sets),
    nullable: row.flag('nullable'),
  }
}

function attributeOf(row: Row, sets: Registry['sets']): AttributeRow {
  return {
    ...fieldOf(row, sets),
    on: row.texts('on'),
    convention: row.flag('convention'),
    template: row.maybeText('template'),
  }
}

function spanOf(row: Row): SpanRow {
  return {
    id: row.text('id'),
    names: row.texts('names'),
    title: row.text('name'),
    kind: row.oneOf('kind', SPAN_KINDS),
    parent: row.text('parent'),
    when: row.text('when'),
    stability: row.oneOf('stability', STABILITIES),
    always: row.texts('always'),
  }
}

function eventOf(row: Row): EventRow {
  return {
    ...namedOf(row),
    id: row.text('id'),
    on: row.texts('on'),
    convention: row.flag('convention'),
    always: row.texts('always'),
  }
}

function metricOf(row: Row, sets: Registry['sets'], by: MetricRow['by']): MetricRow {
  const type = row.oneOf('type', METRIC_TYPES)
  const labels = new Map(row.pairs('labels').map(([label, set]) => [label, setOf(row, set, sets)] as const))
  const bounds = row.count('buckets') ?? row.count('quantiles') ?? 0
  if (bounds > 0 !== (type === 'histogram' || type === 'summary'))
    throw new Error(`${row.at}: ${type}, ${bounds} bounds`)
  const series = row.row('series', ['apiproxy', 'most', 'by'])
  const decisive = series.maybeText('by')
  const product = [...labels]
    .filter(([label]) => decisive === undefined || label === decisive)
    .reduce((most, [, set]) => most * set.most, 1)
  const perApiProxy = series.count('apiproxy') ?? 0
  const fixed = perApiProxy > 0 ? 0 : (series.count('most') ?? product)
  if (!Number.isFinite(fixed) && by !== 'collector') throw new Error(`${row.at}: nothing bounds its series`)
  const each = type === 'histogram' ? bounds + 3 : type === 'summary' ? bounds + 2 : 1
  return {
    ...namedOf(row, by),
    type,
    labels,
    bounds,
    exemplars: row.flag('exemplars'),
    present: row.maybeText('present') ?? '',
    by,
    most: { perApiProxy: perApiProxy * each, fixed: fixed * each },
  }
}

/** Node's own metrics are prom-client's, and as stable as it keeps them. */
function namedOf(row: Row, by: MetricRow['by'] = 'gateway'): Named {
  return {
    name: row.text('name'),
    stability: by === 'runtime' ? 'development' : row.oneOf('stability', STABILITIES),
    meaning: row.text('meaning'),
    unit: row.maybeText('unit'),
  }
}

function setOf(row: Row, name: string, sets: Registry['sets']): ValueSet {
  const set = sets.get(name)
  if (set === undefined) throw new Error(`${row.at}: there is no set ${name}`)
  return set
}

function byName<T extends { readonly name: string }>(rows: readonly T[]): ReadonlyMap<string, T> {
  const map = new Map<string, T>()
  for (const row of rows) {
    if (map.has(row.name)) throw new Error(`${row.name} stands there twice`)
    map.set(row.name, row)
  }
  return map
}
