// What the boards ask for is what the registry of telemetry says that there is: metrics, their labels, and the values that
// queries and links compare labels with. Exemplars are asked for where the registry has them.

import { describe, expect, test } from 'vitest'
import { type Board, type BoardQuery, fillIn, generatedBoards, linksOf, panelsOf } from '../support/boards.ts'
import { readPromql, type Selector } from '../support/promql.ts'
import { type MetricRow, telemetryRegistry } from '../support/registry/registry.ts'

const REGISTRY = telemetryRegistry()
/** Prometheus makes them of the target. */
const OF_TARGET = new Set(['job', 'instance', 'pod'])
/** A histogram is asked for by parts of it. */
const PART = /_(bucket|sum|count)$/
const VARIABLES: Readonly<Record<string, string>> = {
  __rate_interval: '5m',
  __range: '1h',
  __range_s: '3600',
  __interval: '15s',
  job: '$job',
  code: '$code',
  namespace: '$namespace',
  apiproxy: '$apiproxy',
}

interface Asked extends BoardQuery {
  readonly at: string
}

describe.each(generatedBoards())('$file', (board) => {
  const queries = queriesOf(board)

  test('asks for metrics of the registry', () => {
    const asked = queries.flatMap(({ at, expr }) => selectorsOf(expr).map(({ metric }) => ({ at, metric })))
    expect(asked.filter(({ metric }) => rowOf(metric) === undefined)).toEqual([])
  })

  test('tells series apart by labels that these metrics have', () => {
    const wrong = queries.flatMap(({ at, expr, legendFormat = '' }) => {
      const { selectors, grouping, made } = readPromql(fillIn(expr, VARIABLES))
      const known = new Set([...made, ...OF_TARGET, ...selectors.flatMap(({ metric }) => labelsOf(metric))])
      const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
      return [...grouping, ...shown].filter((label) => !known.has(label)).map((label) => `${at}: ${label}`)
    })
    expect(wrong).toEqual([])
  })

  test('compares labels with values that they can have', () => {
    const wrong = queries.flatMap(({ at, expr }) =>
      selectorsOf(expr).flatMap(({ metric, matchers }) =>
        matchers
          .filter(({ label }) => !OF_TARGET.has(label))
          .filter(({ label, value }) => !canBe(metric, label, value))
          .map(({ label, value }) => `${at}: ${metric} ${label} ${value}`),
      ),
    )
    expect(wrong).toEqual([])
  })

  test('asks for exemplars where there are any, and not where there are none', () => {
    const wrong = queries.filter(
      ({ expr, exemplar = false }) =>
        exemplar && !selectorsOf(expr).some(({ metric }) => rowOf(metric)?.exemplars === true),
    )
    expect(wrong.map(({ at }) => at)).toEqual([])
  })

  test('searches for attributes and fields that the gateway writes', () => {
    const urls = panelsOf(board).flatMap((panel) =>
      linksOf(panel).map(({ url = '' }) => decodeURIComponent(url)),
    )
    const attributes = urls.flatMap((url) =>
      [...url.matchAll(/span\.([\w.]+) = /g)].map(([, name = '']) => name),
    )
    const fields = urls.flatMap((url) => [...url.matchAll(/ \| (\w+) = `/g)].map(([, name = '']) => name))
    expect(attributes.filter((name) => !REGISTRY.attributes.has(name))).toEqual([])
    expect(fields.filter((name) => !REGISTRY.accessLog.has(name))).toEqual([])
  })
})

test('a name or a label that is not there is told', () => {
  expect(rowOf('kanali_errors')).toBeUndefined()
  expect(labelsOf('kanali_errors_total')).toEqual(['code', 'reason', 'blame'])
  expect(canBe('kanali_errors_total', 'blame', 'client')).toBe(true)
  expect(canBe('kanali_errors_total', 'blame', 'weather')).toBe(false)
  expect(canBe('kanali_errors_total', 'apiproxy', 'cart')).toBe(false)
})

function queriesOf(board: Board): Asked[] {
  const { file, annotations } = board
  const ofPanels = panelsOf(board).flatMap(({ title, targets = [] }) =>
    targets.map((target) => Object.assign({ at: `${file}: ${title}: ${target.refId}` }, target)),
  )
  const ofAnnotations = annotations.list.map(({ name, expr }) => ({
    at: `${file}: ${name}`,
    refId: 'A',
    expr,
  }))
  return [...ofPanels, ...ofAnnotations]
}

function selectorsOf(expr: string): readonly Selector[] {
  return readPromql(fillIn(expr, VARIABLES)).selectors
}

function rowOf(metric: string): MetricRow | undefined {
  const find = (name: string) => REGISTRY.metrics.get(name) ?? REGISTRY.collectorMetrics.get(name)
  return find(metric) ?? (PART.test(metric) ? find(metric.replace(PART, '')) : undefined)
}

function labelsOf(metric: string): string[] {
  const labels = [...(rowOf(metric)?.labels.keys() ?? [])]
  return metric.endsWith('_bucket') ? [...labels, 'le'] : labels
}

/** A variable, nothing, or alternatives of which each is a value of the label. */
function canBe(metric: string, label: string, value: string): boolean {
  const set = rowOf(metric)?.labels.get(label)
  if (set === undefined) return false
  if (value === '' || value.startsWith('$')) return true
  // A point stands for any digit: `5..` of the statuses.
  return value.split('|').every((one) => set.has(one) || set.has(one.replaceAll('.', '0')))
}
