// Codes 00, 02 and 10: nothing fits the request, or what the ApiProxy names is not there. Each reason through a real
// socket, on body, span, metric and log line of the same request; the condition says it before the first request; and
// mending the file mends the route.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest, type RawResponse } from '../support/http-client.ts'
import { apiProxy, mockTarget, service } from '../support/manifests.ts'
import { expectFailure, observe, type Observed } from '../support/observed.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import { waitUntil } from '../support/wait-until.ts'

const ROUTING = [
  apiProxy('hosted').at('/hosted').host('shop.example.com').mock('answers').build(),
  apiProxy('invalid').at('/invalid').toEndpoint('ftp://example.com').build(),
  apiProxy('parent').at('/').host('never.example.com').mock('answers').build(),
]
const MOCKS = [
  mockTarget('answers').route('/', 200, 'ok').build(),
  mockTarget('narrow')
    .route('/only', 200, 'ok', { methods: ['GET'] })
    .build(),
  apiProxy('mock-missing').at('/mock-missing').mock('nobody-made-it').build(),
  apiProxy('mock-narrow').at('/mock').mock('narrow').build(),
]
const SERVICES = [
  service('labelled').labelled({ app: 'a', stage: 'live' }).port(80).build(),
  apiProxy('service-missing').at('/service-missing').service('nobody-made-it', 80).build(),
  apiProxy('service-port').at('/service-port').service('labelled', 81).build(),
  apiProxy('labels')
    .at('/labels')
    .labels([{ name: 'app', value: 'b' }], 80)
    .build(),
  apiProxy('label-header')
    .at('/label-header')
    .labels([{ name: 'stage', header: 'x-stage' }], 80)
    .build(),
]

let sink: OtlpSink
let gateway: GatewayProcess

beforeAll(async () => {
  sink = await startOtlpSink()
  gateway = await startGatewayProcess({
    manifests: { 'routing.yaml': ROUTING, 'mocks.yaml': MOCKS, 'services.yaml': SERVICES },
    otlpUrl: sink.httpUrl,
  })
})

afterAll(async () => {
  await gateway.stop()
  await sink.stop()
})

function ask(
  path: string,
  method = 'GET',
  headers: Record<string, string> = {},
): Promise<Observed<RawResponse>> {
  return observe(gateway, sink, () => httpRequest(gateway.port, method, path, { headers }))
}

describe('code 00', () => {
  test('no source path fits: no_path_matched, in the one series of requests without a route', async () => {
    const observed = await ask('/nowhere', 'GET', { host: 'never.example.com:80' })
    // `/` fits every path, for its own host.
    expect(observed.seen.status).toBe(200)
    await gateway.write('routing.yaml', ROUTING.slice(0, 2))
    await waitUntil(
      async () =>
        (await httpRequest(gateway.port, 'GET', '/', { headers: { host: 'never.example.com' } })).status ===
        404,
      'the route is gone',
    )
    const refused = await ask('/nowhere')
    expectFailure(refused, 'no_path_matched')
    expect(refused.server.name).toBe('GET')
    expect(refused.server.attributes).not.toHaveProperty('http.route')
    expect(refused.line).toMatchObject({ apiproxy: null, namespace: null })
  })

  test('the host is another: no_host_matched', async () => {
    expectFailure(await ask('/hosted'), 'no_host_matched')
    const hosted = await ask('/hosted', 'GET', { host: 'SHOP.example.com:8080' })
    expect(hosted.seen.status).toBe(200)
  })

  test('the ApiProxy that holds the path is invalid: apiproxy_invalid, and no other route takes its requests', async () => {
    await gateway.write('catch-all.yaml', apiProxy('catch-all').at('/').mock('answers').build())
    await waitUntil(
      async () => (await httpRequest(gateway.port, 'GET', '/nowhere')).status === 200,
      'the route of all paths',
    )
    const observed = await ask('/invalid/deeper')
    expectFailure(observed, 'apiproxy_invalid')
    expect(observed.line).toMatchObject({ apiproxy: 'invalid', namespace: 'default' })
    await gateway.remove('catch-all.yaml')
  })
})

describe('code 02', () => {
  test('no such MockTarget: mock_target_missing', async () => {
    const observed = await ask('/mock-missing')
    expectFailure(observed, 'mock_target_missing')
    expect(observed.server).toMatchObject({ name: 'GET /mock-missing', status: { code: 'unset' } })
    expect(observed.clients).toEqual([])
  })

  test('no route of it fits the path: mock_route_missing', async () => {
    expectFailure(await ask('/mock/other'), 'mock_route_missing')
  })

  test('no fitting route has the method: mock_method_missing', async () => {
    expectFailure(await ask('/mock/only', 'POST'), 'mock_method_missing')
    expect((await ask('/mock/only')).seen.text).toBe('ok')
  })

  test('mocks are switched off: mocks_disabled', async () => {
    await using off = await startGatewayProcess({
      manifests: { 'mocks.yaml': MOCKS },
      flags: { 'proxy.enable_mock_responses': false },
      otlpUrl: sink.httpUrl,
    })
    const observed = await observe(off, sink, () => httpRequest(off.port, 'GET', '/mock/only'))
    expectFailure(observed, 'mocks_disabled')
  })
})

