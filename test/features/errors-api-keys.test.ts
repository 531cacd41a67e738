// Codes 12 and 13 of the apikey guard: every cause through a real socket, on body, span, metric and log line of the same
// request, with real keys that are decrypted by the gateway.

import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type KeyPair, keyPair } from '../support/api-keys.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest, type RawResponse } from '../support/http-client.ts'
import { apiKeyBinding, apiProxy, mockTarget } from '../support/manifests.ts'
import { expectFailure, observe, type Observed, rise } from '../support/observed.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'

const PARTNER = 'partnerKeyThatNobodyMaySee'
const OLD = 'oldKeyThatNobodyMaySee'
const STRANGER = 'strangerKeyThatNobodyMaySee'
const ALL = { defaultRule: { global: true } }

let sink: OtlpSink
let keys: KeyPair
let gateway: GatewayProcess

const guarded = (name: string, config: Readonly<Record<string, string>>) =>
  apiProxy(name).at(`/${name}`).mock('ok').plugin('apiKey', config).build()

beforeAll(async () => {
  sink = await startOtlpSink()
  keys = await keyPair()
  gateway = await startGatewayProcess({
    manifests: {
      'mock.yaml': mockTarget('ok').route('/', 200, 'ok').build(),
      'proxies.yaml': [
        guarded('open', { bindingName: 'all' }),
        guarded('unnamed', {}),
        guarded('nowhere', { apiKeyBindingName: 'nowhere' }),
        guarded('broken', { bindingName: 'broken' }),
        guarded('ruled', { apiKeyBindingName: 'ruled' }),
      ],
      'keys.yaml': [
        keys.apiKey('partner', PARTNER).revision(keys.encrypted(OLD), 'Inactive').build(),
        keys.apiKey('stranger', STRANGER).build(),
      ],
      'bindings.yaml': [
        apiKeyBinding('all').key('partner', ALL).build(),
        apiKeyBinding('broken').key('partner', ALL).key('partner', ALL).build(),
        apiKeyBinding('ruled')
          .key('partner', {
            subpaths: [
              { path: '/ruled/read', rule: { granular: { verbs: ['get', 'HEAD'] } } },
              { path: '/ruled/all', rule: { global: true, granular: { verbs: ['GET'] } } },
              { path: '/ruled/none', rule: {} },
              { path: '/ruled/(', rule: { global: true } },
            ],
          })
          .build(),
      ],
    },
    flags: { 'plugins.apiKey.decryption_key_file': keys.file },
    otlpUrl: sink.httpUrl,
  })
})

afterAll(async () => {
  await gateway.stop()
  await keys[Symbol.asyncDispose]()
  await sink.stop()
})

function ask(
  path: string,
  key: string | undefined,
  method = 'GET',
  more: readonly (readonly [string, string])[] = [],
): Promise<Observed<RawResponse>> {
  const headers = [...(key === undefined ? [] : [['ApiKey', key] as const]), ...more]
  return observe(gateway, sink, () => httpRequest(gateway.port, method, path, { headers }))
}

/** On every signal, with who it was where that is known, counted as the guard's, and with the key nowhere. */
function expectDenied(
  observed: Observed<RawResponse>,
  reason: Parameters<typeof expectFailure>[1],
  apiKeyName?: string,
): void {
  expectFailure(observed, reason)
  expect(observed.server.attributes['kanali.plugin']).toBe('apikey')
  expect(observed.server.attributes['kanali.apikey.name']).toBe(apiKeyName)
  expect(observed.line['apikey']).toBe(apiKeyName ?? null)
  const decisions = { guard: 'apikey', decision: 'deny', reason }
  expect(rise(observed, 'kanali_guard_decisions_total', decisions)).toBe(1)
  expect(rise(observed, 'kanali_guard_decisions_total', {})).toBe(1)
  expect(inspect([observed.server, observed.line], { depth: 9 })).not.toMatch(/KeyThatNobodyMaySee/)
}

describe('no key: code 12', () => {
  test('where the header is missing: key_missing', async () => {
    expectDenied(await ask('/open', undefined), 'key_missing')
  })

  test('where it is empty: key_empty', async () => {
    expectDenied(await ask('/open', ''), 'key_empty')
  })

  test('where there are two, even of the same value: key_repeated', async () => {
    expectDenied(await ask('/open', PARTNER, 'GET', [['APIKEY', PARTNER]]), 'key_repeated')
  })

  test('also where the binding is missing: who has no key learns no more', async () => {
    expectDenied(await ask('/nowhere', undefined), 'key_missing')
  })
})

