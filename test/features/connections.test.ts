// Connections of clients and of upstreams: reuse, order, limits at their exact edge, and the traps of a parser that goes
// on reading behind a request that was refused.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { connectHttp } from '../support/http-client.ts'
import { apiProxy, mockTarget } from '../support/manifests.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { answers } from '../support/upstream-scripts.ts'

const HEADERS_MAX = 10
const HEAD_BYTES_MAX = 4096

let upstream: Upstream
let gateway: GatewayProcess

beforeAll(async () => {
  upstream = await startUpstream(answers())
  gateway = await startGatewayProcess({
    manifests: {
      'routes.yaml': [
        apiProxy('up').at('/up').toEndpoint(upstream.url).build(),
        apiProxy('mock').at('/mock').mock('ok').build(),
        mockTarget('ok').route('/', 200, 'mock').build(),
      ],
    },
    flags: {
      'server.max_header_count': HEADERS_MAX,
      'server.max_header_bytes': HEAD_BYTES_MAX,
      'server.idle_timeout': '300ms',
    },
  })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

const get = (target: string, fields = ''): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`

describe('a connection', () => {
  test('serves one request after the other, and so does the one to the upstream', async () => {
    await using connection = await connectHttp(gateway.port)
    const before = upstream.connections.length
    for (let count = 0; count < 5; count++) expect((await connection.request('GET', '/up')).status).toBe(200)
    expect(upstream.connections.length - before).toBeLessThanOrEqual(1)
  })

  test('is closed after server.idle_timeout without a request', async () => {
    await using connection = await connectHttp(gateway.port)
    await connection.request('GET', '/mock')
    expect((await connection.ended()).end).toBe('fin')
  })

  test('ends behind the answer to a request that asks for it, and what follows is not served', async () => {
    const before = upstream.requests.length
    await using connection = await connectHttp(gateway.port)
    await connection.send(get('/mock', 'Connection: close\r\n') + get('/up'))
    expect((await connection.response()).text).toBe('mock')
    expect((await connection.ended()).rest.toString()).toBe('')
    expect(upstream.requests).toHaveLength(before)
  })
})

describe('what is pipelined behind', () => {
  test('a refused request never reaches an upstream', async () => {
    const before = upstream.requests.length
    await using connection = await connectHttp(gateway.port)
    await connection.send(get('/mock', 'Host: b\r\n') + get('/up/smuggled'))
    expect((await connection.response()).status).toBe(400)
    expect((await connection.ended()).rest.toString()).toBe('')
    expect(upstream.requests).toHaveLength(before)
  })

  test('a good request and is junk does not take its answer away', async () => {
    await using connection = await connectHttp(gateway.port)
    await connection.send(`${get('/up')}JUNK\r\n\r\n`)
    expect((await connection.response()).text).toBe('ok')
    expect((await connection.response()).status).toBe(400)
    expect((await connection.ended()).end).toBe('fin')
  })

  test('HTTP/1.0 with a transfer coding is refused and closed', async () => {
    await using connection = await connectHttp(gateway.port)
    await connection.send(
      `POST /up HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${get('/mock')}`,
    )
    expect((await connection.response()).status).toBe(400)
    expect((await connection.ended()).rest.toString()).toBe('')
  })
})

describe('a limit', () => {
  test.each([
    [HEADERS_MAX, 200],
    [HEADERS_MAX + 1, 431],
  ])('of fields: %i with Host gives %i', async (count, status) => {
    await using connection = await connectHttp(gateway.port)
    await connection.send(get('/mock', 'X: 1\r\n'.repeat(count - 1)))
    expect((await connection.response()).status).toBe(status)
  })

  test('of bytes of the head holds', async () => {
    const statuses: number[] = []
    // What Node counts is target, names and values, so the edge itself is its own matter.
    for (const size of [HEAD_BYTES_MAX - 200, HEAD_BYTES_MAX + 200]) {
      await using connection = await connectHttp(gateway.port)
      await connection.send(get('/mock', `X: ${'a'.repeat(size)}\r\n`))
      statuses.push((await connection.response()).status)
    }
    expect(statuses).toEqual([200, 431])
  })
})
