// Informational answers (RFC 9110, section 15.2): those that help reach the client, a 100 that nobody asked for is thrown
// away, a 101 is a fault, and an upstream that never gets to its answer does not hold a request for ever by sending more of them.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startFaultyWorld, type FaultyWorld } from '../support/faulty-upstream.ts'
import { httpRequest } from '../support/http-client.ts'
import { answerBytes, answers } from '../support/upstream-scripts.ts'
import type { Script } from '../support/upstream.ts'
import { TESTED_TRANSPORT } from '../support/upstream-transport.ts'

const HINT = 'HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n'

/** No end but that of the connection. */
const hintsForEver: Script = async (connection) => {
  await connection.readRequest()
  while (await connection.write(HINT.repeat(100)));
}

let world: FaultyWorld

beforeAll(async () => {
  world = await startFaultyWorld({
    some: answers(`${HINT}HTTP/1.1 102 Processing\r\n\r\n${HINT}${answerBytes().toString('latin1')}`),
    unknown: answers(
      `HTTP/1.1 104 Upload Resumption Supported\r\nconnection: x-hop\r\nx-hop: 1\r\nlocation: /a\r\n\r\n${answerBytes().toString('latin1')}`,
    ),
    many: answers(`${HINT.repeat(200)}${answerBytes().toString('latin1')}`),
    endless: hintsForEver,
    continue: answers(answerBytes({ informational: [100] })),
    'late-continue': answers(answerBytes({ informational: [103, 100] })),
    switching: answers(
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    ),
    'hints-and-end': async (connection) => {
      await connection.readRequest()
      await connection.write(HINT)
      connection.fin()
    },
  })
})

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

afterEach(async () => {
  await world.expectUnharmed()
})

const get = (path: string) => httpRequest(world.gateway.port, 'GET', path)

describe('informational answers', () => {
  it('102 and 103 reach the client in their order, before the answer', async () => {
    const { status, text, informational } = await get('/some')
    expect({ status, text }).toEqual({ status: 200, text: 'ok' })
    expect(informational.map((each) => each.status)).toEqual([103, 102, 103])
    expect(informational[0]?.rawHeaders).toContainEqual(['link', '</style.css>; rel=preload'])
  })

  it('of a status that nobody knows reach it too, without what belongs to one connection', async () => {
    const { status, informational } = await get('/unknown')
    expect([status, informational.map((each) => each.status)]).toEqual([200, [104]])
    expect(informational[0]?.rawHeaders).toEqual([['location', '/a']])
  })

  it('may be many', async () => {
    const { status, informational } = await get('/many')
    expect(status).toBe(200)
    expect(informational).toHaveLength(200)
  })

  it('without end are cut off: together they may be as large as one head', async () => {
    const { status, informational } = await get('/endless')
    expect(status).toBe(502)
    expect(informational.length).toBeGreaterThan(100)
    expect(await world.line('/endless')).toMatchObject({ code: '08', reason: 'response_header_too_large' })
    expect((await world.upstream('endless').connection(0)).requests).toHaveLength(1)
  })

  const CONTINUES = ['continue', 'late-continue']
  it.each(TESTED_TRANSPORT === 'undici' ? [...CONTINUES, 'switching'] : ['switching'])(
    'that nobody asked for are a fault of the upstream: %s',
    async (name) => {
      const { status, informational } = await get(`/${name}`)
      expect(status).toBe(502)
      expect(informational.filter((each) => each.status < 102)).toEqual([])
      expect(await world.line(`/${name}`)).toMatchObject({ code: '08', reason: 'unexpected_informational' })
    },
  )

  it.runIf(TESTED_TRANSPORT === 'socket').each(CONTINUES)(
    'are thrown away where a 100 comes that the client did not ask for, on which it could fail: %s',
    async (name) => {
      for (const _ of [1, 2]) {
        const { status, text, informational } = await get(`/${name}`)
        expect([status, text]).toEqual([200, 'ok'])
        expect(informational.filter((each) => each.status !== 103)).toEqual([])
      }
      expect(world.upstream(name).connections).toHaveLength(1)
    },
  )

  it('and nothing behind them are no answer', async () => {
    const { status } = await get('/hints-and-end')
    expect(status).toBe(502)
    expect(await world.line('/hints-and-end')).toMatchObject({ reason: 'connection_closed_before_head' })
  })
})
