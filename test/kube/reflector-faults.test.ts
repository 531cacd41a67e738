// Faults that come again and again, and what of them is measured: none may become a storm of requests, and what is known
// must be said to grow old.

import { describe, expect, test } from 'vitest'
import {
  cutWatch,
  endedWatch,
  fakeObject,
  lineOf,
  modified,
  openWatch,
  page,
  status,
  type Step,
  streamed,
} from '../support/fake-api-server.ts'
import { waitUntil } from '../support/wait-until.ts'
import { watch } from '../support/watched-collection.ts'

const a = fakeObject('a', '1')
const HTML = '<html>Sign in to this network</html>\n'
/** No pause ends within a test but by the server's word. */
const SLOW = { backoff: { leastMs: 60_000, mostMs: 60_000 }, proveMs: 60_000 }

const repeated = (step: Step, times: number): Step[] => Array.from({ length: times }, () => step)

const page200: Step = (response) => {
  response.writeHead(200, { 'content-type': 'text/html' })
  response.end(HTML)
}

describe('a server that ends each watch as soon as it began', () => {
  test.each([
    ['with an event', endedWatch(modified(fakeObject('a', '10')))],
    ['with empty lines', cutAfter('\n\n')],
    ['without a word', endedWatch()],
  ])('%s is asked after a pause, not at once', async (_, ends) => {
    const { server, told } = await watch([status(422), page('9', [a]), ...repeated(ends, 50)], SLOW)
    await waitUntil(() => told[0] === 'listed a', 'the list')
    await waitUntil(() => server.requests.length === 3, 'the first watch')
    await turns(200)
    expect(server.requests).toHaveLength(3)
  })

  test('with nothing ever said is a silence', async () => {
    const { reflector, log, until } = await watch([openWatchThenEnd(), ...repeated(endedWatch(), 5_000)])
    await until('listed a')
    await waitUntil(() => reflector.brokenSince !== undefined, 'the silence to be known')
    expect(log.join()).toContain('the API server is not heard')
  })
})

describe('a server that says garbage', () => {
  test.each([
    ['in each watch and list', page200],
    ['in each line', cutWatch('{"type":"ADDED"}\n')],
  ])('%s makes what is known old, and is said once', async (_, garbage) => {
    const { server, reflector, log, told, until } = await watch([
      endedWatch(...streamed('9', a)),
      ...repeated(garbage, 5_000),
    ])
    await until('listed a')
    await waitUntil(() => log.join().includes('the API server is not heard'), 'the silence to be said')
    const since = reflector.brokenSince
    expect(since).toBeDefined()
    const asked = server.requests.length
    await waitUntil(() => server.requests.length > asked + 5, 'more attempts')
    expect(reflector.brokenSince).toBe(since)
    expect(log.filter((line) => line.includes('is not heard'))).toHaveLength(1)
    expect(told).toEqual(['listed a'])
  })

  test('after each list is asked less and less often', async () => {
    const garbage = cutWatch(streamed('9', a).map(lineOf).join('') + HTML)
    const timing = { backoff: { leastMs: 1, mostMs: 60_000 }, proveMs: 60_000 }
    const { server } = await watch(repeated(garbage, 5_000), timing)
    let seen = { count: 0, at: 0 }
    await waitUntil(() => {
      const { length: count } = server.requests
      if (count > seen.count) seen = { count, at: performance.now() }
      return count > 1 && performance.now() - seen.at > 100
    }, 'a long pause')
    expect(server.requests.length).toBeLessThan(100)
  })

  test('pages that have no end are given up', async () => {
    const endless = page('9', [a], 'same')
    const { log, told, server } = await watch([status(422), ...repeated(endless, 5_000)])
    await waitUntil(() => log.join().includes('the list has no end'), 'the end of it')
    expect(told).toEqual([])
    expect(server.requests.length).toBeLessThan(100)
  })
})

test('a quiet watch that the server hangs up was heard until then', async () => {
  let hangUp = (): void => undefined
  const quiet: Step = (response, ...rest) => {
    openWatch(...streamed('9', a))(response, ...rest)
    hangUp = () => response.socket?.destroy()
  }
  const { reflector, until } = await watch([quiet], {
    backoff: { leastMs: 60_000, mostMs: 60_000 },
    proveMs: 20,
  })
  await until('listed a')
  const told = performance.timeOrigin + performance.now()
  await waitUntil(() => performance.timeOrigin + performance.now() > told + 60, 'some quiet')
  const before = performance.timeOrigin + performance.now()
  hangUp()
  await waitUntil(() => reflector.brokenSince !== undefined, 'the end of it')
  expect(reflector.brokenSince).toBeGreaterThanOrEqual(before)
})

test('one that fell silent was not heard since its last word', async () => {
  const { reflector, until } = await watch([openWatch(...streamed('9', a))], {
    backoff: { leastMs: 60_000, mostMs: 60_000 },
    proveMs: 5,
    inactivityMs: 80,
  })
  await until('listed a')
  const told = performance.timeOrigin + performance.now()
  await waitUntil(() => reflector.brokenSince !== undefined, 'the silence to be known')
  expect(reflector.brokenSince).toBeLessThanOrEqual(told)
})

/** A watch that lists, stays until it is proven, and is ended. */
function openWatchThenEnd(): Step {
  return (response, ...rest) => {
    openWatch(...streamed('9', a))(response, ...rest)
    setTimeout(() => response.end(), 20)
  }
}

function cutAfter(text: string): Step {
  return (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(text)
  }
}

/** Lets the event loop go round so often. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}
