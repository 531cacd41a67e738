// The socket transport beyond what every transport does: when a request is sent again on another connection, and when not.

import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { describeEndToEnd } from '../../contracts/end-to-end.ts'
import { describeTransport } from '../../contracts/transport.ts'
import { transportWorld, type Asked } from '../../support/transports.ts'
import { startUpstream, type Script, type UpstreamConnection } from '../../support/upstream.ts'

describeTransport('socket')
describeEndToEnd('socket')

const OK = 'HTTP/1.1 200 Said\r\ncontent-length: 2\r\n\r\nok'

/** Answers the first request, and ends the connection when the head of the second is there. */
function endsAtSecond(how: 'fin' | 'reset', { afterMs = 0, first = '' } = {}): Script {
  return async (connection) => {
    await connection.readRequest()
    await connection.write(OK)
    if ((await connection.readHead()) === undefined) return
    if (afterMs > 0) await new Promise((resolve) => setTimeout(resolve, afterMs))
    if (first !== '') await connection.write(first)
    if (how === 'fin') connection.fin()
    else connection.reset()
  }
}

const answersAll: Script = async (connection) => {
  while ((await connection.readRequest()) !== undefined) await connection.write(OK)
}

/** What becomes of a request on a kept connection that ends like that, and how many connections were made in all. */
async function used(scripts: readonly [Script, ...Script[]], asked: Asked) {
  const upstream = await startUpstream(scripts)
  const world = await transportWorld('socket', upstream.port)
  try {
    expect((await world.ask({ path: '/first' })).text).toBe('ok')
    const { how, reason } = await world.ask(asked)
    expect(world.busy).toBe(0)
    return { outcome: how === 'ended' ? how : reason, connections: upstream.connections.length }
  } finally {
    await world.transport.close()
    await upstream.stop()
  }
}

const REPEATED = { outcome: 'ended', connections: 2 }
const FAILED = { outcome: 'connection_closed_before_head', connections: 1 }

describe('a request on a kept connection that is closed just then', () => {
  it.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])(
    'is sent again, with the method %s',
    async (method) => {
      for (const how of ['fin', 'reset'] as const) {
        const result = await used([endsAtSecond(how), answersAll], { method })
        expect({ how, ...result }).toEqual({ how, ...REPEATED })
      }
    },
  )

  it.each(['POST', 'PATCH', 'PROPFIND'])('is not, with the method %s', async (method) => {
    for (const how of ['fin', 'reset'] as const) {
      const result = await used([endsAtSecond(how), answersAll], { method })
      expect({ how, ...result }).toEqual({ how, ...FAILED })
    }
  })

  it('is not, where the connection is new and served none before', async () => {
    const endsAtOnce: Script = async (connection) => {
      await connection.readHead()
      connection.fin()
    }
    const upstream = await startUpstream([endsAtOnce, answersAll])
    await using world = await transportWorld('socket', upstream.port)
    expect((await world.ask()).reason).toBe('connection_closed_before_head')
    expect(upstream.connections).toHaveLength(1)
    await upstream.stop()
  })

  it('is sent again only once', async () => {
    const endsAtOnce: Script = async (connection) => {
      await connection.readHead()
      connection.fin()
    }
    expect(await used([endsAtSecond('fin'), endsAtOnce, answersAll], {})).toEqual({
      ...FAILED,
      connections: 2,
    })
  })

  it('is not, where the end comes later than it can have been on its way', async () => {
    expect(await used([endsAtSecond('fin', { afterMs: 1_100 }), answersAll], {})).toEqual(FAILED)
  })

  it('is, where it comes a little later', async () => {
    expect(await used([endsAtSecond('fin', { afterMs: 100 }), answersAll], {})).toEqual(REPEATED)
  })

  it('is not, where a byte of an answer has come', async () => {
    expect(await used([endsAtSecond('fin', { first: 'H' }), answersAll], {})).toEqual({
      outcome: 'connection_closed_in_head',
      connections: 1,
    })
  })

  it('is not, where some of its content was sent', async () => {
    const body = new Readable({ read: () => undefined })
    body.push('some')
    expect(await used([endsAtSecond('fin', { afterMs: 50 }), answersAll], { method: 'PUT', body })).toEqual(
      FAILED,
    )
  })

  it('is, with all of its content, where none of that was sent', async () => {
    const body = new Readable({ read: () => undefined })
    const upstream = await startUpstream([endsAtSecond('fin'), answersAll])
    await using world = await transportWorld('socket', upstream.port)
    await world.ask()
    const asking = world.begin({ method: 'PUT', body })
    await upstream.connection(1)
    body.push('content')
    body.push(null)
    expect(await asking.outcome).toMatchObject({ how: 'ended', text: 'ok' })
    expect((await upstream.request(1)).body.toString()).toBe('content')
    await world.transport.close()
    await upstream.stop()
  })
})

/** A second request beside which, in one turn, the kept connection does that; and all connections that were made. */
async function besides(happens: (kept: UpstreamConnection) => void, asked: Asked) {
  const upstream = await startUpstream([answersAll, answersAll])
  const world = await transportWorld('socket', upstream.port)
  try {
    await world.ask({ path: '/first' })
    const kept = await upstream.connection(0)
    // From here, the event loop reads what the connection has before it comes to the end of the turn, where it is written.
    await new Promise((resolve) => setImmediate(resolve))
    happens(kept)
    const { how, text } = await world.ask(asked)
    return { how, text, connections: upstream.connections.length }
  } finally {
    await world.transport.close()
    await upstream.stop()
  }
}

describe('a kept connection that ends in the turn in which it is given a request', () => {
  it.each([
    ['GET', 'fin'],
    ['POST', 'fin'],
    ['GET', 'reset'],
    ['POST', 'reset'],
  ] as const)('has sent nothing of it: another one does, %s after %s', async (method, how) => {
    const body = method === 'POST' ? 'content' : undefined
    expect(await besides((kept) => kept[how](), { method, body })).toEqual({
      how: 'ended',
      text: 'ok',
      connections: 2,
    })
  })

  it('does not pass off for the answer what came before the request', async () => {
    const forged = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged'
    expect(await besides((kept) => void kept.write(forged), {})).toEqual({
      how: 'ended',
      text: 'ok',
      connections: 2,
    })
  })
})

it('a request that is given up before it was written leaves its connection to the next one', async () => {
  const upstream = await startUpstream([answersAll, answersAll])
  await using world = await transportWorld('socket', upstream.port)
  await world.ask({ path: '/first' })
  world.begin({ path: '/given-up' }).call?.abort()
  expect(world.busy).toBe(0)
  // It is given back at the end of the turn.
  await new Promise((resolve) => setImmediate(resolve))
  expect((await world.ask({ path: '/next' })).text).toBe('ok')
  expect(upstream.requests.map(({ target }) => target)).toEqual(['/first', '/next'])
  expect(upstream.connections).toHaveLength(1)
  await world.transport.close()
  await upstream.stop()
})
