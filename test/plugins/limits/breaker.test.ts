import { expect, test } from 'vitest'
import { Breaker } from '../../../src/plugins/limits/breaker.ts'

/** The longest waits that chance gives. */
const late = (): number => 0.999

function openBreaker(): Breaker {
  const breaker = new Breaker(late)
  for (let each = 0; each < 3; each++) {
    const ticket = breaker.admit(0)
    if (ticket !== undefined) breaker.failed(ticket, 'timeout', 0)
  }
  return breaker
}

test('asks on after a failure or two, and stops after three in a row', () => {
  const breaker = new Breaker(late)
  const fail = (): boolean => breaker.failed(breaker.admit(0) ?? -1, 'timeout', 0)
  expect([fail(), fail()]).toEqual([false, false])
  breaker.succeeded(breaker.admit(0) ?? -1)
  expect([fail(), fail(), fail()]).toEqual([false, false, true])
  expect(breaker.admit(0)).toBeUndefined()
  expect(breaker.cause).toBe('timeout')
})

test('lets one request at a time ask after the pause, and all of them once it was answered', () => {
  const breaker = openBreaker()
  expect(breaker.admit(99)).toBeUndefined()
  const probe = breaker.admit(300) ?? -1
  expect(breaker.admit(300)).toBeUndefined()
  expect(breaker.isClosed).toBe(false)
  expect(breaker.succeeded(probe)).toBe(true)
  expect(breaker.isClosed).toBe(true)
  expect(breaker.admit(300)).toBeDefined()
})

test('waits longer from probe to probe, and never longer than two seconds', () => {
  const breaker = openBreaker()
  let now = 0
  const pauses: number[] = []
  for (let round = 0; round < 8; round++) {
    const from = now
    let ticket: number | undefined
    while ((ticket = breaker.admit(now)) === undefined) now += 1
    pauses.push(now - from)
    // A store that fails once more is no news.
    expect(breaker.failed(ticket, 'unreachable', now)).toBe(false)
  }
  expect(pauses).toEqual([...pauses].sort((a, b) => a - b))
  expect(pauses.at(-1)).toBe(2_000)
  expect(breaker.cause).toBe('unreachable')
})

test('what was asked before it opened says nothing about what is now', () => {
  const breaker = new Breaker(late)
  const early = breaker.admit(0) ?? -1
  for (let each = 0; each < 3; each++) breaker.failed(breaker.admit(0) ?? -1, 'timeout', 0)
  expect(breaker.succeeded(early)).toBe(false)
  expect(breaker.failed(early, 'error', 5_000)).toBe(false)
  expect([breaker.isClosed, breaker.cause]).toEqual([false, 'timeout'])
})
