// What HTTP itself refuses: each reason of the closed list through a real socket, with the answer, the span, the metric
// and the log line of the same request, and no Kanali code anywhere.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rejectionOf, type RejectionReason } from '../../src/errors/rejections.ts'
import { type GatewayProcess, type LogLine, startGatewayProcess } from '../support/gateway-process.ts'
import { connectHttp, type RawResponse, requestBytes } from '../support/http-client.ts'
import { apiProxy } from '../support/manifests.ts'
import { expectRejection, observe, type Observed } from '../support/observed.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { answers, neverAnswers } from '../support/upstream-scripts.ts'

const HEADERS_MAX = 20
const BODY_MAX = 1000

let sink: OtlpSink
let upstream: Upstream
let gateway: GatewayProcess

beforeAll(async () => {
  sink = await startOtlpSink()
  upstream = await startUpstream(answers())
  gateway = await startGatewayProcess({
    manifests: { 'proxy.yaml': apiProxy('open').at('/open').toEndpoint(upstream.url).build() },
    flags: {
      'server.max_header_count': HEADERS_MAX,
      'server.max_header_bytes': '8KiB',
      'server.max_body_bytes': BODY_MAX,
      'server.header_timeout': '500ms',
      'server.body_timeout': '500ms',
    },
    otlpUrl: sink.httpUrl,
  })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
  await sink.stop()
})

/** Sends these bytes on a connection of its own and follows the answer through every signal. */
function refused(bytes: string | Uint8Array, method = 'GET'): Promise<Observed<RawResponse>> {
  return observe(gateway, sink, async () => {
    await using connection = await connectHttp(gateway.port)
    await connection.send(bytes)
    return await connection.response({ method })
  })
}

interface Case {
  readonly says: string
  readonly reason: RejectionReason
  readonly bytes: string | Uint8Array
}

