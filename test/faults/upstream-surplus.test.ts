// Bytes that no request asked for: content where there is none (HEAD, 204, 304), more than the length promised, an
// answer nobody waits for. The answer that was asked for arrives; the surplus never becomes the next one's answer.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { connectHttp, httpRequest } from '../support/http-client.ts'
import { startFaultyWorld, type FaultyWorld } from '../support/faulty-upstream.ts'
import { answers } from '../support/upstream-scripts.ts'
import { waitUntil } from '../support/wait-until.ts'

const STOLEN = 'HTTP/1.1 200 Stolen\r\ncontent-length: 6\r\n\r\nstolen'
const OK = 'HTTP/1.1 200 Said\r\ncontent-length: 2\r\n\r\nok'

interface Case {
  readonly method: string
  readonly bytes: string
  readonly status: number
  readonly text: string
}

const CASES: Readonly<Record<string, Case>> = {
  'content behind the head that HEAD asked for': { method: 'HEAD', bytes: OK, status: 200, text: '' },
  'a whole answer behind that to HEAD': { method: 'HEAD', bytes: `${OK}${STOLEN}`, status: 200, text: '' },
  'content behind a 204 with a length': {
    method: 'GET',
    bytes: 'HTTP/1.1 204 Said\r\ncontent-length: 2\r\n\r\nok',
    status: 204,
    text: '',
  },
  'an answer behind a 204': {
    method: 'GET',
    bytes: `HTTP/1.1 204 Said\r\n\r\n${STOLEN}`,
    status: 204,
    text: '',
  },
  'content behind a 304 with a length': {
    method: 'GET',
    bytes: 'HTTP/1.1 304 Said\r\ncontent-length: 2\r\n\r\nok',
    status: 304,
    text: '',
  },
  'an answer behind a 304': {
    method: 'GET',
    bytes: `HTTP/1.1 304 Said\r\n\r\n${STOLEN}`,
    status: 304,
    text: '',
  },
  'a second answer behind the first': { method: 'GET', bytes: `${OK}${STOLEN}`, status: 200, text: 'ok' },
  'more content than the length says': { method: 'GET', bytes: `${OK}ay`, status: 200, text: 'ok' },
  'junk behind the last chunk': {
    method: 'GET',
    bytes: 'HTTP/1.1 200 Said\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\njunk',
    status: 200,
    text: 'ok',
  },
}

const NAMES = Object.keys(CASES)
let world: FaultyWorld

beforeAll(async () => {
  const scripts = NAMES.map((name, index) => [
    `case-${index}`,
    answers(({ target }) => (target === '/surplus' ? (CASES[name]?.bytes ?? '') : OK)),
  ])
  world = await startFaultyWorld(Object.fromEntries(scripts))
})

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

afterEach(async () => {
  await world.expectUnharmed()
})

describe('bytes that nobody asked for', () => {
  it.each(Object.entries(CASES))('harm no other request: %s', async (name, { method, status, text }) => {
    const route = `case-${NAMES.indexOf(name)}`
    const upstream = world.upstream(route)
    await using client = await connectHttp(world.gateway.port)
    const first = await client.request(method, `/${route}/surplus`)
    expect({ status: first.status, text: first.text }).toEqual({ status, text })
    if (status === 204) expect(first.header('content-length')).toBeUndefined()
    const next = await client.request('GET', `/${route}/next`)
    expect({ status: next.status, text: next.text }).toEqual({ status: 200, text: 'ok' })
    // The connection that they came on is not used again.
    expect(upstream.connections.map(({ requests }) => requests.map(({ target }) => target))).toEqual([
      ['/surplus'],
      ['/next'],
    ])
  })

  it('end an idle connection that they come on', async () => {
    await using idle = await startFaultyWorld({ idle: answers(OK) })
    await httpRequest(idle.gateway.port, 'GET', '/idle/first')
    const first = await idle.upstream('idle').connection(0)
    await first.write(STOLEN)
    await waitUntil(() => first.end !== 'open', 'the end of the idle connection')
    const next = await httpRequest(idle.gateway.port, 'GET', '/idle/next')
    expect({ status: next.status, text: next.text }).toEqual({ status: 200, text: 'ok' })
    expect(first.requests).toHaveLength(1)
    await idle.expectUnharmed()
  })
})