describe('code 10', () => {
  test('no Service of that name: service_missing', async () => {
    expectFailure(await ask('/service-missing'), 'service_missing')
  })

  test('no Service with these labels: service_labels_unmatched', async () => {
    expectFailure(await ask('/labels'), 'service_labels_unmatched')
  })

  test('a label comes from a header that was not sent: service_label_header_absent', async () => {
    const absent = await ask('/label-header')
    expectFailure(absent, 'service_label_header_absent')
    expect(absent.server.attributes['kanali.error.detail']).toMatch(/x-stage/i)
    expectFailure(await ask('/label-header', 'GET', { 'X-Stage': 'draft' }), 'service_labels_unmatched')
  })

  test('the Service lacks the port: service_port_missing', async () => {
    expectFailure(await ask('/service-port'), 'service_port_missing')
  })
})

describe('every failure', () => {
  test('has no body for HEAD, and the same signals', async () => {
    const observed = await ask('/mock-missing', 'HEAD')
    expectFailure(observed, 'mock_target_missing')
    expect(observed.seen.text).toBe('')
    expect(observed.server.name).toBe('HEAD /mock-missing')
  })

  test('has the same body whatever Accept says', async () => {
    expectFailure(await ask('/mock-missing', 'GET', { accept: 'text/html' }), 'mock_target_missing')
  })

  test('shows what the client sent on the span, without what is secret; a good answer shows nothing of it', async () => {
    const headers = { 'X-Team': 'blue', Cookie: 'a=b', 'X-Auth-Token': 'hidden', Accept: 'text/plain' }
    const failed = await ask('/mock-missing', 'GET', headers)
    expect(failed.server.attributes).toMatchObject({
      'http.request.header.x-team': ['blue'],
      'http.request.header.accept': ['text/plain'],
      'http.request.header.cookie': ['omitted'],
      'http.request.header.x-auth-token': ['omitted'],
    })
    const good = await ask('/mock/only', 'GET', headers)
    expect(Object.keys(good.server.attributes).filter((name) => name.includes('header'))).toEqual([])
  })

  test('has a Proxy-Status (RFC 9209) with the token only where an option asks for it', async () => {
    expect((await ask('/mock-missing')).seen.header('proxy-status')).toBeUndefined()
    await using open = await startGatewayProcess({
      manifests: { 'services.yaml': SERVICES },
      flags: { 'proxy.proxy_status': true },
    })
    const response = await httpRequest(open.port, 'GET', '/service-missing')
    expect(response.headerValues('proxy-status')).toEqual(['kanali; error=destination_unavailable'])
  })

  test('names the address of its details as the option says', async () => {
    await using own = await startGatewayProcess({
      flags: { 'errors.details_base': 'https://example.com/why' },
    })
    const { text } = await httpRequest(own.port, 'GET', '/nowhere')
    expect(text).toBe(
      '{"status":404,"message":"No ApiProxy resource was not found that matches the request.","code":0,' +
        '"details":"Visit https://example.com/why#00 for more details."}',
    )
  })

  test('that was compiled is a condition before any request, and goes when its cause goes', async () => {
    const condition = async (): Promise<string> => {
      const response = await fetch(
        `http://127.0.0.1:${gateway.profilingPort}/debug/snapshot?name=mock-missing`,
      )
      const { conditions } = (await response.json()) as {
        conditions: { items: { name: string; type: string; status: string; reason: string }[] }
      }
      return conditions.items
        .filter(({ name, type }) => name === 'mock-missing' && type === 'Ready')
        .map(({ status, reason }) => `${status} ${reason}`)
        .join()
    }
    expect(await condition()).toMatch(/^False /)
    await gateway.write('mended.yaml', mockTarget('nobody-made-it').route('/', 200, 'mended').build())
    const mended = await waitUntil(async () => {
      const response = await httpRequest(gateway.port, 'GET', '/mock-missing')
      return response.status === 200 && response
    }, 'the route answers')
    expect(mended.text).toBe('mended')
    expect(mended.header('x-kanali-correlation-id')).toMatch(/^[0-9a-f]{32}$/)
    expect(await condition()).toMatch(/^(True .*)?$/)
  })
})
