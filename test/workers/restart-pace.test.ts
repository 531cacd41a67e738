import { expect, test } from 'vitest'
import { RestartPace, RESTARTS_A_MINUTE_MAX } from '../../src/workers/restart-pace.ts'

test('the first is replaced at once, those that follow within a minute ever later, up to a limit', () => {
  let ms = 0
  const pace = new RestartPace({ now: () => ms })
  expect([pace.next(), pace.next(), pace.next(), pace.next()]).toEqual([0, 100, 200, 400])
  expect(pace.isTooFast()).toBe(false)
  pace.next()
  expect(pace.lastMinute()).toBe(RESTARTS_A_MINUTE_MAX)
  expect(pace.isTooFast()).toBe(true)
  for (let each = 0; each < 200; each++) expect(pace.next()).toBeLessThanOrEqual(10_000)
  ms = 61_000
  expect(pace.isTooFast()).toBe(false)
  expect(pace.next()).toBe(0)
})
