// Latencies at a fixed rate count from when requests were due, whatever the target or the generator did meanwhile.

import { describe, expect, test } from 'vitest'
import { arrivals, Ledger, percentile, trust } from './open-loop.ts'

/** Every millisecond one request, on as many connections as it takes. */
const EVERY_MS = Float64Array.from({ length: 1000 }, (_, index) => index)

/** A target that answers at once, but for a pause; `sentAt` is what the generator makes of it. */
function stalled(sentAt: (due: number) => number): Ledger {
  const ledger = new Ledger(EVERY_MS, 0)
  for (const due of EVERY_MS) {
    const sent = sentAt(due)
    ledger.sent(due, sent, 0)
    ledger.answered(due, sent >= 500 && sent < 600 ? 600 : sent, true)
  }
  return ledger
}

describe('load at a fixed rate', () => {
  test('is as frequent as asked, the same for the same seed, and in bursts', () => {
    const due = arrivals(2000, 5, 1)
    expect(due.length / 10_000).toBeCloseTo(1, 1)
    expect(arrivals(2000, 5, 1)).toEqual(due)
    expect(arrivals(2000, 5, 2)).not.toEqual(due)
    expect(due.toSorted()).toEqual(due)
    const gaps = due.slice(1).map((at, index) => at - (due[index] ?? 0))
    // The deviation of the gaps of a Poisson process is their mean; that of even spacing is none.
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length)
    expect(deviation / mean).toBeCloseTo(1, 1)
  })

  test('shows a pause of the target in every request that was due in it', () => {
    const result = stalled((due) => due).result(1000, 0)
    expect(result).toMatchObject({ requests: 1000, errors: 0, maxMs: 100, p50Ms: 0, lagMaxMs: 0 })
    // Of 1000 requests 100 were due in the pause and waited 1 to 100 ms: the ten slowest from 91 ms on.
    expect(result.p99Ms).toBe(90)
    expect(result.p999Ms).toBe(99)
  })

  test('counts from when a request was due where it was sent late, and says how late', () => {
    const result = stalled((due) => (due >= 500 && due < 600 ? 600 : due)).result(1000, 0)
    expect(result).toMatchObject({ maxMs: 100, p99Ms: 90, lagMaxMs: 100, lagP50Ms: 0 })
  })

  test('tells waiting for a connection, which is the target’s doing, from being late', () => {
    const ledger = new Ledger(Float64Array.of(0, 1), 0)
    ledger.sent(0, 0, 0)
    ledger.answered(0, 10, true)
    ledger.sent(1, 10, 10)
    ledger.answered(1, 12, true)
    expect(ledger.result(20, 0)).toMatchObject({ maxMs: 11, lagMaxMs: 0, waitedShare: 0.5 })
  })

  test('takes a request without an answer for an error that lasted to the end', () => {
    const ledger = new Ledger(Float64Array.of(0, 1, 2), 0)
    ledger.answered(0, 1, true)
    ledger.answered(1, 2, false)
    expect(ledger.result(1000, 0)).toMatchObject({ requests: 3, errors: 2, maxMs: 998, answeredPerSecond: 2 })
  })

  test('does not count what is due while it settles', () => {
    const ledger = new Ledger(Float64Array.of(0, 500, 600), 500)
    ledger.answered(0, 400, false)
    ledger.answered(1, 501, true)
    ledger.answered(2, 603, true)
    expect(ledger.result(1500, 0)).toMatchObject({ requests: 2, errors: 0, maxMs: 3, answeredPerSecond: 2 })
  })

  test('is not to be trusted where the generator had no time to spare or was late itself', () => {
    const result = (sentLateMs: number, spareMs: number): ReturnType<Ledger['result']> => {
      const ledger = new Ledger(Float64Array.of(0), 0)
      ledger.sent(0, sentLateMs, 0)
      ledger.answered(0, 10, true)
      return ledger.result(1000, spareMs)
    }
    expect(result(1, 300)).toMatchObject({ spareShare: 0.3 })
    expect([result(1, 300), result(3, 300), result(1, 90)].map(trust)).toEqual(['good', 'late', 'busy'])
  })

  test('gives percentiles by nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1)
    expect([0, 0.5, 0.99, 0.999, 1].map((share) => percentile(hundred, share))).toEqual([1, 50, 99, 100, 100])
    expect(percentile([], 0.5)).toBeNaN()
  })
})
