// Fields behind the content (RFC 9110 section 6.5), from the client to the upstream and back: what goes on, what never does,
// and what is said about them beforehand. With undici those of requests are dropped.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Exposition } from '../support/exposition.ts'
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.ts'
import { connectHttp, httpRequest, type RawResponse } from '../support/http-client.ts'
import { apiProxy } from '../support/manifests.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { TESTED_TRANSPORT } from '../support/upstream-transport.ts'
import { answerBytes, answers } from '../support/upstream-scripts.ts'
import { startUpstream, type Upstream, type UpstreamRequest } from '../support/upstream.ts'
import { waitUntil } from '../support/wait-until.ts'

const HEADER_BYTES_MAX = 8192
const HEADER_COUNT_MAX = 50

/** Sets one field, takes one away that mostly is not there, adds one. */
const PLUGIN = `export const Plugin = {
  onRequest(_context, request) {
    request.setHeader('x-user', 'alice')
    request.removeHeader('x-role')
    request.addHeader('x-group', 'a')
  },
  onResponse() {},
}`

let sink: OtlpSink
let plugins: TempFolder
let upstream: Upstream
let gateway: GatewayProcess
let answer: Buffer

beforeAll(async () => {
  sink = await startOtlpSink()
  plugins = await tempFolder('trailers')
  await plugins.write('identity.mjs', PLUGIN)
  upstream = await startUpstream(answers(() => answer))
  gateway = await startGatewayProcess({
    manifests: {
      'routes.yaml': [
        apiProxy('root').at('/').toEndpoint(upstream.url).build(),
        apiProxy('identified')
          .at('/identified')
          .target('/by-plugin')
          .toEndpoint(upstream.url)
          .plugin('identity')
          .build(),
      ],
    },
    flags: {
      'plugins.location': plugins.path,
      'server.max_header_bytes': String(HEADER_BYTES_MAX),
      'server.max_header_count': String(HEADER_COUNT_MAX),
    },
    otlpUrl: sink.httpUrl,
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.stop()
  await plugins?.remove()
  await sink?.stop()
})

beforeEach(() => {
  answer = answerBytes()
})

/** A chunked POST of `hi` with these lines behind it. */
const chunked = (target: string, trailers: string, fields = '') =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n${fields}\r\n2\r\nhi\r\n0\r\n${trailers}\r\n`

async function sent(bytes: string): Promise<RawResponse> {
  await using client = await connectHttp(gateway.port)
  await client.send(bytes)
  return await client.response()
}

/** What reached the upstream for that path, which no other test uses. */
async function arrived(path: string): Promise<UpstreamRequest> {
  return await waitUntil(() => upstream.requests.find(({ target }) => target === path), path)
}

async function dropped(): Promise<number> {
  return (
    new Exposition(await gateway.metrics(), 'text/plain').value('kanali_request_trailers_dropped_total') ?? 0
  )
}

async function isMarked(response: RawResponse): Promise<boolean> {
  const spans = await sink.trace(response.header('x-kanali-correlation-id') ?? '', 2)
  return spans.some(({ attributes }) => attributes['kanali.request.trailers_dropped'] === true)
}

describe.runIf(TESTED_TRANSPORT === 'socket')('trailers of a request', () => {
  it('go on as they came, with what was said of them beforehand', async () => {
    const before = await dropped()
    const response = await sent(
      chunked(
        '/kept',
        'X-Sum: 1\r\nx-sum: zwei \xe9\r\nGrpc-Status: 0\r\n',
        'Trailer: X-Sum, grpc-status\r\n',
      ),
    )
    expect(response.status).toBe(200)
    const request = await arrived('/kept')
    expect(request).toMatchObject({ framing: 'chunked', complete: true })
    expect(request.body.toString()).toBe('hi')
    expect(request.trailers).toEqual([
      ['X-Sum', '1'],
      ['x-sum', 'zwei \xe9'],
      ['Grpc-Status', '0'],
    ])
    expect(request.headerValues('trailer')).toEqual(['X-Sum, grpc-status'])
    expect([await dropped(), await isMarked(response)]).toEqual([before, false])
  })

  it.each([
    'Content-Length: 5',
    'Host: evil',
    'Authorization: Bearer x',
    'Content-Type: text/html',
    'Content-Encoding: gzip',
    'Transfer-Encoding: gzip',
    'Connection: close',
    'TE: gzip',
    'Trailer: x',
    'Cookie: a=b',
    'Expect: 100-continue',
    'Max-Forwards: 1',
    'Cache-Control: no-store',
    'X-Forwarded-For: 9.9.9.9',
    'Forwarded: for=9.9.9.9',
    'Via: 1.0 nobody',
    'traceparent: 00-00000000000000000000000000000001-0000000000000001-01',
    'baggage: a=b',
    'ApiKey: secret',
    'X-Kanali-Correlation-Id: 1',
    'X-Named: by Connection',
  ])('never go on where they would steer the message or stand in for the gateway: %s', async (line) => {
    const name = line.slice(0, line.indexOf(':'))
    const path = `/never/${name}`
    const before = await dropped()
    const announced = `Connection: x-named\r\nTrailer: ${name}, x-sum\r\n`
    const response = await sent(chunked(path, `${line}\r\nX-Sum: 1\r\n`, announced))
    if (response.status === 200) {
      const request = await arrived(path)
      expect([request.trailers, request.header('trailer')]).toEqual([[['X-Sum', '1']], 'x-sum'])
      expect([await dropped(), await isMarked(response)]).toEqual([before + 1, true])
    } else {
      // What node:http's parser refuses by itself.
      expect([response.status, name]).toEqual([
        400,
        expect.stringMatching(/^(?:Content-Length|Transfer-Encoding)$/),
      ])
      expect(upstream.requests.filter(({ target, complete }) => target === path && complete)).toEqual([])
    }
  })

  it('do not say what a plugin of the route says, in whatever spelling', async () => {
    const lines = [
      'X-User: mallory',
      'x_user: mallory',
      'X-Role: admin',
      'X_ROLE: admin',
      'x-group: b',
      'X-Sum: 1',
    ]
    await sent(chunked('/identified', `${lines.join('\r\n')}\r\n`))
    const request = await arrived('/by-plugin')
    expect(request.header('x-user')).toBe('alice')
    expect(request.trailers).toEqual([['X-Sum', '1']])
  })

  it.each([
    ['bytes', `X-Sum: ${'a'.repeat(HEADER_BYTES_MAX)}\r\n`, 'headers_too_large'],
    ['fields', 'X-Sum: 1\r\n'.repeat(HEADER_COUNT_MAX + 1), 'too_many_headers'],
  ])(
    'with more %s than a head may have are refused, and the upstream sees no end of the content',
    async (what, lines, reason) => {
      const response = await sent(chunked(`/limit/${what}`, lines))
      expect(response.status).toBe(431)
      const [line] = await gateway.accessLines(({ path }) => path === `/limit/${what}`)
      expect(line).toMatchObject({ outcome: 'rejected', reason })
      expect(
        upstream.requests.filter(({ target, complete }) => target === `/limit/${what}` && complete),
      ).toEqual([])
      expect((await httpRequest(gateway.port, 'GET', '/good')).status).toBe(200)
    },
  )

  it('may be as many as fields in a head', async () => {
    await sent(chunked('/most', 'X-Sum: 1\r\n'.repeat(HEADER_COUNT_MAX)))
    expect((await arrived('/most')).trailers).toHaveLength(HEADER_COUNT_MAX)
  })
})

describe.runIf(TESTED_TRANSPORT === 'undici')('trailers of a request', () => {
  it('are dropped and counted, and not announced', async () => {
    const before = await dropped()
    const response = await sent(chunked('/dropped', 'X-Sum: 1\r\n', 'Trailer: X-Sum\r\nTE: trailers\r\n'))
    const request = await arrived('/dropped')
    expect([request.trailers, request.header('trailer'), request.header('te')]).toEqual([
      [],
      undefined,
      undefined,
    ])
    expect([await dropped(), await isMarked(response)]).toEqual([before + 1, true])
  })
})

describe.runIf(TESTED_TRANSPORT === 'socket')('that a client takes trailers', () => {
  it.each([
    ['TE: trailers', true],
    ['TE: gzip;q=0.5 , Trailers', true],
    ['TE: gzip', false],
    ['TE: trailersx', false],
    ['X-TE: trailers', false],
  ])('is said anew to the upstream: %s', async (line, isSaid) => {
    const path = `/te/${encodeURIComponent(line)}`
    await sent(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: TE\r\n${line}\r\n\r\n`)
    const request = await arrived(path)
    expect([request.header('te'), request.header('connection')]).toEqual(
      isSaid ? ['trailers', 'keep-alive, te'] : [undefined, 'keep-alive'],
    )
  })

  it('is not said of one that speaks HTTP/1.0', async () => {
    await sent('GET /te/old HTTP/1.0\r\nHost: a\r\nTE: trailers\r\n\r\n')
    expect((await arrived('/te/old')).header('te')).toBeUndefined()
  })
})

