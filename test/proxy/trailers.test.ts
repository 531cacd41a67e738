import { describe, expect, it } from 'vitest'
import { PluginSteps } from '../../src/proxy/plugin-steps.ts'
import {
  announcedTrailers,
  passedTrailers,
  requestTrailerTest,
  responseTrailerTest,
} from '../../src/proxy/trailers.ts'
import type { Route } from '../../src/snapshot/snapshot.ts'
import { ExchangeRecord } from '../../src/telemetry/exchange-record.ts'
import { jwtGuard } from '../support/jwt-guard.ts'

const RULES = { apiKeyHeader: 'x-key', passBaggage: false, takesTrailers: true }

/** The plugins of a route with a guard `jwt` of this configuration, before any of them ran. */
function guarded(config: Readonly<Record<string, string>>): PluginSteps {
  const jwt = jwtGuard({ jwksURI: 'https://issuer.test/jwks', ...config })
  const route = { plugins: [{ name: 'jwt', guard: { type: 'jwt', jwt } }] } as unknown as Route
  const services = { plugins: undefined, guards: undefined } as never
  return new PluginSteps(services, route, new ExchangeRecord(), '/')
}

const names = (list: readonly string[]) => list.filter((_, index) => index % 2 === 0)

describe('trailers of a request', () => {
  const of = (plugins: PluginSteps | undefined, ...fields: string[]) =>
    names(
      passedTrailers(
        fields.flatMap((name) => [name, '1']),
        requestTrailerTest({ rawHeaders: ['Connection', 'X-Hop, close'], plugins }, RULES),
      ),
    )

  it('pass without the api key, without baggage that is not trusted, and without what Connection names', () => {
    expect(of(undefined, 'X-Sum', 'X-Key', 'Baggage', 'x-hop', 'Content-MD5', 'Digest')).toEqual([
      'X-Sum',
      'Content-MD5',
      'Digest',
    ])
  })

  it('pass baggage where it is trusted', () => {
    const test = requestTrailerTest({ rawHeaders: [], plugins: undefined }, { ...RULES, passBaggage: true })
    expect(passedTrailers(['baggage', 'a=1'], test)).toEqual(['baggage', 'a=1'])
  })

  it('say nothing that a token says, though its claim be absent, nor stand in for the token', () => {
    const plugins = guarded({ claimHeaders: 'sub=X-User', tokenHeader: 'X-Token' })
    expect(of(plugins, 'X-User', 'x_user', 'X-TOKEN', 'x.token', 'X-Sum')).toEqual(['X-Sum'])
  })

  it('say nothing that a plugin set, added or took away, in whatever spelling', () => {
    const plugins = guarded({})
    plugins.request.setHeader('X-A', '1')
    plugins.request.addHeader('x-b', '1')
    plugins.request.removeHeader('x-c')
    expect(of(plugins, 'x-a', 'X_A', 'X-B', 'X-C', 'x_c', 'x-d')).toEqual(['x-d'])
  })

  it('say nothing at all where a plugin has named more fields than there may be', () => {
    const plugins = guarded({})
    for (let count = 0; count < 1000; count++) plugins.request.removeHeader(`x-${count}`)
    expect(of(plugins, 'x-sum')).toEqual([])
  })
})

describe('trailers of an answer', () => {
  it('pass without what Connection names', () => {
    const test = responseTrailerTest(new Set(['x-hop']))
    expect(passedTrailers(['X-Hop', '1', 'X-Sum', '2', 'Set-Cookie', 'a=b'], test)).toEqual(['X-Sum', '2'])
  })
})

describe('an announcement', () => {
  const test = responseTrailerTest(undefined)

  it.each([
    ['X-Sum, Grpc-Status', 'X-Sum, Grpc-Status'],
    [' x-sum ,, content-length,X-Sum', 'x-sum, X-Sum'],
    ['Content-Length', ''],
    [',', ''],
  ])('%j is passed on as %j', (value, passed) => {
    expect(announcedTrailers(value, test)).toBe(passed)
  })
})
