// The raw client and the upstream simulator against each other: each shows exactly what the other did.

import { describe, expect, test } from 'vitest'
import { createAuthority } from './certificates.ts'
import { connectHttp, httpRequest } from './http-client.ts'
import { startUpstream } from './upstream.ts'
import {
  answerBytes,
  answers,
  cutsAfter,
  drips,
  neverAnswers,
  resets,
  sendsZeros,
  stallsAfter,
} from './upstream-scripts.ts'

describe('the raw client', () => {
  test('shows status line, fields in order and as written, body and trailers', async () => {
    const bytes = answerBytes({
      status: 207,
      reasonPhrase: 'So so',
      headers: [
        ['X-A', '1'],
        ['x-a', '2'],
      ],
      body: 'hello world',
      chunkSizes: [5, 1],
      trailers: [['X-Sum', 'abc']],
      informational: [102, 103],
    })
    await using upstream = await startUpstream(answers(bytes))
    const response = await httpRequest(upstream.port, 'GET', '/x')
    expect(response).toMatchObject({
      startLine: 'HTTP/1.1 207 So so',
      status: 207,
      text: 'hello world',
      framing: 'chunked',
      chunkSizes: [5, 1, 5],
      trailers: [['X-Sum', 'abc']],
      complete: true,
      informational: [{ status: 102 }, { status: 103 }],
    })
    expect(response.rawHeaders.slice(0, 2)).toEqual([
      ['X-A', '1'],
      ['x-a', '2'],
    ])
  })

  test('sends several requests on one connection, also before the first answer', async () => {
    await using upstream = await startUpstream(answers((request) => answerBytes({ body: request.target })))
    await using client = await connectHttp(upstream.port)
    await client.send('GET /1 HTTP/1.1\r\nhost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nhost: a\r\n\r\n')
    await client.send('POST /3 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n')
    expect((await client.response()).text).toBe('/1')
    const head = await client.response({ method: 'HEAD' })
    expect([head.header('content-length'), head.framing]).toEqual(['2', 'none'])
    await client.send('3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n')
    await upstream.request(2)
    expect(upstream.connections).toHaveLength(1)
    expect(upstream.requests[2]).toMatchObject({ method: 'POST', trailers: [['X-T', '1']], complete: true })
  })

  test('tells a FIN from a reset, and a cut answer from a whole one', async () => {
    const bytes = answerBytes({ body: 'hello' })
    await using upstream = await startUpstream([
      cutsAfter(bytes.length - 2, 'fin', bytes),
      resets('after the head'),
      cutsAfter(bytes.length - 2, 'reset', bytes),
      cutsAfter(0),
    ])
    const cut = await httpRequest(upstream.port, 'GET', '/')
    expect(cut).toMatchObject({ status: 200, text: 'hel', complete: false })
    await using second = await connectHttp(upstream.port)
    await second.send('GET / HTTP/1.1\r\n\r\n')
    expect(await second.ended()).toMatchObject({ end: 'reset', errorCode: 'ECONNRESET' })
    expect(await httpRequest(upstream.port, 'GET', '/')).toMatchObject({ complete: false })
    await expect(httpRequest(upstream.port, 'GET', '/')).rejects.toThrow('ended (fin) before the head')
  })

  test('reads a large answer without keeping it', async () => {
    await using upstream = await startUpstream(sendsZeros(30_000_000))
    const response = await httpRequest(upstream.port, 'GET', '/', { keepBody: false })
    expect([response.bodyBytes, response.body.length, response.complete]).toEqual([30_000_000, 0, true])
  })
})

describe('the upstream simulator', () => {
  test('records a request byte for byte, and how the client left', async () => {
    await using upstream = await startUpstream(neverAnswers())
    const client = await connectHttp(upstream.port)
    await client.send('PUT /a%2Fb?q HTTP/1.1\r\nHost:  a \r\nX-Odd:\tv\r\nContent-Length: 2\r\n\r\nhi')
    const request = await upstream.request(0)
    expect(request.head).toContain('\r\nHost:  a \r\n')
    expect(request).toMatchObject({ method: 'PUT', target: '/a%2Fb?q' })
    expect([request.header('host'), request.body.toString()]).toEqual(['a', 'hi'])
    const connection = await upstream.connection(0)
    expect(connection.end).toBe('open')
    client.reset()
    expect(await connection.untilEnded()).toBe('reset')
  })

  test('stalls and drips', async () => {
    const bytes = answerBytes({ body: 'hello' })
    await using upstream = await startUpstream([stallsAfter(10, bytes), drips(bytes, 7, 1)])
    await expect(httpRequest(upstream.port, 'GET', '/', { timeoutMs: 50 })).rejects.toThrow(
      'nothing more came',
    )
    expect((await httpRequest(upstream.port, 'GET', '/')).text).toBe('hello')
  })

  test('speaks TLS, names who came, and resets below TLS', async () => {
    const authority = createAuthority()
    const server = authority.server({ dns: ['shop.test'], ip: [] })
    const visitor = authority.client({ commonName: 'visitor' })
    const tls = { ...server, ca: authority.certificate, requestCert: true }
    await using upstream = await startUpstream([answers(), resets('after the head')], { tls })
    const trusted = { ca: authority.certificate, servername: 'shop.test' }
    const known = { ...trusted, cert: visitor.certificate, key: visitor.key }
    expect((await httpRequest(upstream.port, 'GET', '/', { tls: known })).text).toBe('ok')
    expect(upstream.connections[0]).toMatchObject({ serverName: 'shop.test', clientName: 'visitor' })
    await using second = await connectHttp(upstream.port, { tls: known })
    await second.send('GET / HTTP/1.1\r\n\r\n')
    expect((await second.ended()).end).toBe('reset')
    await using stranger = await connectHttp(upstream.port, { tls: trusted })
    expect((await stranger.ended()).end).not.toBe('open')
    expect(upstream.connections).toHaveLength(2)
    expect(upstream.tlsErrors).toHaveLength(1)
  })

  test('shows expired and misnamed certificates to those who check', async () => {
    const authority = createAuthority()
    const trusted = { ca: authority.certificate, servername: 'localhost' }
    await using old = await startUpstream(answers(), {
      tls: authority.server({ notAfter: new Date('2021-01-01') }),
    })
    await expect(httpRequest(old.port, 'GET', '/', { tls: trusted })).rejects.toThrow('expired')
    await using other = await startUpstream(answers(), {
      tls: authority.server({ dns: ['other.test'], ip: [] }),
    })
    await expect(httpRequest(other.port, 'GET', '/', { tls: trusted })).rejects.toThrow('other.test')
  })
})
