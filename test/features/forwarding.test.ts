// What reaches the upstream and what comes back to the client, byte for byte, through real sockets.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { connectHttp, httpRequest, requestBytes } from '../support/http-client.ts'
import { apiProxy, mockTarget } from '../support/manifests.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import { startUpstream, type Upstream, type UpstreamRequest } from '../support/upstream.ts'
import { answerBytes, answers } from '../support/upstream-scripts.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

let sink: OtlpSink
let upstream: Upstream
let gateway: GatewayProcess
let trusting: GatewayProcess
let plugins: TempFolder
/** The bytes of the next answers. */
let answer: Buffer

const manifests = (url: string) => ({
  'routes.yaml': [
    apiProxy('root').at('/').toEndpoint(url).build(),
    apiProxy('foo').at('/foo').target('/car').toEndpoint(url).build(),
    apiProxy('strip').at('/strip').target('/').toEndpoint(url).build(),
    apiProxy('guarded').at('/guarded').toEndpoint(url).plugin('guard').build(),
    apiProxy('mocked').at('/mocked').mock('ok').build(),
    mockTarget('ok').route('/', 200, 'mock').build(),
  ],
})

beforeAll(async () => {
  sink = await startOtlpSink()
  plugins = await tempFolder('forwarding')
  await plugins.write(
    'guard.mjs',
    `export const Plugin = {
      onRequest(_context, request) { if (request.header('x-pass') !== 'yes') return { status: 403, body: 'no' } },
      onResponse() {},
    }`,
  )
  upstream = await startUpstream(answers(() => answer))
  const flags = { 'plugins.location': plugins.path }
  gateway = await startGatewayProcess({ manifests: manifests(upstream.url), flags, otlpUrl: sink.httpUrl })
  trusting = await startGatewayProcess({
    manifests: manifests(upstream.url),
    flags: { ...flags, 'server.trusted_proxies': '127.0.0.0/8', 'tracing.inbound': 'trust' },
    otlpUrl: sink.httpUrl,
  })
})

afterAll(async () => {
  await gateway.stop()
  await trusting.stop()
  await upstream.stop()
  await plugins.remove()
  await sink.stop()
})

beforeEach(() => {
  answer = answerBytes()
})

/** What the upstream saw of a request that is sent as these bytes. */
async function forwarded(bytes: string | Uint8Array, through = gateway): Promise<UpstreamRequest> {
  const index = upstream.requests.length
  await using connection = await connectHttp(through.port)
  await connection.send(bytes)
  await connection.response()
  // Requests are listed by connection, so the newest may stand anywhere.
  const seen = upstream.requests
  expect(seen).toHaveLength(index + 1)
  const marked = seen.find((request) => !known.has(request))
  if (marked === undefined) throw new Error('nothing reached the upstream')
  for (const request of seen) known.add(request)
  return marked
}
const known = new WeakSet<UpstreamRequest>()

const get = (target: string, fields = ''): string =>
  `GET ${target} HTTP/1.1\r\nHost: Shop.Example:8080\r\n${fields}\r\n`

describe('the target', () => {
  test.each([
    ['/foo/bar', '/car/bar'],
    ['/foo', '/car'],
    ['/foo/', '/car/'],
    ['/foo//bar', '/car/bar'],
    ['/strip/a/b', '/a/b'],
    ['/strip', '/'],
    ['/foobar', '/foobar'],
    ['/foo/%47%6f%2f', '/car/%47%6f%2f'],
    ['/foo/a%20b;c=d,e', '/car/a%20b;c=d,e'],
    ['/foo?x=%2F&&y=a+b&x=', '/car?x=%2F&&y=a+b&x='],
    ['/foo?', '/car?'],
    ['/foo?a=/../b', '/car?a=/../b'],
    ['http://other.example/foo/bar?q', '/car/bar?q'],
    ['http://other.example?q', '/?q'],
  ])('%s goes upstream as %s', async (target, wanted) => {
    expect((await forwarded(get(target))).target).toBe(wanted)
  })
})