describe('trailers of an answer', () => {
  const withTrailers = (
    trailers: readonly (readonly [string, string])[],
    headers: readonly (readonly [string, string])[],
  ) => answerBytes({ body: 'abc', chunkSizes: [1], trailers, headers })

  it('go on with their announcement, less what would steer the message', async () => {
    answer = withTrailers(
      [
        ['Grpc-Status', '0'],
        ['Set-Cookie', 'a=b'],
        ['Location', '/evil'],
        ['X-Kanali-Correlation-Id', '1'],
        ['X-Named', '1'],
        ['Server-Timing', 'db;dur=\xe9'],
      ],
      [
        ['Trailer', 'Grpc-Status, Set-Cookie'],
        ['trailer', 'server-timing'],
        ['Connection', 'x-named'],
      ],
    )
    const response = await httpRequest(gateway.port, 'GET', '/', { headers: { te: 'trailers' } })
    expect([response.text, response.headerValues('trailer')]).toEqual(['abc', ['Grpc-Status, server-timing']])
    expect(response.trailers).toEqual([
      ['Grpc-Status', '0'],
      ['Server-Timing', 'db;dur=\xe9'],
    ])
  })

  it.each([
    ['a client of HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', 'abc'],
    ['HEAD', 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n', ''],
  ])('are neither given nor announced to %s', async (_, bytes, text) => {
    answer = withTrailers([['X-Sum', '1']], [['Trailer', 'X-Sum']])
    if (text === '')
      answer = Buffer.from('HTTP/1.1 200 Said\r\ntrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n')
    await using client = await connectHttp(gateway.port)
    await client.send(bytes)
    const response = await client.response({ method: bytes.slice(0, 4).trim() })
    expect([response.status, response.text, response.header('trailer')]).toEqual([200, text, undefined])
  })

  it.each([
    ['of a length', 200],
    ['of status 204', 204],
    ['of status 304', 304],
  ])('that were announced and cannot come are not announced: %s', async (_, status) => {
    answer = answerBytes({ status, headers: [['Trailer', 'X-Sum']] })
    const response = await httpRequest(gateway.port, 'GET', '/')
    expect([response.status, response.header('trailer')]).toEqual([status, undefined])
  })
})
