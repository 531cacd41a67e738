// Upstreams that close: while a kept connection is idle, in the moment in which it is used again, and with every
// answer. A closed connection is never used, and no request is ever sent twice, whatever its method.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startFaultyWorld, type FaultyWorld } from '../support/faulty-upstream.ts'
import { httpRequest } from '../support/http-client.ts'
import { answers, cutsAfter, resets } from '../support/upstream-scripts.ts'
import type { Script } from '../support/upstream.ts'
import { waitUntil } from '../support/wait-until.ts'

const OK = 'HTTP/1.1 200 Said\r\ncontent-length: 2\r\n\r\nok'

/** Answers the first request of each connection, and ends the connection when the second one is there. */
function endsAtSecondRequest(how: 'fin' | 'reset'): Script {
  return async (connection) => {
    await connection.readRequest()
    await connection.write(OK)
    if ((await connection.readRequest()) === undefined) return
    if (how === 'fin') connection.fin()
    else connection.reset()
  }
}

const answersAndCloses: Script = async (connection) => {
  await connection.readRequest()
  await connection.write(OK)
  connection.fin()
}

let world: FaultyWorld

beforeAll(async () => {
  world = await startFaultyWorld({
    'idle-fin': answers(OK),
    'idle-reset': answers(OK),
    'used-fin': endsAtSecondRequest('fin'),
    'used-reset': endsAtSecondRequest('reset'),
    'each-time': answersAndCloses,
    'without-length': answers('HTTP/1.1 200 Said\r\nconnection: close\r\n\r\nok'),
    'fin-first': cutsAfter(0, 'fin'),
    'reset-first': cutsAfter(0, 'reset'),
    'reset-at-head': resets('after the head'),
  })
})

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

afterEach(async () => {
  await world.expectUnharmed()
})

const send = (method: string, path: string) =>
  httpRequest(world.gateway.port, method, path, method === 'POST' ? { body: 'content' } : {})

describe('an upstream that closes', () => {
  it.each(['fin', 'reset'] as const)('an idle connection by a %s is asked on a new one', async (how) => {
    const name = `idle-${how}`
    expect((await send('GET', `/${name}/1`)).status).toBe(200)
    const first = await world.upstream(name).connection(0)
    first[how]()
    await waitUntil(() => first.end !== 'open', 'the connection to be ended on both sides')
    const next = await send('POST', `/${name}/2`)
    expect({ status: next.status, text: next.text }).toEqual({ status: 200, text: 'ok' })
    expect(first.requests).toHaveLength(1)
    expect(world.upstream(name).connections).toHaveLength(2)
  })

  it.each([
    ['fin', 'GET'],
    ['fin', 'POST'],
    ['reset', 'GET'],
    ['reset', 'POST'],
  ])(
    'a kept connection by a %s just when a %s is sent gets no second try, and is explained',
    async (how, method) => {
      const name = `used-${how}`
      const before = world.upstream(name).requests.length
      expect((await send('GET', `/${name}/before-${method}`)).status).toBe(200)
      expect((await send(method, `/${name}/used-by-${method}`)).status).toBe(502)
      expect(await world.line(`/${name}/used-by-${method}`)).toMatchObject({
        code: '08',
        reason: 'connection_closed_before_head',
        blame: 'upstream',
      })
      expect(world.upstream(name).requests.length - before).toBe(2)
      expect((await send('GET', `/${name}/after-${method}`)).status).toBe(200)
      // The connection of that last one is at its end as well: the next test begins with a new one.
      await send('GET', `/${name}/spent-${method}`)
    },
  )

  it('with every answer, unannounced, never gets a request twice, and each is answered or explained', async () => {
    for (let id = 0; id < 20; id++) {
      const path = `/each-time/${id}`
      const { status } = await send('POST', path)
      const { reason } = await world.line(path)
      const outcome = `${status} ${reason as string | null}`
      expect(['200 null', '502 connection_closed_before_head']).toContain(outcome)
      const tries = world.upstream('each-time').requests.filter(({ target }) => target === `/${id}`)
      expect(tries.length).toBeLessThanOrEqual(1)
    }
  })

  it('to show where its content ends has given a good answer', async () => {
    const { status, text } = await send('GET', '/without-length')
    expect({ status, text }).toEqual({ status: 200, text: 'ok' })
  })

  it.each([
    ['fin-first', 'GET'],
    ['fin-first', 'POST'],
    ['reset-first', 'GET'],
    ['reset-first', 'PUT'],
    ['reset-at-head', 'DELETE'],
  ])('instead of answering (%s) is asked once by %s', async (name, method) => {
    const before = world.upstream(name).connections.length
    expect((await send(method, `/${name}/${method}`)).status).toBe(502)
    expect(await world.line(`/${name}/${method}`)).toMatchObject({ reason: 'connection_closed_before_head' })
    expect(world.upstream(name).connections.length - before).toBe(1)
  })
})