describe('the fields', () => {
  test('keep order, spelling and repetition; Host is the client’s', async () => {
    const seen = await forwarded(get('/', 'X-B: 1\r\nx-a: 2\r\nX-B: 3\r\nCookie: a=b\r\nCookie: c=d\r\n'))
    expect(seen.header('host')).toBe('Shop.Example:8080')
    const own = seen.rawHeaders.filter(([name]) => /^(x-[ab]|cookie)$/i.test(name))
    expect(own).toEqual([
      ['X-B', '1'],
      ['x-a', '2'],
      ['X-B', '3'],
      ['Cookie', 'a=b'],
      ['Cookie', 'c=d'],
    ])
  })

  test('of one connection do not go on, nor those that Connection names, on however many lines', async () => {
    const seen = await forwarded(
      get(
        '/',
        'Connection: X-One, keep-alive\r\nConnection: x-two\r\nX-One: 1\r\nX-Two: 2\r\nX-Three: 3\r\n' +
          'Keep-Alive: 5\r\nProxy-Connection: x\r\nProxy-Authorization: x\r\nTE: gzip\r\nUpgrade: websocket\r\n',
      ),
    )
    const names = seen.rawHeaders.map(([name]) => name.toLowerCase())
    expect(names).toContain('x-three')
    for (const gone of [
      'x-one',
      'x-two',
      'keep-alive',
      'proxy-connection',
      'proxy-authorization',
      'te',
      'upgrade',
    ]) {
      expect(names).not.toContain(gone)
    }
  })

  test('Host and Content-Length stay, whatever Connection says', async () => {
    const seen = await forwarded(
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: host, content-length\r\nContent-Length: 2\r\n\r\nhi',
    )
    expect([seen.header('host'), seen.header('content-length'), seen.body.toString()]).toEqual([
      'a',
      '2',
      'hi',
    ])
  })

  test('an absolute target’s authority replaces Host', async () => {
    expect((await forwarded(get('http://other.example:81/'))).header('host')).toBe('other.example:81')
  })

  test('say who forwarded it, and what an untrusted peer claims is replaced', async () => {
    const claims = 'X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\nForwarded: for=9.9.9.9\r\n'
    const seen = await forwarded(get('/', claims))
    expect(seen.headerValues('x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(seen.headerValues('x-forwarded-proto')).toEqual(['http'])
    expect(seen.headerValues('x-forwarded-host')).toEqual(['Shop.Example:8080'])
    expect(seen.headerValues('forwarded')).toEqual([expect.stringMatching(/^for=127\.0\.0\.1;/)])
    expect(seen.header('via')).toBe('1.1 kanali')
  })

  test('of a trusted peer are believed and appended to, and name the client on span and line', async () => {
    const claims = 'X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\n'
    const seen = await forwarded(get('/trusted', claims), trusting)
    expect(seen.header('x-forwarded-for')).toBe('9.9.9.9, 127.0.0.1')
    expect(seen.header('x-forwarded-proto')).toBe('https')
    const [line] = await trusting.accessLines(({ path }) => path === '/trusted')
    expect(line?.['client']).toBe('9.9.9.9')
    const spans = await sink.trace(String(line?.['trace_id']), 2)
    const span = spans.find(({ kind }) => kind === 'server')
    expect(span?.attributes).toMatchObject({
      'client.address': '9.9.9.9',
      'network.peer.address': '127.0.0.1',
    })
  })

  test('carry the client span as parent; baggage only where the peer’s tracing is trusted', async () => {
    const context = `traceparent: 00-${'a'.repeat(32)}-${'b'.repeat(16)}-01\r\ntracestate: v=1\r\nbaggage: k=v\r\n`
    const seen = await forwarded(get('/', context))
    const [, traceId, spanId] = (seen.header('traceparent') ?? '').split('-')
    expect(traceId).toBe('a'.repeat(32))
    const spans = await sink.spans((span) => span.spanId === spanId)
    expect(spans[0]?.kind).toBe('client')
    expect(seen.header('tracestate')).toBe('v=1')
    expect(seen.header('baggage')).toBeUndefined()
    expect((await forwarded(get('/', context), trusting)).header('baggage')).toBe('k=v')
  })

  test('the header of the api key is the gateway’s own', async () => {
    expect((await forwarded(get('/', 'ApiKey: secret\r\n'))).header('apikey')).toBeUndefined()
  })
})

describe('the content', () => {
  test.each(['GET', 'DELETE', 'OPTIONS', 'POST'])(
    'of a chunked %s is framed again, never left bare',
    async (method) => {
      const seen = await forwarded(
        `${method} / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
      )
      expect([seen.method, seen.body.toString(), seen.complete]).toEqual([method, 'abc', true])
      expect(seen.framing).toBe('chunked')
    },
  )

  test('Expect: 100-continue is not met before match and plugins let the request pass', async () => {
    const head = 'POST /guarded HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n'
    await using refused = await connectHttp(gateway.port)
    await refused.send(`${head}\r\n`)
    const no = await refused.response()
    expect([no.status, no.informational]).toEqual([403, []])
    expect(no.header('connection')).toBe('close')

    await using passed = await connectHttp(gateway.port)
    await passed.send(`${head}X-Pass: yes\r\n\r\n`)
    // The content follows only after the 100: without it this would wait for ever.
    expect((await passed.head()).status).toBe(100)
    await passed.send('hi')
    const yes = await passed.response()
    expect([yes.status, yes.text]).toEqual([200, 'ok'])

    await using mocked = await connectHttp(gateway.port)
    await mocked.send('POST /mocked HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n')
    expect((await mocked.head()).status).toBe(100)
    await mocked.send('hi')
    expect((await mocked.response()).text).toBe('mock')
  })
})

describe('the answer', () => {
  test('keeps status text, fields and their repetition; hop-by-hop ones stay behind; Via is appended', async () => {
    answer = Buffer.from(
      'HTTP/1.1 201 Made It\r\nSet-Cookie: a=1\r\nX-Y: z\r\nSet-Cookie: b=2\r\nVia: 1.0 cache\r\nConnection: x-hop\r\n' +
        'X-Hop: 1\r\nKeep-Alive: timeout=9\r\nContent-Length: 2\r\n\r\nok',
    )
    const response = await httpRequest(gateway.port, 'GET', '/')
    expect([response.status, response.reasonPhrase, response.text]).toEqual([201, 'Made It', 'ok'])
    expect(response.headerValues('set-cookie')).toEqual(['a=1', 'b=2'])
    expect(response.headerValues('via').join(', ')).toBe('1.0 cache, 1.1 kanali')
    expect(response.header('x-hop')).toBeUndefined()
    expect(response.header('date')).toBeDefined()
  })

  test('to HEAD has the fields of GET and no content, and the connection goes on', async () => {
    answer = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n')
    await using connection = await connectHttp(gateway.port)
    const head = await connection.request('HEAD', '/')
    expect([head.status, head.header('content-length'), head.text]).toEqual([200, '1234', ''])
    answer = answerBytes()
    expect((await connection.request('GET', '/mocked')).text).toBe('mock')
  })

  test.each([204, 304])('%i has no content', async (status) => {
    answer = answerBytes({ status, headers: [['etag', '"x"']] })
    await using connection = await connectHttp(gateway.port)
    const response = await connection.request('GET', '/')
    expect([response.status, response.text, response.header('etag')]).toEqual([status, '', '"x"'])
    expect((await connection.request('GET', '/mocked')).text).toBe('mock')
  })

  test('passes on 102 and 103 to HTTP/1.1 and not to HTTP/1.0', async () => {
    answer = answerBytes({ informational: [102, 103] })
    const modern = await httpRequest(gateway.port, 'GET', '/')
    expect(modern.informational.map(({ status }) => status)).toEqual([102, 103])
    await using connection = await connectHttp(gateway.port)
    await connection.send('GET / HTTP/1.0\r\nHost: a\r\n\r\n')
    const old = await connection.response()
    expect([old.status, old.informational, old.text]).toEqual([200, [], 'ok'])
    expect((await connection.ended()).end).toBe('fin')
  })

  test('of unknown length is chunked for HTTP/1.1 and ends with the connection for HTTP/1.0', async () => {
    answer = answerBytes({ body: 'abcdef', chunkSizes: [2, 2] })
    const modern = await httpRequest(gateway.port, 'GET', '/')
    expect([modern.text, modern.framing]).toEqual(['abcdef', 'chunked'])
    await using connection = await connectHttp(gateway.port)
    await connection.send('GET / HTTP/1.0\r\n\r\n')
    expect((await connection.response()).text).toBe('abcdef')
  })
})

test('OPTIONS * is answered here', async () => {
  const index = upstream.requests.length
  const response = await httpRequest(gateway.port, 'OPTIONS', '*')
  expect([response.status, response.header('x-kanali-correlation-id')]).toEqual([204, expect.any(String)])
  expect(upstream.requests).toHaveLength(index)
})

test('requests on one connection are answered in their order', async () => {
  await using connection = await connectHttp(gateway.port)
  const targets = ['/mocked', '/nowhere-but-root', '/mocked/x', '/foo']
  await connection.send(Buffer.concat(targets.map((target) => requestBytes('GET', target))))
  const texts: string[] = []
  for (const _ of targets) texts.push((await connection.response()).text)
  expect(texts).toEqual(['mock', 'ok', 'mock', 'ok'])
})
