// The bound on the series of one ApiProxy, at its edge: whatever comes, there are no more, and no two are the same.

import { describe, expect, test } from 'vitest'
import { METHODS } from '../../src/telemetry/method.ts'
import { METRIC } from '../../src/telemetry/names.ts'
import { EXACT_SERIES_MAX, type RequestLabels, RouteSeries } from '../../src/telemetry/route-series.ts'
import { telemetryRegistry } from '../support/registry/registry.ts'

const WITNESS = { traceId: '', spanId: '', at: 0 }
const CODES = Array.from({ length: 15 }, (_, code) => code)

/** Every outcome with the codes that it can have. */
const FATES: readonly Pick<RequestLabels, 'outcome' | 'code'>[] = [
  ...(['ok', 'rejected', 'client_closed', 'error'] as const).map((outcome) => ({ outcome, code: -1 })),
  ...CODES.map((code) => ({ outcome: 'error' as const, code })),
]

function seriesOf(requests: Iterable<RequestLabels>): RouteSeries {
  const series = new RouteSeries('shop', 'orders')
  for (const request of requests) series.count(request, WITNESS)
  return series
}

function* requests(statuses: Iterable<number>, methods: readonly string[]): Generator<RequestLabels> {
  for (const status of statuses) {
    for (const method of methods) for (const fate of FATES) yield { method, status, ...fate }
  }
}

/** GET with each status from there on, all of one fate. */
function* statuses(from: number, count: number): Generator<RequestLabels> {
  for (let status = from; status < from + count; status++)
    yield { method: 'GET', status, outcome: 'ok', code: -1 }
}

describe('the requests of one ApiProxy', () => {
  test('have as many series as the registry says at most, whatever their methods, statuses, codes and outcomes', () => {
    const every = [-1, 0, 1, 99, 600, 999, 1003, ...Array.from({ length: 500 }, (_, index) => 100 + index)]
    const samples = seriesOf(requests(every, [...METHODS, 'PURGE', 'get', ''])).requests.samples()
    const most = telemetryRegistry().metrics.get(METRIC.requests)?.most.perApiProxy ?? 0
    expect(samples.length).toBeLessThanOrEqual(most)
    // Statuses 0, 1xx to 5xx and others, for every fate.
    expect(most).toBe(EXACT_SERIES_MAX + 7 * FATES.length)
    const names = samples.map(({ labels }) => JSON.stringify(labels))
    expect(new Set(names).size).toBe(names.length)
    const total = samples.reduce((sum, { value }) => sum + value, 0)
    expect(total).toBe(every.length * (METHODS.length + 3) * FATES.length)
  })

  test('are exact up to 256, and fold from the next on', () => {
    const series = seriesOf(statuses(100, EXACT_SERIES_MAX))
    expect(series.requests.samples().map(({ labels }) => labels['status'])).toContain('355')
    series.count({ method: 'GET', status: 356, outcome: 'ok', code: -1 }, WITNESS)
    series.count({ method: 'POST', status: 399, outcome: 'ok', code: -1 }, WITNESS)
    expect(series.requests.samples()).toHaveLength(EXACT_SERIES_MAX + 1)
    expect(series.requests.samples().at(-1)).toMatchObject({
      labels: { method: '_OTHER', status: '3xx', code: 'none', outcome: 'ok' },
      value: 2,
    })
    series.count({ method: 'GET', status: 100, outcome: 'ok', code: -1 }, WITNESS)
    expect(series.requests.samples()[0]).toMatchObject({ labels: { method: 'GET', status: '100' }, value: 2 })
  })

  test('fold into a series that is there already under the same name', () => {
    const series = new RouteSeries('shop', 'orders')
    series.count({ method: 'PURGE', status: 0, outcome: 'client_closed', code: -1 }, WITNESS)
    series.count({ method: 'PURGE', status: 999, outcome: 'ok', code: -1 }, WITNESS)
    for (const request of statuses(100, EXACT_SERIES_MAX)) series.count(request, WITNESS)
    series.count({ method: 'GET', status: 0, outcome: 'client_closed', code: -1 }, WITNESS)
    series.count({ method: 'GET', status: 700, outcome: 'ok', code: -1 }, WITNESS)
    const [gone, odd] = series.requests.samples()
    expect([gone?.value, odd?.value]).toEqual([2, 2])
  })
})
