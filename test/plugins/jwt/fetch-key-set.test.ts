import { once } from 'node:events'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { type AddressJudge, type Fetched, fetchKeySet } from '../../../src/plugins/jwt/fetch-key-set.ts'
import { AddressGuard } from '../../../src/proxy/upstream/address-guard.ts'
import { createAuthority } from '../../support/certificates.ts'
import { fails, Issuer, type IssuerAnswer } from '../../support/issuer.ts'

const ANYWHERE: AddressJudge = { refusal: () => undefined }

async function fetched(url: string, judge = ANYWHERE, timeoutMs = 5000): Promise<Fetched> {
  return fetchKeySet(url, { timeoutMs, judge, signal: new AbortController().signal })
}

async function answered(answer: IssuerAnswer, timeoutMs?: number): Promise<Fetched> {
  await using issuer = await Issuer.start(answer)
  // Awaited here: the issuer ends with this scope.
  return await fetched(issuer.url, ANYWHERE, timeoutMs)
}

function bytes(content: string | Buffer, headers: Record<string, string> = {}): IssuerAnswer {
  return (_request, response) => {
    response.writeHead(200, headers).end(content)
  }
}

test('an answer is read whole, whatever its type, in as many parts as it comes', async () => {
  const parts = (_request: unknown, response: Parameters<IssuerAnswer>[1]): void => {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.write(Buffer.from([0xc3]))
    setImmediate(() => response.end(Buffer.from([0xa9])))
  }
  expect(await answered(parts)).toEqual({ text: 'é', freshMs: undefined })
})

test('the request asks for nothing but the set, and brings nothing along', async () => {
  let seen: Record<string, unknown> = {}
  await answered((request, response) => {
    seen = { method: request.method, url: request.url, ...request.headers }
    response.end('{}')
  })
  expect(seen).toEqual({
    method: 'GET',
    url: '/jwks',
    host: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    accept: 'application/jwk-set+json, application/json',
    'accept-encoding': 'identity',
    'user-agent': 'kanali',
    connection: 'close',
  })
})

describe('an answer is refused', () => {
  test.each([301, 302, 303, 307, 308])('that is the redirect %d, which is not followed', async (status) => {
    await using target = await Issuer.start(bytes('{"keys":[]}'))
    expect(await answered(fails(status, { location: target.url }))).toEqual({
      problem: `it answered ${status}; redirects are not followed`,
    })
    expect(target.asked).toBe(0)
  })

  test.each([204, 206, 304, 404, 500])('with the status %d', async (status) => {
    expect(await answered(fails(status))).toEqual({ problem: `it answered ${status}` })
  })

  test('of more than 1 MiB, with its length told and without', async () => {
    const problem = { problem: 'its answer has more than 1048576 bytes' }
    const most = 'x'.repeat(1_048_576)
    const whole = await answered(bytes(most))
    expect('text' in whole && whole.text.length).toBe(most.length)
    expect(await answered(bytes(`${most}x`))).toEqual(problem)
    const endless: IssuerAnswer = (_request, response) => {
      const write = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 120)));
      }
      response.on('drain', write)
      write()
    }
    expect(await answered(endless)).toEqual(problem)
  })

  test('that is compressed: a small one may be a large one', async () => {
    const zipped = bytes(gzipSync('{"keys":[]}'), { 'content-encoding': 'gzip' })
    expect(await answered(zipped)).toEqual({ problem: 'its answer is compressed, which was not asked for' })
  })

  test('that is not UTF-8', async () => {
    expect(await answered(bytes(Buffer.from([0x7b, 0xff, 0x7d])))).toEqual({
      problem: 'its answer is not UTF-8',
    })
  })

  test('that is cut', async () => {
    const cut: IssuerAnswer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{', () => response.destroy())
    }
    expect(await answered(cut)).toEqual({ problem: 'it gave no whole answer: ECONNRESET' })
  })

  test('that does not come in time: no head, and a body that never ends', async () => {
    const problem = { problem: 'it did not answer within 50 ms' }
    expect(await answered(() => undefined, 50)).toEqual(problem)
    const slow: IssuerAnswer = (_request, response) => {
      response.writeHead(200)
      response.write('{')
    }
    expect(await answered(slow, 50)).toEqual(problem)
  })

  test.each([
    ['is no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', /^it gave no whole answer: HPE_/],
    ['is empty', '', /^it gave no whole answer: ECONNRESET$/],
    [
      'switches protocols',
      'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
      /^it gave no/,
    ],
    ['has a head without end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}`, /: HPE_HEADER_OVERFLOW$/],
  ])('that %s', async (_what, text, problem) => {
    const server = createTcpServer((socket) => socket.on('error', () => undefined).end(text))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const answer = await fetched(`http://127.0.0.1:${port}/`)
    expect(answer).toEqual({ problem: expect.stringMatching(problem) })
    server.close()
    expect(await fetched(`http://127.0.0.1:${port}/`)).toEqual({
      problem: 'it gave no whole answer: ECONNREFUSED',
    })
  })

  test('of a server whose certificate nobody vouches for', async () => {
    const { certificate, key } = createAuthority('Unknown').server()
    const server = createSecureServer({ cert: certificate, key }, (_request, response) =>
      response.end('{"keys":[]}'),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    expect(await fetched(`https://127.0.0.1:${port}/`)).toEqual({
      problem: 'it gave no whole answer: UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    })
    server.close()
  })
})

describe('an address is refused', () => {
  test.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://0xA9FEA9FE/',
    'http://2852039166/',
    'http://[::ffff:169.254.169.254]/',
    'https://[fe80::1]/',
  ])('that is link-local: %s', async (url) => {
    expect(await fetched(url, new AddressGuard(false))).toEqual({
      problem: expect.stringMatching(/^its address is refused: .* is a link-local address$/),
    })
  })

  test('that is an admin port of this gateway, by its address and by a name', async () => {
    await using admin = await Issuer.start(bytes('{"keys":[]}'))
    const guard = new AddressGuard(false)
    expect(await fetched(admin.url, guard)).toMatchObject({ text: '{"keys":[]}' })
    guard.adminPorts = new Set([Number(new URL(admin.url).port)])
    for (const host of ['127.0.0.1', 'localhost', '2130706433']) {
      const url = admin.url.replace('127.0.0.1', host)
      expect(await fetched(url, guard)).toEqual({
        problem: expect.stringMatching(/^its address is refused: .* is an admin port of this gateway$/),
      })
    }
    expect(admin.asked).toBe(1)
  })
})

test('a fetch that nobody wants any more ends', async () => {
  const ended = new AbortController()
  await using issuer = await Issuer.start(() => ended.abort())
  const result = await fetchKeySet(issuer.url, { timeoutMs: 5000, judge: ANYWHERE, signal: ended.signal })
  expect(result).toEqual({ problem: 'it gave no whole answer: ABORT_ERR' })
})
