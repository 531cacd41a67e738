import { describe, expect, it } from 'vitest'
import { forwardedPair, type Peer } from '../../src/proxy/peer.ts'
import { requestHeaders, traceFields } from '../../src/proxy/request-headers.ts'

const RULES = { apiKeyHeader: 'apikey', passBaggage: false, takesTrailers: true }
const PEER = {
  address: '10.0.0.9',
  port: 4000,
  scheme: 'http',
  isTrusted: false,
  forwardedPair: forwardedPair('10.0.0.9', 'http'),
} as const
const HOP = {
  peer: PEER,
  authority: 'shop.test:8080',
  httpVersion: '1.1',
} as const

function built(fields: readonly [string, string][], peer: Partial<Peer> = {}, length = 0) {
  const flat = requestHeaders(fields.flat(), { ...HOP, peer: { ...PEER, ...peer } }, length, RULES)
  const pairs: [string, string][] = []
  for (let at = 0; at < flat.length; at += 2) pairs.push([flat[at] ?? '', flat[at + 1] ?? ''])
  return pairs
}
const valuesOf = (pairs: [string, string][], name: string) =>
  pairs.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value)

describe('the head that goes upstream', () => {
  it('keeps the order, the spelling and the repetition of fields that are the client’s', () => {
    const pairs = built([
      ['Host', 'x'],
      ['X-B', '1'],
      ['x-a', '2'],
      ['X-B', '3'],
    ])
    expect(pairs.slice(0, 4)).toEqual([
      ['host', 'shop.test:8080'],
      ['X-B', '1'],
      ['x-a', '2'],
      ['X-B', '3'],
    ])
  })

  it('removes hop-by-hop fields and those named in any Connection field, but never Host or Content-Length', () => {
    const pairs = built(
      [
        ['Connection', 'close, X-Secret'],
        ['connection', 'host, content-length, x-other'],
        ['X-Secret', '1'],
        ['x-other', '2'],
        ['Keep-Alive', 'timeout=5'],
        ['Proxy-Connection', 'keep-alive'],
        ['TE', 'gzip'],
        ['Trailer', 'x'],
        ['Transfer-Encoding', 'chunked'],
        ['Upgrade', 'h2c'],
        ['HTTP2-Settings', 'AAA'],
        ['Proxy-Authorization', 'Basic x'],
        ['Content-Length', '3'],
      ],
      {},
      3,
    )
    expect(pairs.map(([name]) => name)).toEqual([
      'host',
      'content-length',
      'x-forwarded-for',
      'x-forwarded-proto',
      'x-forwarded-host',
      'forwarded',
      'via',
    ])
  })

  it('never shows the api key, Expect or the client’s trace fields to an upstream', () => {
    const pairs = built([
      ['ApiKey', 'secret'],
      ['Expect', '100-continue'],
      ['traceparent', 'x'],
      ['tracestate', 'y'],
      ['baggage', 'z=1'],
    ])
    expect(pairs.map(([name]) => name.toLowerCase())).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(apikey|expect|traceparent|tracestate|baggage)$/)]),
    )
  })

  it('does not believe the forwarded fields of a peer that is not trusted', () => {
    const pairs = built([
      ['X-Forwarded-For', '6.6.6.6'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'evil.test'],
      ['X-Forwarded-Port', '1'],
      ['Forwarded', 'for=6.6.6.6'],
    ])
    expect(valuesOf(pairs, 'x-forwarded-for')).toEqual(['10.0.0.9'])
    expect(valuesOf(pairs, 'x-forwarded-proto')).toEqual(['http'])
    expect(valuesOf(pairs, 'x-forwarded-host')).toEqual(['shop.test:8080'])
    expect(valuesOf(pairs, 'x-forwarded-port')).toEqual([])
    expect(valuesOf(pairs, 'forwarded')).toEqual(['for=10.0.0.9;proto=http;host="shop.test:8080"'])
  })

  it('appends to the forwarded fields of a trusted peer', () => {
    const pairs = built(
      [
        ['X-Forwarded-For', '6.6.6.6'],
        ['X-Forwarded-For', '7.7.7.7'],
        ['X-Forwarded-Proto', 'https'],
        ['X-Forwarded-Host', 'www.test'],
        ['Forwarded', 'for=6.6.6.6'],
        ['Via', '1.0 cdn'],
      ],
      { isTrusted: true },
    )
    expect(valuesOf(pairs, 'x-forwarded-for')).toEqual(['6.6.6.6, 7.7.7.7, 10.0.0.9'])
    expect(valuesOf(pairs, 'x-forwarded-proto')).toEqual(['https'])
    expect(valuesOf(pairs, 'x-forwarded-host')).toEqual(['www.test'])
    expect(valuesOf(pairs, 'forwarded')).toEqual([
      'for=6.6.6.6, for=10.0.0.9;proto=http;host="shop.test:8080"',
    ])
    expect(valuesOf(pairs, 'via')).toEqual(['1.0 cdn, 1.1 kanali'])
  })

  it('puts an IPv6 address in brackets and quotes where RFC 7239 asks for it', () => {
    const address = '2001:db8::9'
    const pairs = built([], { address, forwardedPair: forwardedPair(address, 'https'), scheme: 'https' })
    expect(valuesOf(pairs, 'x-forwarded-for')).toEqual([address])
    expect(valuesOf(pairs, 'forwarded')).toEqual(['for="[2001:db8::9]";proto=https;host="shop.test:8080"'])
  })

  it('leaves framing of chunked content to the transport', () => {
    expect(valuesOf(built([['Transfer-Encoding', 'chunked']], {}, -1), 'content-length')).toEqual([])
    expect(valuesOf(built([['Content-Length', '0']], {}, 0), 'content-length')).toEqual(['0'])
  })
})

describe('inbound trace fields', () => {
  it('takes one traceparent, none of two, and joins tracestate', () => {
    expect(traceFields(['Traceparent', 'a', 'tracestate', 'x=1', 'TraceState', 'y=2'])).toEqual({
      traceparent: 'a',
      tracestate: 'x=1,y=2',
    })
    expect(traceFields(['traceparent', 'a', 'traceparent', 'b']).traceparent).toBe('')
    expect(traceFields([])).toEqual({ traceparent: undefined, tracestate: undefined })
  })
})
