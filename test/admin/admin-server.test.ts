import { once } from 'node:events'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { type AdminRoute, AdminServer, type AdminServerInputs } from '../../src/admin/admin-server.ts'
import { connectHttp, httpRequest } from '../support/http-client.ts'
import { LogLines } from '../support/log-lines.ts'

const PLACE = { option: 'profiling.insecure_port', port: 0, address: '127.0.0.1' }

let log = new LogLines()
const open: AdminServer[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

const ROUTES: readonly AdminRoute[] = [
  { method: 'GET', path: '/page', answer: ({ query }) => ({ status: 200, json: Object.fromEntries(query) }) },
  { method: 'POST', path: '/page', answer: ({ body }) => ({ status: 200, json: { bytes: body.length } }) },
  {
    method: 'GET',
    path: '/throws',
    answer: () => {
      throw new Error('secret detail')
    },
  },
  {
    method: 'GET',
    path: '/breaks',
    answer: () => ({ status: 200, contentType: 'text/plain', stream: Readable.from(broken()) }),
  },
]

async function* broken(): AsyncGenerator<string> {
  yield 'first'
  throw new Error('in the middle')
}

async function serve(
  inputs: Partial<AdminServerInputs> = {},
): Promise<{ port: number; server: AdminServer }> {
  log = new LogLines()
  const server = new AdminServer({ name: 'test', log, routes: ROUTES, ...inputs })
  open.push(server)
  const listening = await server.listen(PLACE)
  if ('problem' in listening) throw new Error(listening.problem)
  return { port: listening.port, server }
}

describe('a page', () => {
  test('is answered as JSON that nobody may cache or sniff', async () => {
    const { port } = await serve()
    const response = await httpRequest(port, 'GET', '/page?a=1')
    expect(response.status).toBe(200)
    expect(JSON.parse(response.text)).toEqual({ a: '1' })
    expect(response.header('content-type')).toBe('application/json')
    expect(response.header('cache-control')).toBe('no-store')
    expect(response.header('x-content-type-options')).toBe('nosniff')
  })

  test('answers HEAD like GET, without the content', async () => {
    const { port } = await serve()
    const response = await httpRequest(port, 'HEAD', '/page')
    expect(response.status).toBe(200)
    expect(response.text).toBe('')
  })

  test('that does not exist is a 404 that lists those that do', async () => {
    const { port } = await serve()
    const response = await httpRequest(port, 'GET', '/page/')
    expect(response.status).toBe(404)
    expect(JSON.parse(response.text)).toMatchObject({
      error: 'not_found',
      paths: [
        { path: '/page', methods: ['GET', 'HEAD', 'POST'] },
        { path: '/throws', methods: ['GET', 'HEAD'] },
        { path: '/breaks', methods: ['GET', 'HEAD'] },
      ],
    })
  })

  test('asked with another method is a 405 with Allow', async () => {
    const { port } = await serve()
    const response = await httpRequest(port, 'DELETE', '/page')
    expect(response.status).toBe(405)
    expect(response.header('allow')).toBe('GET, HEAD, POST')
  })

  test('that throws is a 500 that tells the client nothing, and a log line that tells all', async () => {
    const { port } = await serve()
    const response = await httpRequest(port, 'GET', '/throws')
    expect(response.status).toBe(500)
    expect(response.text).not.toContain('secret detail')
    expect(log.lines).toMatchObject([{ level: 'error', fields: { page: '/throws' } }])
    expect((await httpRequest(port, 'GET', '/page')).status).toBe(200)
  })

  test('whose stream breaks is cut off, never ended as if it were whole', async () => {
    const { port } = await serve()
    const response = await httpRequest(port, 'GET', '/breaks')
    expect(response.complete).toBe(false)
    expect(log.messages('error')).toEqual(['An admin page failed'])
  })
})

describe('the content of a request', () => {
  test('of 64 KiB is taken', async () => {
    const { port } = await serve()
    const response = await httpRequest(port, 'POST', '/page', { body: 'x'.repeat(65_536) })
    expect(JSON.parse(response.text)).toEqual({ bytes: 65_536 })
  })

  test('above 64 KiB is a 413', async () => {
    const { port } = await serve()
    const response = await httpRequest(port, 'POST', '/page', { body: 'x'.repeat(65_537) })
    expect(response.status).toBe(413)
    expect(JSON.parse(response.text).error).toBe('body_too_large')
  })

  test('without end is not read on for ever', async () => {
    const { port } = await serve()
    await using connection = await connectHttp(port)
    await connection.send('POST /page HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000000\r\n\r\n')
    const sent = connection.send(Buffer.alloc(1024 * 1024 + 1))
    const response = await connection.response({ method: 'POST' })
    expect(response.status).toBe(413)
    expect(response.header('connection')).toBe('close')
    await connection.ended()
    await sent
  })
})

describe('a client that wastes connections', () => {
  test('and never ends its head is answered 408 and closed', async () => {
    const { port } = await serve({ limits: { headersTimeoutMs: 100 } })
    await using connection = await connectHttp(port)
    await connection.send('GET /page HTTP/1.1\r\nhost: loc')
    const response = await connection.response()
    expect(response.status).toBe(408)
    expect(JSON.parse(response.text).error).toBe('malformed_request')
    expect((await connection.ended()).end).not.toBe('open')
  })

  test('and never sends a byte is closed', async () => {
    const { port } = await serve({ limits: { headersTimeoutMs: 100 } })
    await using connection = await connectHttp(port)
    expect((await connection.ended()).end).not.toBe('open')
  })

  test('and announces content that never comes is closed', async () => {
    const { port } = await serve({ limits: { headersTimeoutMs: 100, requestTimeoutMs: 150 } })
    await using connection = await connectHttp(port)
    await connection.send('POST /page HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n')
    expect((await connection.ended()).end).not.toBe('open')
  })

  test('gets no more of them than the limit', async () => {
    const { port } = await serve({ limits: { connectionsMax: 2 } })
    await using first = await connectHttp(port)
    await using second = await connectHttp(port)
    // Answered, so that both are known to be accepted before the third comes.
    expect((await first.request('GET', '/page')).status).toBe(200)
    expect((await second.request('GET', '/page')).status).toBe(200)
    const third = connect({ port, host: '127.0.0.1' })
    third.on('error', () => undefined)
    await once(third, 'close')
    expect((await first.request('GET', '/page')).status).toBe(200)
  })

  test('and sends what is no HTTP gets a 400 and the end of its connection', async () => {
    const { port } = await serve()
    await using connection = await connectHttp(port)
    await connection.send('nonsense\r\n\r\n')
    expect((await connection.response()).status).toBe(400)
    expect((await connection.ended()).end).not.toBe('open')
  })
})

describe('closing', () => {
  test('aborts the page that is being made and answers it', async () => {
    const begun = Promise.withResolvers<void>()
    const { port, server } = await serve({
      routes: [
        {
          method: 'GET',
          path: '/waits',
          answer: async ({ signal }) => {
            begun.resolve()
            if (!signal.aborted) await once(signal, 'abort')
            return { status: 503, json: { aborted: true } }
          },
        },
      ],
    })
    const answer = httpRequest(port, 'GET', '/waits')
    await begun.promise
    await server.close()
    expect((await answer).status).toBe(503)
  })

  test('does not wait for a page that does not listen', async () => {
    const begun = Promise.withResolvers<void>()
    const { port, server } = await serve({
      limits: { closeTimeoutMs: 20 },
      routes: [
        {
          method: 'GET',
          path: '/hangs',
          answer: () => {
            begun.resolve()
            return new Promise(() => undefined)
          },
        },
      ],
    })
    const answer = httpRequest(port, 'GET', '/hangs').catch(() => 'cut off')
    await begun.promise
    await server.close()
    expect(await answer).toBe('cut off')
  })

  test('a server that never listened, or is closed already, is no fault', async () => {
    const server = new AdminServer({ name: 'test', log: new LogLines(), routes: ROUTES })
    await server.close()
    await server.close()
    expect(log.messages('error')).toEqual([])
  })
})
