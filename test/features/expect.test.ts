// `Expect: 100-continue` from one end to the other (RFC 9110 section 10.1.1): who is asked for content and by whom, and
// what becomes of both connections where nobody wants it. With undici the gateway answers the expectation by itself.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startFaultyWorld, type FaultyWorld } from '../support/faulty-upstream.ts'
import { connectHttp, type RawResponse } from '../support/http-client.ts'
import type { Head } from '../support/http-message.ts'
import { TESTED_TRANSPORT } from '../support/upstream-transport.ts'
import { answerBytes, answers } from '../support/upstream-scripts.ts'
import type { Script, UpstreamConnection } from '../support/upstream.ts'

const STORED = answerBytes({ body: 'stored' })
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

/** Serves head by head. */
const each =
  (serve: (connection: UpstreamConnection, head: Head) => Promise<unknown>): Script =>
  async (connection) => {
    for (;;) {
      const head = await connection.readHead()
      if (head === undefined) return
      await serve(connection, head)
    }
  }

const asks = each(async (connection, head) => {
  await connection.write(CONTINUE)
  await connection.readBody(head)
  await connection.write(STORED)
})
const refuses: Script = async (connection) => {
  await connection.readHead()
  await connection.write(answerBytes({ status: 417, body: 'no' }))
}

/** Closes when it sees the second request. */
const servesOneAndCloses: Script = async (connection) => {
  await connection.readRequest()
  await connection.write(STORED)
  await connection.readHead()
  connection.fin()
}

