// What bounds the connections to one endpoint: how many, how many may wait for one, and how old one may grow. At a
// limit requests wait or are refused with a reason; who has given up waiting costs the upstream nothing.

import { describe, expect, it } from 'vitest'
import { Exposition } from '../support/exposition.ts'
import { startFaultyWorld, type FaultyWorld } from '../support/faulty-upstream.ts'
import { connectHttp, httpRequest } from '../support/http-client.ts'
import { answers } from '../support/upstream-scripts.ts'
import type { Script } from '../support/upstream.ts'
import { waitUntil } from '../support/wait-until.ts'

const OK = 'HTTP/1.1 200 Said\r\ncontent-length: 2\r\n\r\nok'

/** Answers nothing until it is opened, then everything. */
function gate(): { readonly script: Script; readonly open: () => void } {
  const opened = Promise.withResolvers<void>()
  const script: Script = async (connection) => {
    while ((await connection.readRequest()) !== undefined) {
      await opened.promise
      await connection.write(OK)
    }
  }
  return { script, open: opened.resolve }
}

/** Sends a first part of its answer again and again, so that no deadline passes, until it is opened. */
function dripsUntilOpen(): { readonly script: Script; readonly open: () => void } {
  const opened = new AbortController()
  const script: Script = async (connection) => {
    while ((await connection.readRequest()) !== undefined) {
      await connection.write('HTTP/1.1 200 Said\r\ntransfer-encoding: chunked\r\n\r\n')
      while (!opened.signal.aborted && (await connection.write('1\r\n.\r\n'))) {
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      await connection.write('2\r\nok\r\n0\r\n\r\n')
    }
  }
  return { script, open: () => opened.abort() }
}

async function untilInFlight(world: FaultyWorld, count: number): Promise<void> {
  await waitUntil(
    async () =>
      new Exposition(await world.gateway.metrics(), 'text/plain').value('kanali_requests_in_flight') ===
      count,
    `${count} requests in flight`,
    { timeoutMs: 20_000, everyMs: 30 },
  )
}

const get = (world: FaultyWorld, path: string) => httpRequest(world.gateway.port, 'GET', path)

describe('the connections to one endpoint', () => {
  it('are never more than proxy.max_connections_per_endpoint; the other requests wait their turn', async () => {
    const { script, open } = gate()
    await using world = await startFaultyWorld(
      { busy: script },
      { flags: { 'proxy.max_connections_per_endpoint': 2 } },
    )
    const requests = [1, 2, 3, 4, 5, 6].map((id) => get(world, `/busy/${id}`))
    await untilInFlight(world, 6)
    await world.upstream('busy').connection(1)
    open()
    const statuses = (await Promise.all(requests)).map(({ status }) => status)
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200])
    expect(world.upstream('busy').connections).toHaveLength(2)
    expect(world.upstream('busy').requests).toHaveLength(6)
    await world.expectUnharmed()
  })

  it('are used again one request after the other', async () => {
    await using world = await startFaultyWorld({ calm: answers(OK) })
    for (const id of [1, 2, 3, 4]) expect((await get(world, `/calm/${id}`)).status).toBe(200)
    expect(world.upstream('calm').connections).toHaveLength(1)
  })

  it('are let go of after proxy.idle_connection_timeout without a request', async () => {
    await using world = await startFaultyWorld(
      { calm: answers(OK) },
      { flags: { 'proxy.idle_connection_timeout': '200ms' } },
    )
    await get(world, '/calm/1')
    const first = await world.upstream('calm').connection(0)
    await waitUntil(() => first.end !== 'open', 'the gateway to end the idle connection')
    expect((await get(world, '/calm/2')).status).toBe(200)
    expect(world.upstream('calm').connections).toHaveLength(2)
  })

  it('take no new request beyond proxy.max_connection_age, and do not grow in number by that', async () => {
    const { script, open } = gate()
    await using world = await startFaultyWorld(
      { busy: script },
      { flags: { 'proxy.max_connection_age': '1ms', 'proxy.max_connections_per_endpoint': 1 } },
    )
    const first = get(world, '/busy/1')
    await untilInFlight(world, 1)
    await world.upstream('busy').connection(0)
    const second = get(world, '/busy/2')
    await untilInFlight(world, 2)
    // The first connection is far over its age, and in use: there is no second one beside it.
    expect(world.upstream('busy').connections).toHaveLength(1)
    open()
    expect([(await first).status, (await second).status]).toEqual([200, 200])
    const seen = world
      .upstream('busy')
      .connections.map(({ requests }) => requests.map(({ target }) => target))
    expect(seen).toEqual([['/1'], ['/2']])
    await world.expectUnharmed()
  })
})

describe('at the limit of requests that may wait', () => {
  const ONE_AND_ONE = { 'proxy.max_connections_per_endpoint': 1, 'proxy.max_pending_per_endpoint': 1 }

  it('the next one is refused at once with connection_limit, and the others are served', async () => {
    const { script, open } = gate()
    await using world = await startFaultyWorld({ busy: script }, { flags: ONE_AND_ONE })
    const running = get(world, '/busy/1')
    await untilInFlight(world, 1)
    const waiting = get(world, '/busy/2')
    await untilInFlight(world, 2)
    const refused = await get(world, '/busy/3')
    expect(refused.status).toBe(502)
    expect(await world.line('/busy/3')).toMatchObject({
      code: '08',
      reason: 'connection_limit',
      blame: 'gateway',
    })
    // Other endpoints have limits of their own.
    expect((await get(world, '/good')).status).toBe(200)
    open()
    expect([(await running).status, (await waiting).status]).toEqual([200, 200])
    expect(world.upstream('busy').requests.map(({ target }) => target)).toEqual(['/1', '/2'])
    await world.expectUnharmed()
  })

  it('a client that goes away makes room, and its request never reaches the upstream', async () => {
    const { script, open } = gate()
    await using world = await startFaultyWorld({ busy: script }, { flags: ONE_AND_ONE })
    const running = get(world, '/busy/1')
    await untilInFlight(world, 1)
    const leaving = await connectHttp(world.gateway.port)
    await leaving.send('GET /busy/2 HTTP/1.1\r\nhost: a\r\n\r\n')
    await untilInFlight(world, 2)
    await leaving.close()
    expect(await world.line('/busy/2')).toMatchObject({ outcome: 'client_closed', code: null, status: 0 })
    const waiting = get(world, '/busy/3')
    await untilInFlight(world, 2)
    open()
    expect([(await running).status, (await waiting).status]).toEqual([200, 200])
    const upstream = world.upstream('busy')
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/1', '/3'])
    expect(upstream.connections).toHaveLength(1)
    await world.expectUnharmed()
  })

  it('one that waits longer than proxy.upstream_timeout is told connection_limit, and costs no connection', async () => {
    const { script, open } = dripsUntilOpen()
    await using world = await startFaultyWorld(
      { busy: script },
      { flags: { ...ONE_AND_ONE, 'proxy.upstream_timeout': '1s' } },
    )
    const running = get(world, '/busy/1')
    await world.upstream('busy').request(0)
    const waited = await get(world, '/busy/2')
    expect(waited.status).toBe(502)
    expect(await world.line('/busy/2')).toMatchObject({
      code: '08',
      reason: 'connection_limit',
      blame: 'gateway',
    })
    open()
    expect((await running).text).toMatch(/\.ok$/)
    expect((await get(world, '/busy/3')).status).toBe(200)
    expect(world.upstream('busy').requests.map(({ target }) => target)).toEqual(['/1', '/3'])
    expect(world.upstream('busy').connections).toHaveLength(1)
    await world.expectUnharmed()
  })
})