/** The parser hands over a head, and admission refuses it: method and path are known. */
const HEADS: readonly Case[] = [
  { says: 'no Host field', reason: 'host_missing', bytes: 'GET /open HTTP/1.1\r\n\r\n' },
  {
    says: 'two Host fields',
    reason: 'host_duplicate',
    bytes: 'GET /open HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n',
  },
  { says: 'a Host with user information', reason: 'host_invalid', bytes: get('/open', 'me@a') },
  { says: 'a Host with a space', reason: 'host_invalid', bytes: get('/open', 'a b') },
  { says: 'a target that is no path', reason: 'target_invalid', bytes: get('*', 'a') },
  { says: 'a dot-dot segment', reason: 'path_traversal', bytes: get('/open/../shut', 'a') },
  { says: 'an encoded dot-dot segment', reason: 'path_traversal', bytes: get('/open/%2e%2E/shut', 'a') },
  { says: 'TRACE', reason: 'method_not_allowed', bytes: 'TRACE /open HTTP/1.1\r\nHost: a\r\n\r\n' },
  {
    says: 'an expectation that is none',
    reason: 'expectation_failed',
    bytes: get('/open', 'a', 'Expect: a-miracle\r\n'),
  },
  {
    says: 'one field too many',
    reason: 'too_many_headers',
    bytes: get('/open', 'a', 'X-Field: 1\r\n'.repeat(HEADERS_MAX)),
  },
  {
    says: 'a transfer coding that is unknown here',
    reason: 'transfer_coding_unsupported',
    bytes: 'POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  },
  {
    says: 'a declared length above the limit',
    reason: 'body_too_large',
    bytes: `POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY_MAX + 1}\r\n\r\n`,
  },
  {
    says: 'a chunked content that grows above the limit',
    reason: 'body_too_large',
    bytes: `POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(BODY_MAX)}${chunk(1)}`,
  },
  {
    says: 'a content that stops arriving',
    reason: 'request_timeout',
    bytes: 'POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nfive!',
  },
]

/** The parser itself refuses: there is no request, so no method and no path. */
const BROKEN: readonly Case[] = [
  { says: 'no HTTP at all', reason: 'malformed_request', bytes: 'EHLO example\r\n\r\n' },
  {
    says: 'a TLS greeting',
    reason: 'malformed_request',
    bytes: Buffer.from('16030100c8010000c40303', 'hex'),
  },
  {
    says: 'a field name with a space',
    reason: 'malformed_request',
    bytes: get('/open', 'a', 'X Field: 1\r\n'),
  },
  { says: 'NUL in a field', reason: 'malformed_request', bytes: get('/open', 'a', 'X-Field: a\0b\r\n') },
  {
    says: 'both a length and a transfer coding',
    reason: 'ambiguous_framing',
    bytes:
      'POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  },
  {
    says: 'two different lengths',
    reason: 'ambiguous_framing',
    bytes: 'POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
  },
  {
    says: 'a negative length',
    reason: 'ambiguous_framing',
    bytes: 'POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\n',
  },
  {
    says: 'a head above the limit',
    reason: 'headers_too_large',
    bytes: get('/open', 'a', `X-Field: ${'a'.repeat(9000)}\r\n`),
  },
  { says: 'a head that stops arriving', reason: 'request_timeout', bytes: 'GET /open HTTP/1.1\r\nHost:' },
  { says: 'HTTP/2 without TLS', reason: 'version_unsupported', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
  { says: 'HTTP/1.2', reason: 'version_unsupported', bytes: 'GET /open HTTP/1.2\r\nHost: a\r\n\r\n' },
]

describe('a head that HTTP refuses', () => {
  test.each(HEADS)('$says is answered as $reason on every signal', async ({ reason, bytes }) => {
    const observed = await refused(bytes)
    expectRejection(observed, reason)
    expect(observed.server.attributes['http.request.method']).toBe(observed.line['method'])
    expect(JSON.parse(observed.seen.text)).toEqual({
      status: observed.seen.status,
      message: rejectionOf(reason).means,
    })
    expect(observed.clients.every((span) => span.attributes['kanali.error.code'] === undefined)).toBe(true)
  })

  test('a refusal that loses no framing keeps the connection', async () => {
    await using connection = await connectHttp(gateway.port)
    expect((await connection.request('GET', '/a/../b')).status).toBe(400)
    expect((await connection.request('GET', '/open')).status).toBe(200)
  })
})

describe('bytes that are no request', () => {
  test.each(BROKEN)('$says gets $reason, a span without method and path, and a new trace', async (broken) => {
    const observed = await refused(broken.bytes)
    expectRejection(observed, broken.reason)
    expect(observed.server.name).toBe('HTTP')
    expect(observed.server.parentSpanId).toBe('')
    expect(observed.server.attributes).toMatchObject({ 'http.request.method': '_OTHER' })
    expect(observed.server.attributes).not.toHaveProperty('url.path')
    expect(observed.line).toMatchObject({ path: '', host: '' })
  })

  test('CONNECT is no request for a proxy of this kind', async () => {
    const observed = await refused('CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n')
    expectRejection(observed, 'method_not_allowed')
  })

  test('the connection is closed, whatever is pipelined behind', async () => {
    await using connection = await connectHttp(gateway.port)
    await connection.send(`BROKEN\r\n\r\n${get('/open', 'a')}`)
    expect((await connection.response()).status).toBe(400)
    expect((await connection.ended()).rest.toString()).toBe('')
  })
})

describe('an overload', () => {
  test('one request more than allowed is answered 503, and the others go on', async () => {
    await using silent = await startUpstream(neverAnswers())
    await using full = await startGatewayProcess({
      manifests: { 'proxy.yaml': apiProxy('slow').at('/slow').toEndpoint(silent.url).build() },
      flags: { 'server.max_requests': 1 },
      otlpUrl: sink.httpUrl,
    })
    await using first = await connectHttp(full.port)
    await first.send(requestBytes('GET', '/slow'))
    await silent.request(0)
    const observed = await observe(full, sink, async () => {
      await using second = await connectHttp(full.port)
      return await second.request('GET', '/slow')
    })
    expectRejection(observed, 'overloaded_requests')
    expect(first.end).toBe('open')
  })

  test('one connection more than allowed is answered 503 and closed', async () => {
    await using full = await startGatewayProcess({
      flags: { 'server.max_connections': 1 },
      otlpUrl: sink.httpUrl,
    })
    await using first = await connectHttp(full.port)
    expect((await first.request('GET', '/')).status).toBe(404)
    const isRefusal = (line: LogLine): boolean => line['reason'] === 'overloaded_connections'
    const observed = await observe(
      full,
      sink,
      async () => {
        await using second = await connectHttp(full.port)
        const response = await second.response()
        await second.ended()
        return response
      },
      isRefusal,
    )
    expectRejection(observed, 'overloaded_connections')
    expect((await first.request('GET', '/')).status).toBe(404)
  })
})

function get(target: string, host: string, fields = ''): string {
  return `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`
}

function chunk(bytes: number): string {
  return `${bytes.toString(16)}\r\n${'a'.repeat(bytes)}\r\n`
}