const SCRIPTS = {
  asks,
  refuses,
  'refuses-unasked': refuses,
  ignores: answers(STORED),
  impatient: answers(STORED),
  old: answers(STORED),
  hints: each(async (connection, head) => {
    await connection.write(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${CONTINUE}${CONTINUE}`)
    await connection.readBody(head)
    await connection.write(`${CONTINUE}${STORED.toString('latin1')}`)
  }),
  'hangs-up': each(async (connection) => {
    await connection.write(CONTINUE)
    connection.fin()
  }),
  'stale-put': [servesOneAndCloses, asks],
  'stale-post': [servesOneAndCloses, asks],
} satisfies Record<string, Script | readonly [Script, ...Script[]]>

let world: FaultyWorld

beforeAll(async () => {
  world = await startFaultyWorld(SCRIPTS)
})

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

afterEach(async () => {
  await world.expectUnharmed()
})

const LENGTH = 'Content-Length: 2'
const CHUNKED = 'Transfer-Encoding: chunked'

function head(name: string, framing = LENGTH, { method = 'POST', version = '1.1' } = {}): string {
  return `${method} /${name} HTTP/${version}\r\nHost: a\r\n${framing}\r\nExpect: 100-Continue\r\n\r\n`
}

const client = () => connectHttp(world.gateway.port)

const told = ({ status, text, informational }: RawResponse) => ({
  status,
  text,
  informational: informational.map((each) => each.status),
})

describe.runIf(TESTED_TRANSPORT === 'socket')('an expectation goes to the upstream', () => {
  it.each([
    ['by a length', LENGTH, 'hi'],
    ['by chunks', CHUNKED, '2\r\nhi\r\n0\r\n\r\n'],
  ])(
    'whose 100 asks the client for content framed %s; both connections go on',
    async (_, framing, content) => {
      await using from = await client()
      const first = world.upstream('asks').requests.length
      for (const turn of [0, 1]) {
        await from.send(head('asks', framing))
        // The content follows only behind the 100: without it this would wait for ever.
        expect((await from.head()).status).toBe(100)
        await from.send(content)
        expect(told(await from.response())).toEqual({ status: 200, text: 'stored', informational: [] })
        const request = await world.upstream('asks').request(first + turn)
        expect([request.headerValues('expect'), request.body.toString()]).toEqual([['100-continue'], 'hi'])
      }
      expect(world.upstream('asks').connections).toHaveLength(1)
    },
  )

  it('whose final answer reaches the client at once; the content is never asked for, and both connections end', async () => {
    await using from = await client()
    await from.send(head('refuses'))
    const answer = await from.response()
    expect(told(answer)).toEqual({ status: 417, text: 'no', informational: [] })
    expect(answer.header('connection')).toBe('close')
    expect((await from.ended()).end).toBe('fin')
    const connection = await world.upstream('refuses').connection(0)
    expect(await connection.untilEnded()).not.toBe('open')
    expect(await world.line('/refuses')).toMatchObject({ status: 417, outcome: 'ok', bytes_in: 0 })
  })

  it('whose final answer reaches a client that did not wait, too', async () => {
    await using from = await client()
    await from.send(`${head('refuses-unasked')}h`)
    const answer = await from.response()
    expect([answer.status, answer.header('connection')]).toEqual([417, 'close'])
    await from.send('i')
    expect((await from.ended()).end).toBe('fin')
  })

  it('that never speaks of it: the client is asked all the same', async () => {
    await using from = await client()
    for (const _ of [1, 2]) {
      await from.send(head('ignores'))
      expect((await from.head()).status).toBe(100)
      await from.send('hi')
      expect(told(await from.response())).toEqual({ status: 200, text: 'stored', informational: [] })
    }
    expect(world.upstream('ignores').connections).toHaveLength(1)
  })

  it('that never speaks of it, before a client that does not wait: its connection goes on', async () => {
    await using from = await client()
    for (const _ of [1, 2]) {
      await from.send(`${head('impatient')}hi`)
      const answer = await from.response()
      expect(told(answer)).toEqual({ status: 200, text: 'stored', informational: [] })
      expect(answer.header('connection')).toBe('keep-alive')
    }
    expect(world.upstream('impatient').requests.map(({ body }) => body.toString())).toEqual(['hi', 'hi'])
  })

  it('and other informational answers go on beside it; the client is asked once', async () => {
    await using from = await client()
    await from.send(head('hints'))
    expect([(await from.head()).status, (await from.head()).status]).toEqual([103, 100])
    await from.send('hi')
    expect(told(await from.response())).toEqual({ status: 200, text: 'stored', informational: [] })
  })

  it('that asks and hangs up: code 08', async () => {
    await using from = await client()
    await from.send(head('hangs-up'))
    expect((await from.head()).status).toBe(100)
    expect((await from.response()).status).toBe(502)
    expect(await world.line('/hangs-up')).toMatchObject({
      code: '08',
      reason: 'connection_closed_before_head',
    })
  })

  it.each([
    ['PUT', 'is sent again on a new one', 200],
    ['POST', 'is not sent again', 502],
  ])('on a connection that was closed while it was idle: %s %s', async (method, _, status) => {
    const name = `stale-${method.toLowerCase()}`
    await using from = await client()
    expect((await from.request('GET', `/${name}`)).status).toBe(200)
    await from.send(head(name, LENGTH, { method }))
    if (status === 200) {
      expect((await from.head()).status).toBe(100)
      await from.send('hi')
    }
    expect((await from.response()).status).toBe(status)
  })
})

describe.runIf(TESTED_TRANSPORT === 'undici')('an expectation stays here', () => {
  it('and is met before the upstream is asked', async () => {
    await using from = await client()
    await from.send(head('ignores'))
    expect((await from.head()).status).toBe(100)
    await from.send('hi')
    expect(told(await from.response())).toEqual({ status: 200, text: 'stored', informational: [] })
    expect((await world.upstream('ignores').request(0)).header('expect')).toBeUndefined()
  })
})

describe('an expectation', () => {
  it('of HTTP/1.0 is none: the content is awaited, and the upstream hears nothing of it', async () => {
    await using from = await client()
    await from.send(`${head('old', LENGTH, { version: '1.0' })}hi`)
    expect(told(await from.response())).toEqual({ status: 200, text: 'stored', informational: [] })
    expect((await world.upstream('old').request(0)).header('expect')).toBeUndefined()
  })

  it('of something else is refused by 417', async () => {
    await using from = await client()
    await from.send(`POST /good HTTP/1.1\r\nHost: a\r\n${LENGTH}\r\nExpect: cake\r\n\r\n`)
    expect((await from.response()).status).toBe(417)
  })

  it('without content is none', async () => {
    await using from = await client()
    await from.send('GET /good HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n')
    expect(told(await from.response())).toEqual({ status: 200, text: 'good', informational: [] })
    expect(world.upstream('good').requests.at(-1)?.header('expect')).toBeUndefined()
  })
})
