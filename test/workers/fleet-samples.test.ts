import { describe, expect, test } from 'vitest'
import type { Family, Sample } from '../../src/telemetry/exposition.ts'
import { type FamilySamples, FleetSamples } from '../../src/workers/fleet-samples.ts'

const ROUTE = { namespace: 'shop', apiproxy: 'cart' }

function counted(value: number, at = 0): FamilySamples {
  const exemplar = { labelSet: { trace_id: `t${at}`, span_id: 's' }, value: 1, timestamp: at }
  return {
    name: 'kanali_requests_total',
    type: 'counter',
    samples: [{ labels: { status: '200' }, sharedLabels: ROUTE, value, ...(at > 0 && { exemplar }) }],
  }
}

/** All samples of a family over a fleet, with those of the primary. */
async function over(fleet: FleetSamples, name: string, own: readonly Sample[] = []): Promise<Sample[]> {
  const family: Family = { name, help: '', type: 'counter', readings: () => [own, Promise.resolve([])] }
  const samples: Sample[] = []
  for (const reading of fleet.over(family)) samples.push(...(await reading))
  return samples
}

async function sumOf(fleet: FleetSamples): Promise<number | undefined> {
  return (await over(fleet, 'kanali_requests_total'))[0]?.value
}

describe('the samples of a fleet', () => {
  test('are sums of what all processes counted, with the latest exemplar', async () => {
    const fleet = new FleetSamples()
    fleet.told(1, [counted(3, 20)])
    fleet.told(2, [counted(4, 10)])
    const [sample, ...others] = await over(fleet, 'kanali_requests_total', counted(2, 15).samples)
    expect(others).toEqual([])
    expect(sample).toMatchObject({ value: 9, exemplar: { timestamp: 20 } })
  })

  test('never go down: what a worker had told when it ended stays, also over its successors', async () => {
    const fleet = new FleetSamples()
    fleet.told(1, [counted(3)])
    fleet.end(1)
    expect(await sumOf(fleet)).toBe(3)
    fleet.told(1, [counted(1)])
    expect(await sumOf(fleet)).toBe(4)
    fleet.end(1)
    fleet.end(1)
    expect(await sumOf(fleet)).toBe(4)
  })

  test('of an ApiProxy go with it', async () => {
    const fleet = new FleetSamples()
    fleet.told(1, [counted(3)])
    fleet.end(1)
    fleet.forget('shop', 'other')
    expect(await sumOf(fleet)).toBe(3)
    fleet.forget('shop', 'cart')
    expect(await sumOf(fleet)).toBeUndefined()
  })

  test('of gauges are those of the living; what only the primary knows is its own; what is of a process has its label', async () => {
    const fleet = new FleetSamples()
    const gauge = (name: string): FamilySamples => ({
      name,
      type: 'gauge',
      samples: [{ labels: {}, value: 5 }],
    })
    fleet.told(1, [gauge('kanali_connections'), gauge('kanali_ready'), gauge('process_open_fds')])
    fleet.told(2, [gauge('kanali_connections')])
    const own = [{ labels: {}, value: 1 }]
    expect(await over(fleet, 'kanali_ready', own)).toEqual(own)
    expect(await over(fleet, 'process_open_fds', own)).toEqual([
      { labels: { worker: 'primary' }, value: 1 },
      { labels: { worker: '1' }, value: 5 },
    ])
    expect((await over(fleet, 'kanali_connections', own))[0]?.value).toBe(11)
    fleet.end(1)
    expect((await over(fleet, 'kanali_connections', own))[0]?.value).toBe(6)
  })

  test('of many series are merged in slices, and the parts of a histogram stay together', async () => {
    const fleet = new FleetSamples()
    const samples = Array.from({ length: 3_000 }, (_, route) => ({ apiproxy: `p${route}` })).flatMap(
      (sharedLabels): Sample[] => [
        { metricName: 'd_bucket', labels: { le: 1 }, sharedLabels, value: 1 },
        { metricName: 'd_count', labels: {}, sharedLabels, value: 1 },
      ],
    )
    for (const worker of [1, 2]) fleet.told(worker, [{ name: 'kanali_d', type: 'histogram', samples }])
    const merged = await over(fleet, 'kanali_d')
    expect(merged).toHaveLength(6_000)
    expect(merged.every(({ value }) => value === 2)).toBe(true)
    expect(merged[1]).toMatchObject({ metricName: 'd_count', sharedLabels: { apiproxy: 'p0' } })
  })
})
