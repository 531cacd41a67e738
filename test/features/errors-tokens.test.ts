// Codes 12 and 13 of the jwt guard: every cause through a real socket, on body, span, metric and log line of the same
// request, with tokens that a real issuer's key set has to prove.

import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorOf, type Reason } from '../../src/errors/catalogue.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest, type RawResponse } from '../support/http-client.ts'
import { Issuer, publishes } from '../support/issuer.ts'
import { apiProxy, mockTarget } from '../support/manifests.ts'
import { expectFailure, observe, type Observed, rise } from '../support/observed.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import { macToken, tokenSigner } from '../support/token-signer.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { answers } from '../support/upstream-scripts.ts'
import { waitUntil } from '../support/wait-until.ts'

const ISSUER = 'https://issuer.example/'
const AUDIENCE = 'shop'
const signer = tokenSigner('ES256')
const stranger = tokenSigner('ES256', 'stranger')
const impostor = tokenSigner('ES256', signer.kid)

let sink: OtlpSink
let issuer: Issuer
let upstream: Upstream
let gateway: GatewayProcess

const now = (): number => Math.floor(Date.now() / 1000)
const claims = (more: object = {}): object => ({
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'ada',
  exp: now() + 300,
  scope: 'orders:read',
  tier: 'gold',
  ...more,
})

beforeAll(async () => {
  sink = await startOtlpSink()
  issuer = await Issuer.start(publishes([signer.jwk]))
  upstream = await startUpstream(answers())
  const config = { issuer: ISSUER, audience: AUDIENCE, jwksURI: issuer.url }
  gateway = await startGatewayProcess({
    manifests: {
      'mock.yaml': mockTarget('ok').route('/', 200, 'ok').build(),
      'proxies.yaml': [
        apiProxy('open').at('/open').mock('ok').plugin('jwt', config).build(),
        apiProxy('strict')
          .at('/strict')
          .mock('ok')
          .plugin('JWT', { ...config, requiredClaims: 'tier=platinum' })
          .build(),
        apiProxy('scoped')
          .at('/scoped')
          .mock('ok')
          .plugin('jwt', { ...config, scopes: 'orders:write' })
          .build(),
        apiProxy('broken')
          .at('/broken')
          .mock('ok')
          .plugin('jwt', { ...config, algorithms: 'none' })
          .build(),
        apiProxy('down')
          .at('/down')
          .mock('ok')
          .plugin('jwt', { ...config, jwksURI: 'http://127.0.0.1:9/keys' })
          .build(),
        apiProxy('up')
          .at('/up')
          .toEndpoint(upstream.url)
          .plugin('jwt', { ...config, claimHeaders: 'sub=x-user', tokenHeader: 'x-entry' })
          .build(),
      ],
    },
    flags: { 'server.max_header_bytes': '64KiB' },
    otlpUrl: sink.httpUrl,
  })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
  await issuer[Symbol.asyncDispose]()
  await sink.stop()
})

type Field = readonly [string, string]

function ask(path: string, ...headers: readonly Field[]): Promise<Observed<RawResponse>> {
  return observe(gateway, sink, () => httpRequest(gateway.port, 'GET', path, { headers }))
}

const bearer = (token: string): Field => ['Authorization', `Bearer ${token}`]

function expectDenied(observed: Observed<RawResponse>, reason: Reason, token = 'eyJ'): void {
  expectFailure(observed, reason)
  expect(observed.server.attributes['kanali.plugin']).toBe('jwt')
  const decisions = { guard: 'jwt', decision: 'deny', reason }
  expect(rise(observed, 'kanali_guard_decisions_total', decisions)).toBe(1)
  expect(rise(observed, 'kanali_guard_decisions_total', {})).toBe(1)
  expect(observed.seen.header('www-authenticate')).toBe(errorOf(reason).code === 13 ? 'Bearer' : undefined)
  expect(inspect([observed.server, observed.line], { depth: 9 })).not.toContain(token)
}

test('no token is code 12: token_missing', async () => {
  expectDenied(await ask('/open'), 'token_missing')
})

describe('a token that is refused: code 13', () => {
  test.each<[Reason, string, () => string]>([
    ['token_malformed', '/open', () => `${signer.token(claims())}x.y`],
    ['token_too_large', '/open', () => signer.token(claims({ pad: 'x'.repeat(20_000) }))],
    [
      'token_algorithm_denied',
      '/open',
      () => macToken(signer.publicKey.export({ type: 'spki', format: 'pem' }), claims()),
    ],
    ['token_key_unknown', '/open', () => stranger.token(claims())],
    ['token_signature_invalid', '/open', () => impostor.token(claims())],
    ['token_expired', '/open', () => signer.token(claims({ exp: now() - 60 }))],
    ['token_not_yet_valid', '/open', () => signer.token(claims({ nbf: now() + 120 }))],
    ['token_issuer_wrong', '/open', () => signer.token(claims({ iss: 'https://issuer.example' }))],
    ['token_audience_wrong', '/open', () => signer.token(claims({ aud: ['billing'] }))],
    ['token_claim_missing', '/strict', () => signer.token(claims())],
    ['token_scope_missing', '/scoped', () => signer.token(claims())],
    ['token_config_invalid', '/broken', () => signer.token(claims())],
    ['key_set_unavailable', '/down', () => signer.token(claims())],
  ])('%s', async (reason, path, token) => {
    expectDenied(await ask(path, bearer(token())), reason)
  })

  test('is told on the ApiProxy where the configuration or the key set is at fault', async () => {
    const page = async () => (await fetch(`http://127.0.0.1:${gateway.profilingPort}/debug/snapshot`)).text()
    await waitUntil(async () => (await page()).includes('KeySetUnavailable'), 'the condition of the key set')
    expect(await page()).toContain('TokenConfigInvalid')
    await gateway.logLine(({ msg }) => msg === 'a key set could not be fetched')
  })
})

test('a good token passes, and who issued it is on the span', async () => {
  const token = signer.token(claims())
  const observed = await ask('/open', bearer(token))
  expect(observed.seen.status).toBe(200)
  expect(observed.server.attributes['kanali.jwt.issuer']).toBe(ISSUER)
  const passed = { guard: 'jwt', decision: 'pass', reason: 'none' }
  expect(rise(observed, 'kanali_guard_decisions_total', passed)).toBe(1)
})

test('the upstream gets the claim and not what a client wrote in its place, nor the token', async () => {
  const token = signer.token(claims())
  const observed = await ask(
    '/up',
    ['x-entry', token],
    ['X-User', 'root'],
    ['x_user', 'root'],
    ['connection', 'x-user'],
  )
  expect(observed.seen.status).toBe(200)
  const { head } = await upstream.request(0)
  expect(head).toMatch(/^x-user: ada\r?$/im)
  expect(head).not.toContain('root')
  expect(head).not.toContain(token)
})

test('a token in a header of any name is masked on the span of a failure', async () => {
  const token = signer.token(claims({ aud: 'other' }))
  const observed = await ask('/up', ['x-entry', token])
  expectDenied(observed, 'token_audience_wrong', token)
  expect(observed.server.attributes['http.request.header.x-entry']).toEqual(['omitted'])
})