describe('a key that is not authorized: code 13', () => {
  test('because nobody has it: key_unknown', async () => {
    const observed = await ask('/open', 'unknownKeyThatNobodyMaySee')
    expectDenied(observed, 'key_unknown')
    expect(observed.seen.header('www-authenticate')).toBe('ApiKey')
  })

  test('because it was rotated out: key_revision_inactive', async () => {
    expectDenied(await ask('/open', OLD), 'key_revision_inactive', 'partner')
  })

  test('because the plugin names no binding: binding_unnamed', async () => {
    expectDenied(await ask('/unnamed', PARTNER), 'binding_unnamed')
  })

  test('because the binding is not there: binding_missing', async () => {
    expectDenied(await ask('/nowhere', PARTNER), 'binding_missing')
  })

  test('because the binding breaks a rule: binding_invalid', async () => {
    expectDenied(await ask('/broken', PARTNER), 'binding_invalid')
  })

  test('because the binding has no entry for it: key_not_bound', async () => {
    expectDenied(await ask('/open', STRANGER), 'key_not_bound', 'stranger')
  })

  test('because there is no private key: keys_not_loaded', async () => {
    await using unkeyed = await startGatewayProcess({
      manifests: {
        'all.yaml': [
          mockTarget('ok').route('/', 200, 'ok').build(),
          guarded('open', { bindingName: 'all' }),
          apiKeyBinding('all').key('partner', ALL).build(),
        ],
      },
      otlpUrl: sink.httpUrl,
    })
    const send = () => httpRequest(unkeyed.port, 'GET', '/open', { headers: { apikey: PARTNER } })
    expectDenied(await observe(unkeyed, sink, send), 'keys_not_loaded')
  })

  test('because of the method: method_denied', async () => {
    const observed = await ask('/ruled/ruled/read', PARTNER, 'POST')
    expectDenied(observed, 'method_denied', 'partner')
    expect(observed.server.attributes['kanali.apikey.rule']).toBe('default/ruled keys[0].subpaths[0]')
  })

  test('because of the path: path_denied', async () => {
    const observed = await ask('/ruled/ruled/none/of/it', PARTNER)
    expectDenied(observed, 'path_denied', 'partner')
    expect(observed.server.attributes['kanali.apikey.rule']).toBe('default/ruled keys[0].subpaths[2]')
  })

  test('because an expression does not compile, and it could have been meant: rule_expression_invalid', async () => {
    expectDenied(await ask('/ruled/other', PARTNER), 'rule_expression_invalid', 'partner')
  })
})

describe('what would be decided, asked on the profiling port', () => {
  test.each([
    ['GET', '/open', 'unknownKeyThatNobodyMaySee', '13', 'key_unknown'],
    ['GET', '/open', OLD, '13', 'key_revision_inactive'],
    ['POST', '/ruled/ruled/read', PARTNER, '13', 'method_denied'],
    ['GET', '/open', undefined, '12', 'key_missing'],
    ['GET', '/open', PARTNER, null, null],
  ])('%s %s with %s is %s %s, as it is in an exchange', async (method, path, key, code, reason) => {
    const headers = key === undefined ? [] : [['apikey', key]]
    const asked = await fetch(`http://127.0.0.1:${gateway.profilingPort}/debug/explain`, {
      method: 'POST',
      body: JSON.stringify({ request: `${method} ${path}`, headers }),
    })
    const text = await asked.text()
    expect(JSON.parse(text)).toMatchObject({ code, reason })
    expect(text).not.toContain('KeyThatNobodyMaySee')
    const { line } = await ask(path, key, method)
    expect({ code: line['code'], reason: line['reason'] }).toEqual({ code, reason })
  })
})

describe('a key that is authorized', () => {
  test('passes, and its name and the rule are on span and line', async () => {
    const observed = await ask('/open', PARTNER)
    expect(observed.seen.status).toBe(200)
    expect(observed.server.attributes).toMatchObject({
      'kanali.apikey.name': 'partner',
      'kanali.apikey.rule': 'default/all keys[0].defaultRule',
    })
    expect(observed.line).toMatchObject({ apikey: 'partner', code: null })
    expect(
      rise(observed, 'kanali_guard_decisions_total', { guard: 'apikey', decision: 'pass', reason: 'none' }),
    ).toBe(1)
  })

  test('does so by the first rule whose expression the path begins with', async () => {
    expect((await ask('/ruled/ruled/read/1', PARTNER)).seen.status).toBe(200)
    expect((await ask('/ruled/ruled/all/1', PARTNER, 'DELETE')).seen.status).toBe(200)
  })

  test('is not asked for with OPTIONS', async () => {
    const observed = await ask('/open', undefined, 'OPTIONS')
    expect(observed.seen.status).toBe(200)
    expect(observed.server.attributes['kanali.apikey.rule']).toBe('OPTIONS')
  })
})
