import { expect, test } from 'vitest'
import { type Lease, LEASE_MS, Leases } from '../../../src/plugins/limits/leases.ts'
import { CountingObserver } from '../../support/limiters.ts'

function leasesOf(most: number, entriesMax?: number) {
  const observer = new CountingObserver()
  const leases = new Leases({ most, observer, ...(entriesMax !== undefined && { entriesMax }) })
  /** Use of that rate so often in the second that begins then. */
  const use = (id: string, times: number, atMs: number): Lease | undefined => {
    let lease: Lease | undefined
    for (let each = 0; each < times; each++) lease = leases.use(id, atMs)
    return lease
  }
  return { leases, observer, use }
}

function known(lease: Lease | undefined): Lease {
  if (lease === undefined) throw new Error('there is no lease')
  return lease
}

test('nothing is leased unless it is switched on', () => {
  expect(leasesOf(0).use('a', 5, 0)).toBeUndefined()
})

test('a rate that was quiet asks for nothing ahead', () => {
  const { leases, use } = leasesOf(50)
  expect(leases.wanted(known(use('a', 10, 0)))).toBe(0)
  expect(leases.wanted(known(use('a', 1, 5_000)))).toBe(0)
})

test('one that was busy in the last second asks for as many as it still expects, at most for the limit', () => {
  const { leases, use } = leasesOf(50)
  use('a', 30, 0)
  expect(leases.wanted(known(use('a', 1, 1_000)))).toBe(29)
  expect(leases.wanted(known(use('a', 20, 1_000)))).toBe(9)
  expect(leases.wanted(known(use('a', 20, 1_000)))).toBe(0)
  use('b', 500, 0)
  expect(leases.wanted(known(use('b', 1, 1_000)))).toBe(50)
})

test('while a request for tokens is under way no second one asks', () => {
  const { leases, use } = leasesOf(50)
  use('a', 30, 0)
  const lease = known(use('a', 1, 1_000))
  lease.isAsked = true
  expect(leases.wanted(lease)).toBe(0)
})

test('tokens are spent one by one, and what is not spent in time is gone', () => {
  const { leases, observer } = leasesOf(50)
  const lease = known(leases.use('a', 0))
  leases.granted(lease, 3, 0, 0)
  expect([leases.spend(lease), leases.spend(lease)]).toEqual([true, true])
  leases.use('a', LEASE_MS)
  expect(leases.spend(lease)).toBe(false)
  expect([observer.tokensLeased, observer.tokensSpent, observer.tokensExpired]).toEqual([3, 2, 1])
})

test('at the limit a rate that is not used any more makes room, and otherwise the new one leases nothing', () => {
  const { leases, observer, use } = leasesOf(50, 2)
  leases.granted(known(use('a', 1, 0)), 3, 0, 0)
  use('b', 1, 1_900)
  expect(use('c', 1, 1_900)).toBeUndefined()
  expect(use('c', 1, 2_000)).toBeDefined()
  expect(observer.tokensExpired).toBe(3)
  expect(use('a', 1, 2_000)).toBeUndefined()
})
