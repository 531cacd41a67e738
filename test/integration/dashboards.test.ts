// Each query of each panel of each board, also of variables and annotations, asked of a real Prometheus that scrapes real
// gateways under traffic which produces every error code and reason, and of the Collector's own metrics of their spans.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CATALOGUE, ERROR_FACTS } from '../../src/errors/catalogue.ts'
import { REJECTIONS } from '../../src/errors/rejections.ts'
import { type BoardWorld, JOB, startBoardWorld, ZERO_HERE } from '../support/board-world.ts'
import { type BoardQuery, fillIn, generatedBoards, linksOf, panelsOf } from '../support/boards.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import type { Produced } from '../support/every-outcome/every-outcome.ts'
import type { InstantSample } from '../support/prometheus.ts'
import { readPromql } from '../support/promql.ts'

const BOARDS = generatedBoards()
const DATASOURCE_TYPES = { datasource: 'prometheus', traces: 'tempo', logs: 'loki' }

/** Prometheus makes it of the target; no metric has it of itself. */
const OF_TARGET = ['job', 'instance', 'pod']

const PER_REASON = 'sum by (code, reason, blame) (rate(kanali_errors_total[5m]))'
const SPANS = 'traces_span_metrics_calls_total{kanali_error_code!=""}'

interface Placed extends BoardQuery {
  readonly title: string
  readonly type: string
}

/** What Grafana fills in: everything chosen, a graph of the whole run. */
const CHOSEN = {
  job: '.+',
  code: '.+',
  namespace: '.*',
  apiproxy: '.*',
  __rate_interval: '5m',
  __interval: '1s',
  __range: '10m',
  __range_s: '600',
}

