// What the reflector makes of an API server that does everything that one can do: each fault is a script.

import { describe, expect, test } from 'vitest'
import {
  added,
  bookmark,
  cutWatch,
  deleted,
  endedWatch,
  failed,
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
const b = fakeObject('b', '2')

describe('a first list', () => {
  test('is streamed, and the watch goes on in the same stream', async () => {
    const { server, until } = await watch([
      openWatch(...streamed('9', a, b), modified(fakeObject('a', '10'))),
    ])
    await until('listed a b', 'upserted a')
    expect(Object.fromEntries(server.requests[0]?.searchParams ?? [])).toMatchObject({
      watch: 'true',
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: 'true',
    })
    expect(server.requests).toHaveLength(1)
  })

  test('that is streamed is not told before its end, and not at all where it is cut', async () => {
    const cut = cutWatch(lineOf(added(a)) + lineOf(added(b)))
    const { until } = await watch([cut, openWatch(...streamed('9', b))])
    await until('listed b')
  })

  test('that is streamed takes the latest of what comes twice', async () => {
    const { until } = await watch([openWatch(added(a), added(b), deleted(b), ...streamed('9', a))])
    await until('listed a')
  })

  test.each([400, 422])('comes in pages where the server answers %s to a streamed one', async (code) => {
    const { server, until } = await watch([status(code), page('9', [a], 'next'), page('9', [b])])
    await until('listed a b')
    await waitUntil(() => server.requests.length === 4, 'the watch behind the list')
    const [, first, second, then] = server.requests.map((url) => Object.fromEntries(url.searchParams))
    expect(first).toEqual({ limit: '500' })
    expect(second).toEqual({ limit: '500', continue: 'next' })
    expect(then).toMatchObject({ watch: 'true', resourceVersion: '9' })
    expect(then).not.toHaveProperty('sendInitialEvents')
  })

  test('whose pages run out of date begins again, and nothing of the old one is told', async () => {
    const { until } = await watch([status(422), page('9', [a], 'next'), status(410), page('12', [b])])
    await until('listed b')
  })

  test.each([401, 403, 404])('that is answered %s is refused, and asked for again', async (code) => {
    const no = status(code, { kind: 'Status', message: 'no' })
    const { reflector, until } = await watch([no, openWatch(...streamed('9', a))])
    await until(`refused ${code}: no`, 'listed a')
    expect(reflector.isRefused).toBe(false)
  })

  test.each([500, 503])('that is answered %s is asked for again', async (code) => {
    const { until } = await watch([status(code), status(code), openWatch(...streamed('9', a))])
    await until('listed a')
  })

  test('that is no list is asked for again', async () => {
    const { until } = await watch([status(422), status(200, { kind: 'Odd' }), page('9', [a])])
    await until('listed a')
  })
})

describe('a watch', () => {
  test('tells what comes, and goes on where it was when the server ends it', async () => {
    const { server, until } = await watch([
      endedWatch(...streamed('9', a), added(fakeObject('b', '10'))),
      endedWatch(deleted(fakeObject('a', '11'))),
    ])
    await until('listed a', 'upserted b', 'deleted a')
    await waitUntil(() => server.requests.length === 3, 'the third watch')
    expect(server.requests.map(({ searchParams }) => searchParams.get('resourceVersion'))).toEqual([
      null,
      '10',
      '11',
    ])
  })

  test('goes on from the latest bookmark', async () => {
    const { server, until } = await watch([endedWatch(...streamed('9', a), bookmark('50'))])
    await until('listed a')
    await waitUntil(() => server.requests.length === 2, 'the second watch')
    expect(server.requests[1]?.searchParams.get('resourceVersion')).toBe('50')
  })

  test('that is cut in the middle of a line drops the half and goes on from the line before', async () => {
    const half = lineOf(modified(fakeObject('a', '12'))).slice(0, 40)
    const { server, until } = await watch([
      cutWatch(streamed('9', a).map(lineOf).join('') + lineOf(modified(fakeObject('a', '10'))) + half),
      openWatch(modified(fakeObject('a', '12'))),
    ])
    await until('listed a', 'upserted a', 'upserted a')
    expect(server.requests[1]?.searchParams.get('resourceVersion')).toBe('10')
  })

  test('whose lines come in pieces and with U+2028 in them is read all the same', async () => {
    const text = streamed('9', fakeObject('a\u2028b', '1')).map(lineOf).join('')
    const inPieces: Step = (response) => {
      response.writeHead(200)
      const bytes = Buffer.from(text)
      for (let index = 0; index < bytes.length; index += 7) response.write(bytes.subarray(index, index + 7))
    }
    const { until } = await watch([inPieces])
    await until('listed a\u2028b')
  })

  test.each([
    ['is no JSON', '{"type":"MODIFIED","obj\n'],
    ['is no object', '7\n'],
    ['has an unknown type', lineOf({ type: 'RENAMED', object: a })],
    ['has no object', lineOf({ type: 'ADDED' })],
    ['has no resourceVersion', lineOf({ type: 'ADDED', object: { metadata: { name: 'a' } } })],
  ])('with a line that %s lists anew: it may have hidden a change', async (_, line) => {
    const { until, log } = await watch([
      cutWatch(streamed('9', a).map(lineOf).join('') + line),
      openWatch(...streamed('12', b)),
    ])
    await until('listed a', 'listed b')
    expect(log.join()).toContain('malformed')
  })

  test.each([
    ['as its status', status(410)],
    ['in the stream', openWatch(failed(410, 'too old'))],
    ['in the stream as 400', openWatch(failed(400))],
  ])('that is told 410 %s lists anew, with the deletions of the meantime', async (_, gone) => {
    const { until } = await watch([endedWatch(...streamed('9', a, b)), gone, openWatch(...streamed('20', b))])
    await until('listed a b', 'listed b')
  })

  test.each([
    ['500 as its status', status(500)],
    ['500 in the stream', openWatch(failed(500))],
    ['429 in the stream', openWatch(failed(429))],
    ['403 as its status', status(403)],
  ])('that is told %s goes on from where it was, and nothing is forgotten', async (_, step) => {
    const { server, until } = await watch([
      endedWatch(...streamed('9', a)),
      step,
      openWatch(modified(fakeObject('a', '10'))),
    ])
    await until('listed a', 'upserted a')
    expect(server.requests[2]?.searchParams.get('resourceVersion')).toBe('9')
  })

  test('that falls silent is given up and made again', async () => {
    const { server, reflector, until } = await watch(
      [openWatch(...streamed('9', a)), openWatch(modified(fakeObject('a', '10')))],
      { inactivityMs: 60, watchSeconds: 600 },
    )
    await until('listed a', 'upserted a')
    expect(server.requests[1]?.searchParams.get('resourceVersion')).toBe('9')
    expect(Number(server.requests[1]?.searchParams.get('timeoutSeconds'))).toBeGreaterThanOrEqual(600)
    expect(reflector.brokenSince).toBeUndefined()
  })

  test('waits as long as a 429 asks, and no other hurry shortens that', async () => {
    const busy = status(429, {}, { 'retry-after': '1' })
    const { server, reflector, until } = await watch([busy, openWatch(...streamed('9', a))])
    await waitUntil(() => server.requests.length === 1, 'the first request')
    for (let turn = 0; turn < 50; turn++) {
      await new Promise((resolve) => setImmediate(resolve))
      reflector.hurry()
    }
    expect(server.requests).toHaveLength(1)
    await until('listed a')
  })

  test('says since when it is broken, and hurries when someone hears the server again', async () => {
    const slow = { backoff: { leastMs: 60_000, mostMs: 60_000 } }
    const { server, reflector, log, until } = await watch(
      [cutWatch(streamed('9', a).map(lineOf).join(''))],
      slow,
    )
    await until('listed a')
    await waitUntil(() => reflector.brokenSince !== undefined, 'the silence to be known')
    expect(log.join()).toContain('the API server is not heard')
    expect(server.requests).toHaveLength(1)
    server.append(openWatch(modified(fakeObject('a', '10'))))
    await waitUntil(() => {
      reflector.hurry()
      return reflector.brokenSince === undefined
    }, 'the server to be heard again')
    await until('listed a', 'upserted a')
  })
})
