// Contents of any size pass in constant memory, nobody is sent more than he takes, and a client that leaves ends its
// request at the upstream.

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { connectHttp, httpRequest, requestBytes } from '../support/http-client.ts'
import { apiProxy } from '../support/manifests.ts'
import { observe, rise } from '../support/observed.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { answerBytes, neverAnswers, readsOnlyTheHead, sendsZeros } from '../support/upstream-scripts.ts'
import { waitUntil } from '../support/wait-until.ts'

const MIB = 1024 * 1024
const GIB = 1024 * MIB
/** Node's own buffers and garbage on the way of a gibibyte; a gateway that kept it would need all of it. */
const GROWTH_MAX = 192 * MIB
/** What the kernel's socket buffers and the gateway may hold for one that does not read. */
const STALLED_MAX = 64 * MIB

let sink: OtlpSink
let gateway: GatewayProcess
const upstreams: Record<string, Upstream> = {}

beforeAll(async () => {
  sink = await startOtlpSink()
  upstreams['zeros'] = await startUpstream(sendsZeros(GIB))
  upstreams['unread'] = await startUpstream(sendsZeros(GIB))
  upstreams['swallow'] = await startUpstream(async (connection) => {
    while ((await connection.readRequest({ keepBody: false })) !== undefined)
      await connection.write(answerBytes())
  })
  upstreams['deaf'] = await startUpstream(readsOnlyTheHead())
  // Says no as soon as the head is there, without content, and takes what comes.
  upstreams['hurried'] = await startUpstream(async (connection) => {
    for (;;) {
      const head = await connection.readHead()
      if (head === undefined) return
      await connection.write('HTTP/1.1 403 Said\r\ncontent-length: 0\r\n\r\n')
      await connection.readBody(head)
    }
  })
  upstreams['silent'] = await startUpstream(neverAnswers())
  const routes = Object.entries(upstreams).map(([name, { url }]) =>
    apiProxy(name).at(`/${name}`).toEndpoint(url).build(),
  )
  gateway = await startGatewayProcess({
    manifests: { 'routes.yaml': routes },
    flags: { 'proxy.upstream_timeout': '60s' },
    otlpUrl: sink.httpUrl,
  })
  // Warm: what the first exchange allocates is not the content's.
  await httpRequest(gateway.port, 'POST', '/swallow', { body: Buffer.alloc(8 * MIB) })
})

afterAll(async () => {
  await gateway.stop()
  for (const upstream of Object.values(upstreams)) await upstream.stop()
  await sink.stop()
})

/** Bytes of memory: now, or the most that there ever was. */
function memory(which: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${gateway.process.pid}/status`, 'utf8')
  return Number(new RegExp(`^${which}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024
}

describe('a gibibyte', () => {
  test('comes down in constant memory', async () => {
    const before = memory('VmRSS')
    const response = await httpRequest(gateway.port, 'GET', '/zeros', { keepBody: false })
    expect([response.status, response.bodyBytes, response.complete]).toEqual([200, GIB, true])
    expect(memory('VmHWM') - before).toBeLessThan(GROWTH_MAX)
    const [line] = await gateway.accessLines(({ path }) => path === '/zeros')
    expect(line).toMatchObject({ bytes_out: GIB, outcome: 'ok' })
  }, 120_000)

  test('goes up in constant memory', async () => {
    const before = memory('VmRSS')
    await using connection = await connectHttp(gateway.port)
    await connection.send(`POST /swallow/big HTTP/1.1\r\nHost: a\r\nContent-Length: ${GIB}\r\n\r\n`)
    const piece = Buffer.alloc(MIB)
    for (let sent = 0; sent < GIB; sent += piece.length) await connection.send(piece)
    const response = await connection.response()
    expect(response.status).toBe(200)
    expect(memory('VmHWM') - before).toBeLessThan(GROWTH_MAX)
    const [line] = await gateway.accessLines(({ path }) => path === '/swallow/big')
    expect(line).toMatchObject({ bytes_in: GIB })
    expect(upstreams['swallow']?.requests.at(-1)?.bodyBytes).toBe(GIB)
  }, 120_000)
})

