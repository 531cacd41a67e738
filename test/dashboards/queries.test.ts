// The rules that every query keeps, whatever it asks: it is PromQL, bound to the chosen job, over Grafana's own intervals.
// That each of them gives data is in test/integration/dashboards.test.ts.

import { describe, expect, test } from 'vitest'
import { METRIC } from '../../src/telemetry/names.ts'
import { type Board, type BoardQuery, fillIn, generatedBoards, panelsOf } from '../support/boards.ts'
import { rangesOf, readPromql, type Selector } from '../support/promql.ts'

const BOARDS = generatedBoards()
/** Metrics that another program than the gateway exposes. */
const OF_OTHERS = /^traces_span_metrics_/
const RANGES = new Set(['$__rate_interval', '$__range', '$__range:$__interval'])
const FILLED: Readonly<Record<string, string>> = {
  __rate_interval: '5m',
  __range: '1h',
  __range_s: '3600',
  __interval: '15s',
  job: 'x',
  code: 'x',
  namespace: 'x',
  apiproxy: 'x',
}

interface Placed extends BoardQuery {
  readonly at: string
  readonly type: string
}

const queries: Placed[] = BOARDS.flatMap((board) =>
  panelsOf(board).flatMap(({ title, type, targets = [] }) =>
    targets.map((target) => ({ ...target, type, at: `${board.file}: ${title}: ${target.refId}` })),
  ),
)

test('are all PromQL', () => {
  for (const { expr } of queries) expect(() => readPromql(fillIn(expr, FILLED))).not.toThrow()
})

test('what is no PromQL is told', () => {
  expect(() => readPromql('sum by (')).toThrow('no PromQL')
  expect(readPromql('label_replace(sum by (a) (m{b=~"c"}), "d", "$1", "e", ".*")')).toEqual({
    selectors: [{ metric: 'm', matchers: [{ label: 'b', op: '=~', value: 'c' }] }],
    grouping: ['a', 'e'],
    made: ['d'],
  })
})

test('bind every series of the gateway to the chosen job, and name none', () => {
  const wrong = queries.flatMap(({ at, expr }) =>
    selectors(expr)
      .filter(({ metric }) => !OF_OTHERS.test(metric))
      .filter(
        ({ matchers }) =>
          !matchers.some(({ label, op, value }) => label === 'job' && op === '=~' && value === '$job'),
      )
      .map(({ metric }) => `${at}: ${metric}`),
  )
  expect(wrong).toEqual([])
  const named = queries.filter(({ expr }) => /job\s*(=|!=|=~|!~)\s*"(?!\$job")/.test(expr))
  expect(named.map(({ at }) => at)).toEqual([])
})

test('use the intervals of Grafana: rates the one of rates, counts the time shown', () => {
  const wrong = queries.filter(({ expr }) => rangesOf(expr).some((range) => !RANGES.has(range)))
  expect(wrong.map(({ at }) => at)).toEqual([])
  const rates = queries.filter(({ expr }) => /\b(rate|irate|histogram_quantile)\(/.test(expr))
  expect(rates.length).toBeGreaterThan(100)
  expect(rates.filter(({ expr }) => !expr.includes('[$__rate_interval]')).map(({ at }) => at)).toEqual([])
})

test('never take the rate of what is no counter', () => {
  const taken = queries.flatMap(({ at, expr }) =>
    [...expr.matchAll(/\b(?:rate|increase)\(([a-z_]+)\{/g)].map(([, metric = '']) => ({ at, metric })),
  )
  expect(taken.filter(({ metric }) => !/_(total|bucket|sum|count)$/.test(metric))).toEqual([])
})

test('ask for tables and numbers at the end of the time shown, for graphs over it', () => {
  const wrong = queries.filter(({ type, instant = false, format }) => {
    if (type === 'table') return !instant || format !== 'table'
    if (type === 'heatmap') return instant || format !== 'heatmap'
    return type === 'timeseries' && instant
  })
  expect(wrong.map(({ at }) => at)).toEqual([])
})

test('show exemplars on every heatmap and on every graph of errors or durations', () => {
  const should = queries.filter(
    ({ type, expr }) =>
      type === 'heatmap' ||
      (type === 'timeseries' && /kanali_(errors_total|(request|upstream)_duration)/.test(expr)),
  )
  const without = should.filter(({ exemplar, at }) => exemplar !== true && !WITHOUT_EXEMPLARS.test(at))
  expect(without.map(({ at }) => at)).toEqual([])
})

/** What a graph beside it has already, sums where a point would say nothing, and what is observed without a request. */
const WITHOUT_EXEMPLARS =
  /: (Share of failed requests|Errors by blame|Where the time goes|Event delay, distribution|How long the store takes|Pauses by garbage collection): /

test('every metric of the gateway is on a board', () => {
  const shown = new Set(queries.flatMap(({ expr }) => selectors(expr)).map(({ metric }) => metric))
  const asked = (metric: string) => [metric, `${metric}_bucket`, `${metric}_count`, `${metric}_sum`]
  const missing = Object.values(METRIC).filter((metric) => !asked(metric).some((name) => shown.has(name)))
  expect(missing).toEqual([])
})

describe.each(BOARDS)('$file', (board: Board) => {
  test('has variables and annotations that are PromQL', () => {
    for (const { expr } of board.annotations.list) readPromql(fillIn(expr, FILLED))
    for (const { type, query } of board.templating.list) {
      if (type !== 'query') continue
      const text = typeof query === 'string' ? query : (query?.query ?? '')
      const [, selector = ''] = /^label_values\((.*), \w+\)$/.exec(text) ?? []
      expect(readPromql(fillIn(selector, FILLED)).selectors).toHaveLength(1)
    }
  })
})

/** With the variable `job` left as it is. */
function selectors(expr: string): readonly Selector[] {
  return readPromql(fillIn(expr, { ...FILLED, job: '$job' })).selectors
}
