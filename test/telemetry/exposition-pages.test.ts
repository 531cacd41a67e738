// The pieces of a scrape: whoever else has work gets a turn between any two of them, none is made before it is asked for,
// a series is whole, and what comes and goes meanwhile tears nothing.

import { describe, expect, test } from 'vitest'
import { expositionPieces, PIECE_CHARS } from '../../src/telemetry/exposition-pages.ts'
import { type Family, histogram, type Reading } from '../../src/telemetry/exposition.ts'
import type { ExchangeRecord } from '../../src/telemetry/exchange-record.ts'
import { Metrics } from '../../src/telemetry/metrics.ts'
import { METRIC } from '../../src/telemetry/names.ts'
import { DURATION_BOUNDS, TypedHistogram } from '../../src/telemetry/typed-histogram.ts'
import { bareRoute, bareSnapshot } from '../support/bare-snapshot.ts'
import { exchangeRecord } from '../support/exchange-records.ts'
import { Exposition } from '../support/exposition.ts'
import { pageOf } from '../support/scrape-page.ts'
import { EMPTY_STATE } from '../../src/events/state.ts'

/** More than one piece holds. */
const PROXIES = 60
const TIMES = { totalMs: 10, upstreamMs: 4, gatewayMs: 6, pluginsMs: 0 }
const WITNESS = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), at: 1 }
const VITALS = { ready: () => true, downstreamConnections: () => 0, upstreamConnections: () => 0 }

function metricsOf(proxies: number): Metrics {
  const metrics = new Metrics({
    version: '1',
    source: 'directory',
    vitals: VITALS,
    servedCertificates: () => [],
  })
  for (let index = 0; index < proxies; index++) observe(metrics, `proxy-${index}`)
  return metrics
}

function observe(metrics: Metrics, apiproxy: string, set: Partial<ExchangeRecord> = {}): void {
  metrics.observeExchange(exchangeRecord({ route: bareRoute({ apiproxy }), ...set }), TIMES, WITNESS)
}

function remove(metrics: Metrics, name: string): void {
  const removed = { kind: 'ApiProxy', namespace: 'application', name } as const
  const changes = { ...bareSnapshot().changes, removedApiProxies: [removed] }
  metrics.published(bareSnapshot({ changes }), EMPTY_STATE, 1, 1)
}

/** Counts the turns of the event loop that others get, until it is stopped. */
function countTurns(): { count: () => number; stop: () => void } {
  let turns = 0
  let immediate = setImmediate(function next() {
    turns++
    immediate = setImmediate(next)
  })
  return { count: () => turns, stop: () => clearImmediate(immediate) }
}

describe('the pieces of a scrape', () => {
  test('are small, and between any two of them others have their turn', async () => {
    const metrics = metricsOf(500)
    const turns = countTurns()
    const seen: number[] = []
    for await (const piece of expositionPieces(metrics.families, 'openmetrics')) {
      seen.push(turns.count())
      // A piece ends with the series that fills it, which has seventeen lines here.
      expect(piece.length).toBeLessThan(PIECE_CHARS + 8192)
    }
    turns.stop()
    expect(seen.length).toBeGreaterThan(20)
    for (const [index, count] of seen.entries()) expect(count).toBeGreaterThan(seen[index - 1] ?? -1)
  })

  test('come with few readings between two turns, whatever they give', async () => {
    const turns = countTurns()
    const readAt: number[] = []
    function* readings(): Generator<Reading | Promise<Reading>> {
      for (let index = 0; index < 300; index++) {
        readAt.push(turns.count())
        if (index % 3 === 0) yield []
        else if (index % 3 === 1) yield Promise.resolve([{ labels: {}, value: 1 }])
        else yield [{ labels: { text: 'x'.repeat(PIECE_CHARS) }, value: 1 }]
      }
    }
    const family: Family = { name: 'odd', help: 'Odd.', type: 'gauge', readings }
    await pageOf(expositionPieces([family], 'text'))
    turns.stop()
    expect(new Set(readAt).size).toBe(300)
  })

  test('are not made before they are asked for', async () => {
    const read: number[] = []
    function* readings(): Generator<Reading> {
      for (let index = 0; index < 1000; index++) {
        read.push(index)
        yield [{ labels: { text: 'x'.repeat(PIECE_CHARS / 4) }, value: 1 }]
      }
    }
    const pieces = expositionPieces([{ name: 'big', help: 'Big.', type: 'gauge', readings }], 'text')
    await pieces.next()
    await new Promise((resolve) => setImmediate(resolve))
    expect(read.length).toBeLessThanOrEqual(4)
    await pieces.return(undefined)
  })

  test('hold a histogram as it was at one moment, though it is observed at every turn', async () => {
    const series = Array.from({ length: 150 }, () => new TypedHistogram(DURATION_BOUNDS))
    const family = histogram('busy', 'Busy.', () => [])
    const busy: Family = {
      ...family,
      readings: function* () {
        for (const [index, one] of series.entries()) yield one.samples('busy', { index })
      },
    }
    let isOver = false
    setImmediate(function observeAll() {
      for (const one of series) one.observe(Math.random())
      if (!isOver) setImmediate(observeAll)
    })
    const page = await pageOf(expositionPieces([busy], 'text'))
    isOver = true
    const { families } = new Exposition(page, 'text/plain')
    const counts = families.get('busy')?.samples.filter(({ name }) => name === 'busy_count') ?? []
    // Exposition throws where buckets do not add up; observations came in between, or nothing was shown.
    expect(new Set(counts.map(({ value }) => value)).size).toBeGreaterThan(1)
  })
})

describe('an ApiProxy', () => {
  test('that goes in the middle of a scrape stands in it whole, and in none after it', async () => {
    const metrics = metricsOf(PROXIES)
    const pieces = expositionPieces(metrics.families, 'text')
    let page = String((await pieces.next()).value)
    for (let index = 0; index < PROXIES; index++) remove(metrics, `proxy-${index}`)
    page += await pageOf(pieces)
    const during = new Exposition(page, 'text/plain')
    for (const name of [
      METRIC.requests,
      `${METRIC.requestDuration}_count`,
      `${METRIC.upstreamDuration}_count`,
    ]) {
      expect(during.samples(name, { apiproxy: `proxy-${PROXIES - 1}` })).toHaveLength(1)
    }
    const after = new Exposition(await pageOf(expositionPieces(metrics.families, 'text')), 'text/plain')
    expect(after.samples(METRIC.requests, { namespace: 'application' })).toEqual([])
  })

  test('that goes and comes back in the middle of a scrape stands in it once', async () => {
    const metrics = metricsOf(PROXIES)
    const pieces = expositionPieces(metrics.families, 'text')
    let page = String((await pieces.next()).value)
    remove(metrics, 'proxy-0')
    observe(metrics, 'proxy-0')
    page += await pageOf(pieces)
    // Throws where a series comes twice.
    const { length } = new Exposition(page, 'text/plain').samples(METRIC.requests, { apiproxy: 'proxy-0' })
    expect(length).toBe(1)
  })
})
