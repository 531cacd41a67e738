import { describe, expect, test } from 'vitest'
import { Health, type HealthInputs } from '../../src/admin/health.ts'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import { bareSnapshot, ofEveryKind } from '../support/bare-snapshot.ts'

function knowing(set: Partial<Snapshot>): { current(): Snapshot } {
  return { current: () => bareSnapshot(set) }
}

function health(set: Partial<HealthInputs> = {}): Health {
  return new Health({
    current: () => bareSnapshot(),
    listening: () => true,
    draining: () => false,
    blocked: () => undefined,
    keys: () => ({ problem: undefined, drained: true }),
    ...set,
  })
}

describe('readiness', () => {
  test('with a live snapshot and open listeners it is ready and names revision and hash', () => {
    expect(health().readiness()).toEqual({
      ready: true,
      status: 'ok',
      revision: 1,
      hash: '0123456789abcdef',
      reasons: [],
    })
  })

  test('before the first snapshot it is not ready, for that one reason', () => {
    const known = knowing({ revision: 0, kinds: ofEveryKind('pending') })
    const readiness = health(known).readiness()
    expect(readiness.ready).toBe(false)
    expect(readiness.reasons.map(({ component, reason }) => [component, reason])).toEqual([
      ['snapshot', 'no_snapshot'],
    ])
  })

  test('with a listener closed it is not ready', () => {
    const readiness = health({ listening: () => false }).readiness()
    expect(readiness).toMatchObject({
      ready: false,
      status: 'failed',
      reasons: [{ reason: 'listener_closed' }],
    })
  })

  test('while draining it is not ready, and a closed listener is no reason of its own', () => {
    const readiness = health({ draining: () => true, listening: () => false }).readiness()
    expect(readiness.ready).toBe(false)
    expect(readiness.reasons.map(({ reason }) => reason)).toEqual(['draining'])
  })

  test('a refused kind degrades it and says which code requests get', () => {
    const known = knowing({ kinds: { ...ofEveryKind('synced'), Service: 'refused' } })
    const readiness = health(known).readiness()
    expect(readiness).toMatchObject({
      ready: true,
      status: 'degraded',
      reasons: [{ reason: 'kind_refused' }],
    })
    expect(readiness.reasons[0]?.message).toContain('code 09')
  })

  test('a pending kind degrades it', () => {
    const known = knowing({ kinds: { ...ofEveryKind('synced'), Secret: 'pending' } })
    const readiness = health(known).readiness()
    expect(readiness).toMatchObject({
      ready: true,
      status: 'degraded',
      reasons: [{ reason: 'kind_pending' }],
    })
    expect(readiness.reasons[0]?.message).toContain('code 06')
  })

  test('a stale source degrades it and says since when', () => {
    const known = knowing({ staleSince: 0 })
    const readiness = health(known).readiness()
    expect(readiness).toMatchObject({
      ready: true,
      status: 'degraded',
      reasons: [{ reason: 'source_stale' }],
    })
    expect(readiness.reasons[0]?.message).toContain('1970-01-01T00:00:00.000Z')
  })
})

describe('liveness', () => {
  test('nothing that the source, the listeners or a drain lack takes it away', () => {
    const known = knowing({ revision: 0, staleSince: 1, kinds: ofEveryKind('refused') })
    const liveness = health({ ...known, listening: () => false, draining: () => true }).liveness()
    expect(liveness).toMatchObject({ live: true, status: 'ok', reasons: [] })
  })

  test('a blocked event loop fails it, and readiness with it, in the words of the watchdog', () => {
    const blocked = health({ blocked: () => 'plugin spin held the event loop for 6000 ms' })
    const reason = {
      component: 'watchdog',
      reason: 'event_loop_blocked',
      message: 'plugin spin held the event loop for 6000 ms',
      fatal: true,
    }
    expect(blocked.liveness()).toMatchObject({ live: false, status: 'failed', reasons: [reason] })
    expect(blocked.readiness()).toMatchObject({ ready: false, reasons: [reason] })
  })
})

describe('workers', () => {
  const said = (workers: { missing?: number; restarting?: boolean; disagreeing?: number[] }) =>
    health({ workers: () => ({ missing: 0, restarting: false, disagreeing: [], ...workers }) }).readiness()

  test('that all serve and agree are no reason', () => {
    expect(said({})).toMatchObject({ ready: true, status: 'ok', reasons: [] })
  })

  test.each([
    ['workers_missing', { missing: 1 }],
    ['workers_restarting', { restarting: true }],
    ['workers_disagree', { disagreeing: [2] }],
  ])('degrade readiness and do not take it away: %s', (reason, workers) => {
    expect(said(workers)).toMatchObject({
      ready: true,
      status: 'degraded',
      reasons: [{ component: 'workers', reason, fatal: false }],
    })
  })
})