describe('backpressure', () => {
  test('an upstream is not read faster than its client reads', async () => {
    const before = memory('VmRSS')
    await using connection = await connectHttp(gateway.port)
    connection.socket.pause()
    await connection.send(requestBytes('GET', '/unread'))
    const upstream = await upstreams['unread']?.connection(0)
    // It stands still once the same number is seen again and again while the upstream would have more to send.
    const written = await settled(() => upstream?.socket.bytesWritten ?? 0)
    expect(written).toBeLessThan(STALLED_MAX)
    expect(memory('VmRSS') - before).toBeLessThan(STALLED_MAX)
    connection.reset()
    await upstream?.untilEnded()
  })

  test('a client is not read faster than its upstream reads', async () => {
    await using connection = await connectHttp(gateway.port)
    await connection.send(`POST /deaf HTTP/1.1\r\nHost: a\r\nContent-Length: ${GIB}\r\n\r\n`)
    const piece = Buffer.alloc(MIB)
    for (let sent = 0; sent < STALLED_MAX; sent += piece.length) connection.socket.write(piece)
    const taken = await settled(() => connection.socket.bytesWritten - connection.socket.writableLength)
    expect(taken).toBeLessThan(STALLED_MAX)
    connection.reset()
  })
})

describe('a client that goes away', () => {
  test.each(['FIN', 'RST'])(
    'by a %s ends its request at the upstream: client_closed, and no code',
    async (how) => {
      const upstream = upstreams['silent']
      const index = upstream?.connections.length ?? 0
      const observed = await observe(
        gateway,
        sink,
        async () => {
          await using connection = await connectHttp(gateway.port)
          await connection.send(requestBytes('GET', `/silent/${how}`))
          const reached = await upstream?.connection(index)
          if (how === 'FIN') connection.fin()
          else connection.reset()
          return await reached?.untilEnded()
        },
        ({ path }) => path === `/silent/${how}`,
      )
      expect(observed.seen).toMatch(/fin|rst|reset|destroyed/)
      expect(observed.line).toMatchObject({ status: 0, outcome: 'client_closed', code: null, reason: null })
      expect(observed.server.attributes['kanali.outcome']).toBe('client_closed')
      expect(observed.server.attributes).not.toHaveProperty('kanali.error.code')
      expect(observed.server.status.code).toBe('unset')
      expect(
        rise(observed, 'kanali_requests_total', { outcome: 'client_closed', status: '0', code: 'none' }),
      ).toBe(1)
      expect(rise(observed, 'kanali_errors_total', {})).toBe(0)
    },
  )

  test('in the middle of an answer is client_closed too', async () => {
    const observed = await observe(
      gateway,
      sink,
      async () => {
        await using connection = await connectHttp(gateway.port)
        await connection.send(requestBytes('GET', '/zeros/half'))
        await waitUntil(() => connection.socket.bytesRead > 0, 'the answer has begun')
        connection.reset()
      },
      ({ path }) => path === '/zeros/half',
    )
    expect(observed.line).toMatchObject({ status: 200, outcome: 'client_closed', code: null })
  })
})

/** The value once it no longer changes over a number of looks. */
async function settled(value: () => number): Promise<number> {
  let last = -1
  let same = 0
  await waitUntil(
    () => {
      const now = value()
      same = now === last && now > 0 ? same + 1 : 0
      last = now
      return same >= 30
    },
    'the flow stands still',
    { everyMs: 20, timeoutMs: 25_000 },
  )
  return last
}

test('an answer without content reaches a client that is still sending, and its connection goes on', async () => {
  await using connection = await connectHttp(gateway.port)
  await connection.send('POST /hurried HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab')
  expect((await connection.response()).status).toBe(403)
  await connection.send('cd')
  await connection.send(requestBytes('GET', '/hurried'))
  expect((await connection.response()).status).toBe(403)
})
