// Upstreams that close: while a kept connection is idle, in the moment in which it is used again, and with every
// answer. A closed connection is never used. A request that may do something is never sent twice; one that may be
// repeated is, once, by the socket transport, where a kept connection was closed just then.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startFaultyWorld, type FaultyWorld } from '../support/faulty-upstream.ts'
import { httpRequest } from '../support/http-client.ts'
import { startOtlpSink, type OtlpSink } from '../support/otlp-sink.ts'
import { answers, cutsAfter, resets } from '../support/upstream-scripts.ts'
import { TESTED_TRANSPORT } from '../support/upstream-transport.ts'
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
let sink: OtlpSink

const SCRIPTS = {
  'idle-fin': answers(OK),
  'idle-reset': answers(OK),
  'used-fin': endsAtSecondRequest('fin'),
  'used-reset': endsAtSecondRequest('reset'),
  'each-time': answersAndCloses,
  'without-length': answers('HTTP/1.1 200 Said\r\nconnection: close\r\n\r\nok'),
  'fin-first': cutsAfter(0, 'fin'),
  'reset-first': cutsAfter(0, 'reset'),
  'reset-at-head': resets('after the head'),
}

beforeAll(async () => {
  sink = await startOtlpSink()
  world = await startFaultyWorld(SCRIPTS, { otlpUrl: sink.httpUrl })
})

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  await sink?.stop()
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

  const tries = (name: string, path: string) =>
    world.upstream(name).requests.filter(({ target }) => target === path).length

  const NO_SECOND_TRY: readonly (readonly ['fin' | 'reset', string])[] =
    TESTED_TRANSPORT === 'undici'
      ? [
          ['fin', 'POST'],
          ['reset', 'POST'],
          ['fin', 'GET'],
          ['reset', 'GET'],
        ]
      : [
          ['fin', 'POST'],
          ['reset', 'POST'],
        ]

  it.each(NO_SECOND_TRY)(
    'a kept connection by a %s just when a %s is sent gets no second try, and is explained',
    async (how, method) => {
      const name = `used-${how}`
      expect((await send('GET', `/${name}/before-${method}`)).status).toBe(200)
      expect((await send(method, `/${name}/used-by-${method}`)).status).toBe(502)
      expect(await world.line(`/${name}/used-by-${method}`)).toMatchObject({
        code: '08',
        reason: 'connection_closed_before_head',
        blame: 'upstream',
      })
      expect(tries(name, `/used-by-${method}`)).toBe(1)
      expect((await send('GET', `/${name}/after-${method}`)).status).toBe(200)
      // The connection of that last one is at its end as well: the next test begins with a new one.
      await send('GET', `/${name}/spent-${method}`)
    },
  )

  it.each(TESTED_TRANSPORT === 'socket' ? (['fin', 'reset'] as const) : [])(
    'a kept connection by a %s just when a GET is sent is asked once more, on a new one',
    async (how) => {
      const name = `used-${how}`
      expect((await send('GET', `/${name}/before-GET`)).status).toBe(200)
      const used = await send('GET', `/${name}/used-by-GET`)
      expect({ status: used.status, text: used.text }).toEqual({ status: 200, text: 'ok' })
      expect(await world.line(`/${name}/used-by-GET`)).toMatchObject({ code: null, outcome: 'ok' })
      expect(tries(name, '/used-by-GET')).toBe(2)
      const [span] = await sink.spans(
        ({ kind, attributes }) =>
          kind === 'client' && attributes['url.full'] === `${world.upstream(name).url}/used-by-GET`,
      )
      expect(span?.attributes['http.request.resend_count']).toBe(1)
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
