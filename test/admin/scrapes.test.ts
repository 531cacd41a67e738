// Scrapes through real sockets whose readers are slow, stall, leave or are too many: a page is made no faster than it is
// read, and nobody holds a place for ever.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { AdminServer } from '../../src/admin/admin-server.ts'
import { Health } from '../../src/admin/health.ts'
import { createMetricsServer } from '../../src/admin/metrics-server.ts'
import type { ScrapeLimits } from '../../src/admin/scrapes.ts'
import { bareSnapshot } from '../support/bare-snapshot.ts'
import { httpRequest, requestBytes } from '../support/http-client.ts'
import { LogLines } from '../support/log-lines.ts'
import { waitUntil } from '../support/wait-until.ts'

const PIECE = Buffer.from(`${'x'.repeat(32 * 1024 - 1)}\n`)
/** Much more than all buffers between the two ends hold. */
const PIECES = 1024
const SCRAPE = requestBytes('GET', '/metrics')

const open: AdminServer[] = []
const sockets: Socket[] = []
const log = new LogLines()
const health = new Health({
  current: () => bareSnapshot(),
  listening: () => true,
  draining: () => false,
  blocked: () => undefined,
  keys: () => ({ problem: undefined, drained: true }),
})

afterEach(async () => {
  log.lines.length = 0
  for (const socket of sockets.splice(0)) socket.destroy()
  await Promise.all(open.splice(0).map((server) => server.close()))
})

/** Serves long pages; `made` counts the pieces of all of them, `ended` the pages that were given up or finished. */
async function serve(limits: Partial<ScrapeLimits> = {}, failAt = Infinity) {
  const seen = { made: 0, ended: 0 }
  async function* pieces(): AsyncGenerator<Buffer> {
    try {
      for (let index = 0; index < PIECES; index++) {
        if (index === failAt) throw new Error('a family that cannot be read')
        seen.made++
        yield PIECE
        await new Promise((resolve) => setImmediate(resolve))
      }
    } finally {
      seen.ended++
    }
  }
  const metrics = { expose: () => ({ contentType: 'text/plain', pieces: pieces() }) }
  const server = createMetricsServer({ metrics, health, log, limits })
  open.push(server)
  const listening = await server.listen({ option: 'prometheus.insecure_port', port: 0, address: '127.0.0.1' })
  if ('problem' in listening) throw new Error(listening.problem)
  return { port: listening.port, seen }
}

/** A scrape whose reader has seen the beginning and reads no further. */
async function stalled(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  sockets.push(socket)
  socket.write(SCRAPE)
  await once(socket, 'data')
  return socket.pause()
}

/** Resolves once nothing more is made, however many turns are given to it. */
async function untilStill(seen: { made: number }): Promise<void> {
  let before = -1
  await waitUntil(
    () => {
      const isStill = seen.made === before
      before = seen.made
      return isStill
    },
    'no more is made',
    { everyMs: 50 },
  )
}

test('a reader that takes all of it gets all of it', async () => {
  const { port, seen } = await serve()
  const response = await httpRequest(port, 'GET', '/metrics', { keepBody: false })
  expect(response).toMatchObject({ status: 200, complete: true })
  expect(seen).toEqual({ made: PIECES, ended: 1 })
})

test('a page is made no faster than it is read', async () => {
  const { port, seen } = await serve()
  await stalled(port)
  await untilStill(seen)
  // What the kernel holds of a loopback connection is some megabytes.
  expect(seen.made).toBeLessThan(PIECES / 2)
})

test('a reader that stalls is cut off at the limit, and its place is free again', async () => {
  const { port, seen } = await serve({ scrapesMax: 1, scrapeTimeoutMs: 300 })
  const reader = await stalled(port)
  await waitUntil(() => seen.ended === 1, 'the page is given up')
  expect(log.lines).toMatchObject([
    {
      level: 'warn',
      fields: { client: '127.0.0.1', timeout_ms: 300 },
      message: expect.stringContaining('cut off'),
    },
  ])
  reader.resume()
  await once(reader, 'close')
  expect((await httpRequest(port, 'HEAD', '/metrics')).status).toBe(200)
})

test('more scrapes at once than may be are told so, and others are served when one has ended', async () => {
  const { port, seen } = await serve({ scrapesMax: 2 })
  const first = await stalled(port)
  await stalled(port)
  const third = await httpRequest(port, 'GET', '/metrics')
  expect(third.status).toBe(503)
  expect(third.header('retry-after')).toBe('1')
  expect(JSON.parse(third.text)).toEqual({
    error: 'too_many_scrapes',
    message: '2 scrapes are under way, and no more are served.',
  })
  expect((await httpRequest(port, 'GET', '/healthz')).status).toBe(200)
  first.destroy()
  await waitUntil(() => seen.ended === 1, 'the page of a reader that has left is given up')
  expect((await httpRequest(port, 'GET', '/metrics', { keepBody: false })).status).toBe(200)
  // A reader that leaves is no fault of the gateway.
  expect(log.lines).toEqual([])
})

test('HEAD gets the head alone, and the page is not made for it', async () => {
  const { port, seen } = await serve({ scrapesMax: 1 })
  for (let asked = 0; asked < 3; asked++) {
    const response = await httpRequest(port, 'HEAD', '/metrics')
    expect(response).toMatchObject({ status: 200, text: '' })
    expect(response.header('content-type')).toBe('text/plain')
  }
  expect(seen.made).toBe(3)
  expect((await httpRequest(port, 'POST', '/metrics')).status).toBe(405)
})

test('a page that fails in its middle is cut off, so that nobody takes it for whole', async () => {
  const { port } = await serve({}, 100)
  const response = await httpRequest(port, 'GET', '/metrics', { keepBody: false })
  expect(response).toMatchObject({ status: 200, complete: false })
  expect(log.lines).toMatchObject([{ level: 'error', fields: { page: '/metrics' } }])
})
