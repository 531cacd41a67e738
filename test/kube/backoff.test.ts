import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Backoff } from '../../src/kube/backoff.ts'

test('waits between its limits, or as long as the server asks and a little more', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.integer({ min: 0, max: 100_000 })),
      ),
      (draws) => {
        let at = 0
        const backoff = new Backoff({ leastMs: 100, mostMs: 5_000 }, () => draws[at++]?.[0] ?? 0)
        for (const [, asked] of draws) {
          const waited = backoff.next(asked)
          expect(waited).toBeGreaterThanOrEqual(asked > 0 ? asked : 100)
          expect(waited).toBeLessThanOrEqual(asked > 0 ? asked + 100 : 5_000)
        }
      },
    ),
  )
})

test('grows while nothing is well, and begins anew once all is', () => {
  const backoff = new Backoff({ leastMs: 100, mostMs: 5_000 }, () => 0.999)
  const waits = Array.from({ length: 6 }, () => Math.round(backoff.next()))
  expect(waits).toEqual([...waits].sort((a, b) => a - b))
  expect(waits.at(-1)).toBe(5_000)
  backoff.reset()
  expect(backoff.next()).toBeLessThanOrEqual(300)
})