describeWithTools(
  ['prometheus', 'otelcol', 'redis-server'],
  'the boards on a real Prometheus',
  (prometheus = '', collector = '', redis = '') => {
    let world: BoardWorld
    let produced: Produced[]
    let begun = 0

    beforeAll(async () => {
      begun = Date.now() / 1000
      world = await startBoardWorld({ prometheus, collector, redis })
      // A rate needs two scrapes; before the first error each of them is 0.
      await world.prometheus.until(`count(${PER_REASON} == 0) == ${ERROR_FACTS.length}`)
      // So that a step of a subquery, a second each, falls into the time without errors.
      await world.prometheus.nextScrape()
      await world.prometheus.nextScrape()
      await world.changeConfiguration('first')
      await world.round()
      await world.prometheus.nextScrape()
      await world.changeConfiguration('second')
      produced = await world.round()
      await world.prometheus.nextScrape()
      await world.prometheus.until(
        `count(count by (kanali_error_code) (${SPANS} > 1)) == ${CATALOGUE.length}`,
      )
      await world.prometheus.nextScrape()
    }, 300_000)

    afterAll(async () => {
      await world?.[Symbol.asyncDispose]()
    })

    /** The values that a query gives, as the panel asks for it. */
    async function valuesOf({
      expr,
      instant = false,
    }: Pick<BoardQuery, 'expr' | 'instant'>): Promise<number[]> {
      const promql = fillIn(expr, CHOSEN)
      if (instant) return (await world.prometheus.query(promql)).map(({ value }) => value)
      const series = await world.prometheus.queryRange(promql, begun, Date.now() / 1000, 1)
      return series.flatMap(({ points }) => points.map(([, value]) => value))
    }

    test('every reason and every rejection was produced, and is counted', async () => {
      const counted = await world.prometheus.query('sum by (reason) (kanali_errors_total) >= 2')
      expect(new Set(counted.map(({ labels }) => labels['reason']))).toEqual(
        new Set(ERROR_FACTS.map(({ reason }) => reason)),
      )
      const rejected = await world.prometheus.query('sum by (reason) (kanali_rejected_total) >= 1')
      expect(rejected.length).toBe(REJECTIONS.length)
    })

    describe.each(BOARDS)('$file', (board) => {
      const queries: Placed[] = panelsOf(board).flatMap(({ title, type, targets = [] }) =>
        targets.map((target) => ({ ...target, title, type })),
      )

      test.each(queries)('$title: $refId gives data', async (query) => {
        const values = await valuesOf(query)
        const finite = values.filter(Number.isFinite)
        expect(finite.length, query.expr).toBeGreaterThan(0)
        const isMoving = finite.some((value) => value !== 0)
        expect(isMoving, query.expr).toBe(!ZERO_HERE.has(query.title))
      })

      test.each(queries)(
        '$title: $refId uses metrics and labels that there are',
        async ({ expr, legendFormat = '' }) => {
          const { selectors, grouping, made } = readPromql(fillIn(expr, CHOSEN))
          const labels = new Set<string>([...made, ...OF_TARGET])
          for (const { metric } of selectors) {
            const series = await world.prometheus.series(metric)
            expect(series.length, metric).toBeGreaterThan(0)
            for (const each of series) for (const label of Object.keys(each)) labels.add(label)
          }
          const matched = selectors.flatMap(({ matchers }) => matchers.map(({ label }) => label))
          const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
          expect([...matched, ...grouping, ...shown].filter((label) => !labels.has(label))).toEqual([])
        },
      )

      const withExemplars = queries.filter(({ exemplar }) => exemplar === true)
      test.runIf(withExemplars.length > 0).each(withExemplars)(
        '$title: $refId has exemplars that lead to traces',
        async ({ expr }) => {
          const found = await world.prometheus.exemplars(fillIn(expr, CHOSEN), begun, Date.now() / 1000)
          expect(found.length, expr).toBeGreaterThan(0)
          for (const { labels } of found) expect(labels['trace_id']).toMatch(/^[0-9a-f]{32}$/)
        },
      )

      test.each(board.templating.list)('the variable $name offers values', async ({ name, type, query }) => {
        if (type === 'datasource') {
          expect(query).toBe(DATASOURCE_TYPES[name as keyof typeof DATASOURCE_TYPES])
          return
        }
        const text = typeof query === 'string' ? query : (query?.query ?? '')
        if (type !== 'query') return expect(text).not.toBe('')
        const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(text) ?? []
        const values = await world.prometheus.labelValues(label, fillIn(selector, CHOSEN))
        expect(values.length).toBeGreaterThan(0)
        if (name === 'job') expect(values).toEqual([JOB])
      })

      test.each(board.annotations.list)(
        'the annotation $name marks what changed',
        async ({ expr, tagKeys }) => {
          const series = await world.prometheus.queryRange(fillIn(expr, CHOSEN), begun, Date.now() / 1000, 5)
          const marked = series.filter(({ points }) => points.some(([, value]) => value > 0))
          expect(marked.length).toBeGreaterThan(0)
          for (const { labels } of marked) expect(labels[tagKeys]).toBeTruthy()
        },
      )
    })

    test('counts are whole, also of an ApiProxy whose series began with its first error', async () => {
      const found = await samplesOf('kanali-errors', 'ApiProxies that fail', 'A')
      const refused = found.filter(({ labels }) => labels['apiproxy'] === 'connection-refused')
      expect(refused).toMatchObject([{ value: 2, labels: { namespace: 'shop', code: '08' } }])
    })

    test('since when a reason is seen lies between the start and the first of its requests', async () => {
      const found = await samplesOf('kanali-errors', 'What fails', 'C')
      expect(new Set(found.map(({ labels }) => labels['reason']))).toEqual(
        new Set(ERROR_FACTS.map(({ reason }) => reason)),
      )
      for (const { value } of found) {
        expect(value / 1000).toBeGreaterThan(begun)
        expect(value / 1000).toBeLessThan(Date.now() / 1000)
      }
    })

    function samplesOf(uid: string, title: string, refId: string): Promise<InstantSample[]> {
      const board = BOARDS.find((each) => each.uid === uid)
      const panel = board && panelsOf(board).find((each) => each.title === title)
      const expr = panel?.targets?.find((target) => target.refId === refId)?.expr ?? ''
      return world.prometheus.query(fillIn(expr, CHOSEN))
    }

    test('a change of configuration is marked by its hash, and leads to the objects that changed', async () => {
      const [live] = await world.prometheus.query(
        `kanali_snapshot_info{instance="127.0.0.1:${world.metered.prometheusPort}"}`,
      )
      const [annotation] = BOARDS[0]?.annotations.list ?? []
      const series = await world.prometheus.queryRange(
        fillIn(annotation?.expr ?? '', CHOSEN),
        begun,
        Date.now() / 1000,
        5,
      )
      const hash = live?.labels['hash']
      expect(series.map(({ labels }) => labels['hash'])).toContain(hash)
      const controlPlane = BOARDS.find(({ uid }) => uid === 'kanali-control-plane')
      const table =
        controlPlane && panelsOf(controlPlane).find(({ title }) => title.startsWith('Configurations in'))
      const url = table && linksOf(table).find(({ title }) => title === 'The change that made it')?.url
      const values = { '__data.fields.Hash': String(hash), traces: 'tempo', __from: '0', __to: '0' }
      const [, name, attribute = '', value] =
        /name = \\"([\w.]+)\\" && span\.([\w.]+) = \\"(\w+)\\"/.exec(
          decodeURIComponent(fillIn(url ?? '', values)),
        ) ?? []
      await world.collector.untilDelivered()
      const batches = world.backend.received.filter(
        (span) => span.name === name && span.attributes[attribute] === value,
      )
      expect(
        batches.flatMap(({ events }) => events.map((event) => event.attributes['kanali.event.name'])),
      ).toContain('second')
    })

    const SEARCHES = [
      {
        board: 'kanali-errors',
        panel: 'What fails',
        outcomes: ERROR_FACTS.map(({ reason }) => reason as string),
      },
      {
        board: 'kanali-overview',
        panel: 'What HTTP refuses',
        outcomes: REJECTIONS.map(({ reason }) => reason as string),
      },
    ]

    test.each(SEARCHES)(
      'the link "Traces with this reason" of $panel finds the trace of each such request',
      async ({ board: uid, panel, outcomes }) => {
        await world.collector.untilDelivered()
        const board = BOARDS.find((each) => each.uid === uid)
        const table = board && panelsOf(board).find(({ title }) => title === panel)
        const url = table && linksOf(table).find(({ title }) => title === 'Traces with this reason')?.url
        for (const outcome of outcomes) {
          const traceId = produced.find((each) => each.outcome === outcome)?.traceId
          const values = { '__data.fields.Reason': outcome, traces: 'tempo', __from: '0', __to: '0' }
          const filled = decodeURIComponent(fillIn(url ?? '', values))
          const [, attribute = '', value = ''] = /span\.([\w.]+) = \\"(\w+)\\"/.exec(filled) ?? []
          const found = world.backend.received.filter(({ attributes }) => attributes[attribute] === value)
          expect(
            found.map((span) => span.traceId),
            `${attribute} = ${value}`,
          ).toContain(traceId)
        }
      },
    )
  },
)
