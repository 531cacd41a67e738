// Code 14: rate and quota, and a store that fails while the option says deny. Each through a real socket, on body, span,
// metric and log line of the same request; and what good answers tell of what is left.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type KeyPair, keyPair } from '../support/api-keys.ts'
import { freePort } from '../support/free-ports.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest, type RawResponse } from '../support/http-client.ts'
import { apiKeyBinding, apiProxy, mockTarget } from '../support/manifests.ts'
import { expectFailure, observe, type Observed, rise } from '../support/observed.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { answers } from '../support/upstream-scripts.ts'

const ALL = { defaultRule: { global: true } }

let sink: OtlpSink
let keys: KeyPair
let upstream: Upstream

beforeAll(async () => {
  sink = await startOtlpSink()
  keys = await keyPair()
  upstream = await startUpstream(answers())
})
afterAll(async () => {
  await upstream.stop()
  await keys[Symbol.asyncDispose]()
  await sink.stop()
})

function start(flags: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> {
  return startGatewayProcess({
    manifests: {
      'keys.yaml': ['rated', 'counted', 'both', 'none'].map((name) =>
        keys.apiKey(name, `${name}Key`).build(),
      ),
      'binding.yaml': apiKeyBinding('all')
        .key('rated', { ...ALL, rate: { amount: 2, unit: 'hour' } })
        .key('counted', { ...ALL, quota: 1 })
        .key('both', { ...ALL, quota: 100, rate: { amount: 10, unit: 'Hour' } })
        .key('none', ALL)
        .build(),
      'proxies.yaml': [
        mockTarget('ok').route('/', 200, 'ok').build(),
        apiProxy('mocked').at('/mocked').mock('ok').plugin('apikey', { bindingName: 'all' }).build(),
        apiProxy('up').at('/up').toEndpoint(upstream.url).plugin('apikey', { bindingName: 'all' }).build(),
        apiProxy('dead')
          .at('/dead')
          .toEndpoint('http://127.0.0.1:9')
          .plugin('apikey', { bindingName: 'all' })
          .build(),
      ],
    },
    flags: { 'plugins.apiKey.decryption_key_file': keys.file, ...flags },
    otlpUrl: sink.httpUrl,
  })
}

function ask(gateway: GatewayProcess, path: string, key: string): Promise<Observed<RawResponse>> {
  return observe(gateway, sink, () => httpRequest(gateway.port, 'GET', path, { headers: { apikey: key } }))
}

const limitsOf = ({ seen }: Observed<RawResponse>) => [
  seen.header('ratelimit-policy'),
  seen.header('ratelimit'),
  seen.header('retry-after'),
]

function expectDenied(
  observed: Observed<RawResponse>,
  reason: Parameters<typeof expectFailure>[1],
  name: string,
): void {
  expectFailure(observed, reason)
  expect(observed.server.attributes).toMatchObject({ 'kanali.apikey.name': name, 'kanali.plugin': 'apikey' })
  expect(rise(observed, 'kanali_guard_decisions_total', { guard: 'apikey', decision: 'deny', reason })).toBe(
    1,
  )
}

describe('limits in memory', () => {
  let gateway: GatewayProcess
  beforeAll(async () => {
    gateway = await start()
  })
  afterAll(() => gateway.stop())

  test('a rate that is used up: rate_exceeded, and when to come back', async () => {
    const first = await ask(gateway, '/mocked', 'ratedKey')
    expect(first.seen.status).toBe(200)
    expect(limitsOf(first)).toEqual(['"rate";q=2;w=3600', '"rate";r=1;t=1800', undefined])
    expect((await ask(gateway, '/mocked', 'ratedKey')).seen.status).toBe(200)
    const third = await ask(gateway, '/mocked', 'ratedKey')
    expectDenied(third, 'rate_exceeded', 'rated')
    const wait = Number(third.seen.header('retry-after'))
    expect(wait).toBeGreaterThan(1700)
    expect(wait).toBeLessThanOrEqual(1800)
    expect(third.seen.header('ratelimit')).toBe(`"rate";r=0;t=${wait}`)
  })

  test('is counted for each ApiProxy by itself', async () => {
    expect((await ask(gateway, '/up', 'ratedKey')).seen.status).toBe(200)
  })

  test('a quota that is used up: quota_exceeded, and waiting does not help', async () => {
    const first = await ask(gateway, '/mocked', 'countedKey')
    expect(limitsOf(first)).toEqual(['"quota";q=1', '"quota";r=0', undefined])
    const second = await ask(gateway, '/mocked', 'countedKey')
    expectDenied(second, 'quota_exceeded', 'counted')
    expect(second.seen.header('retry-after')).toBe(undefined)
  })

  test('what is left is on every answer after the guard: of an upstream, of a mock, of an error', async () => {
    for (const [path, status] of [
      ['/up', 200],
      ['/mocked', 200],
      ['/dead', 502],
    ] as const) {
      const observed = await ask(gateway, path, 'bothKey')
      expect(observed.seen.status).toBe(status)
      expect(limitsOf(observed).slice(0, 2)).toEqual([
        '"rate";q=10;w=3600, "quota";q=100',
        '"rate";r=9;t=360, "quota";r=99',
      ])
    }
  })

  test('a key without limits has none of these fields', async () => {
    expect(limitsOf(await ask(gateway, '/mocked', 'noneKey'))).toEqual([undefined, undefined, undefined])
  })
})

describe('a store that cannot be reached', () => {
  const away = async () => ({ 'limits.redis_url': `redis://127.0.0.1:${await freePort()}` })

  test('denies where the option says so: limit_store_failed', async () => {
    await using gateway = await start({ ...(await away()), 'limits.on_store_failure': 'deny' })
    const observed = await ask(gateway, '/mocked', 'ratedKey')
    expectDenied(observed, 'limit_store_failed', 'rated')
    expect(observed.server.attributes).toMatchObject({
      'kanali.limit.fallback': 'deny',
      'kanali.limit.store_failure': 'unreachable',
    })
    expect(rise(observed, 'kanali_limit_fallbacks_total', { by: 'deny', cause: 'unreachable' })).toBe(1)
    expect((await ask(gateway, '/mocked', 'noneKey')).seen.status).toBe(200)
  })

  test.each([
    ['allow', [200, 200, 200]],
    ['local_share', [200, 429, 429]],
  ] as const)('leaves it to %s, and says so on every signal', async (by, expected) => {
    await using gateway = await start({ ...(await away()), 'limits.on_store_failure': by })
    for (const status of expected) {
      const observed = await ask(gateway, '/mocked', 'ratedKey')
      expect(observed.seen.status).toBe(status)
      expect(observed.server.attributes['kanali.limit.fallback']).toBe(by)
      expect(rise(observed, 'kanali_limit_fallbacks_total', { by, cause: 'unreachable' })).toBe(1)
    }
  })
})
