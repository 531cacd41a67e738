// The pages of the flight recorder, asked through a socket: filters, one trace, bounds, and what is refused.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AdminRoute, AdminServer } from '../../src/admin/admin-server.ts'
import { decisionPage } from '../../src/admin/decision-page.ts'
import { exchangePages, REPORTS_MAX } from '../../src/admin/exchange-pages.ts'
import { rejectionOf } from '../../src/errors/rejections.ts'
import { FlightRecorder } from '../../src/explain/flight-recorder.ts'
import type { ExchangeRecord } from '../../src/telemetry/exchange-record.ts'
import { Mask } from '../../src/telemetry/masking.ts'
import { bareRoute } from '../support/bare-snapshot.ts'
import { attemptOf, exchangeRecord, failedRecord } from '../support/exchange-records.ts'
import { httpRequest } from '../support/http-client.ts'
import { LogLines } from '../support/log-lines.ts'
import { apiProxy, mockTarget, service } from '../support/manifests.ts'
import { snapshotOf } from '../support/world.ts'

const MASK = new Mask({ maskValue: 'omitted', headerKeys: [], apiKeyHeader: 'apikey', queryAllowList: [] })
const traceOf = (digit: string): string => digit.repeat(32)

let recorder: FlightRecorder
let server: AdminServer
let port = 0

beforeEach(async () => {
  recorder = new FlightRecorder({ exchanges: 200, failedExchanges: 200 })
  const snapshot = snapshotOf(
    apiProxy('cart').at('/cart').mock('answers'),
    apiProxy('gone').at('/gone').service('gone', 80),
    apiProxy('keyed')
      .at('/keyed')
      .labels([{ name: 'stage', header: 'x-stage' }], 80),
    mockTarget('answers')
      .route('/', 200, 'ok')
      .route('/post', 201, 'made', { methods: ['POST'] }),
    service('live').labelled({ stage: 'live' }).port(80),
  )
  const page = decisionPage({ current: () => snapshot, mask: MASK, maxHeaderCount: 10 })
  await serve([...exchangePages(recorder), page])
})

async function serve(routes: readonly AdminRoute[]): Promise<void> {
  server = new AdminServer({ name: 'profiling', log: new LogLines(), routes })
  const listening = await server.listen({ option: 'profiling.insecure_port', port: 0, address: '127.0.0.1' })
  if ('problem' in listening) throw new Error(listening.problem)
  port = listening.port
}

afterEach(() => server.close())

function keep(traceId: string, record: ExchangeRecord, spanId = '00f067aa0ba902b7'): void {
  recorder.keep(Object.assign(record, { traceId, spanId }), MASK)
}

async function ask(path: string, body?: unknown) {
  const response = await httpRequest(
    port,
    body === undefined ? 'GET' : 'POST',
    path,
    body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) },
  )
  return { status: response.status, json: JSON.parse(response.text) }
}

describe('/debug/exchanges', () => {
  beforeEach(() => {
    keep(traceOf('1'), exchangeRecord())
    keep(traceOf('2'), failedRecord('connection_refused'))
    keep(traceOf('3'), failedRecord('service_missing', { route: bareRoute({ apiproxy: 'other' }) }))
    keep(
      traceOf('4'),
      exchangeRecord({ outcome: 'rejected', status: 400, rejection: rejectionOf('host_missing') }),
    )
    keep(traceOf('5'), exchangeRecord({ outcome: 'client_closed', status: 0 }))
  })

  const found = async (query: string): Promise<string[]> => {
    const { json } = await ask(`/debug/exchanges${query}`)
    return json.exchanges.map((each: { trace_id: string }) => each.trace_id.slice(0, 1))
  }

  test('lists the newest first', async () => {
    expect(await found('')).toEqual(['5', '4', '3', '2', '1'])
  })

  test.each([
    ['?code=08', '2'],
    ['?code=8', '2'],
    ['?reason=service_missing', '3'],
    ['?reason=host_missing', '4'],
    ['?outcome=client_closed', '5'],
    ['?outcome=error', '32'],
    ['?apiproxy=application/other', '3'],
    ['?apiproxy=application/example&outcome=error', '2'],
    ['?since=10m', '54321'],
    ['?since=2100-01-01T00:00:00Z', ''],
    ['?limit=2', '54'],
  ])('filters by %s', async (query, expected) => {
    expect((await found(query)).join('')).toBe(expected)
  })

  test('says how many there are beyond the limit', async () => {
    expect((await ask('/debug/exchanges?limit=1')).json).toMatchObject({ total: 5, shown: 1 })
  })

  test.each(['?since=yesterday', '?outcome=bad', '?limit=0', '?kind=x', '?code=1&code=2'])(
    'refuses %s rather than ignore it',
    async (query) => {
      expect((await ask(`/debug/exchanges${query}`)).status).toBe(400)
    },
  )
})

describe('/debug/exchanges/<trace id>', () => {
  test('has all exchanges of the trace by server span id, with attempts and spans', async () => {
    const record = failedRecord('connection_refused', { rawHeaders: ['Cookie', 'a=s3cret', 'Accept', '*/*'] })
    record.attempt = attemptOf(record, { spanId: 'b7ad6b7169203331', headAt: 0, status: 0 })
    keep(traceOf('a'), exchangeRecord(), '1111111111111111')
    keep(traceOf('a'), record, '2222222222222222')
    const { status, json } = await ask(`/debug/exchanges/${traceOf('A')}`)
    expect(status).toBe(200)
    expect(Object.keys(json.exchanges)).toEqual(['1111111111111111', '2222222222222222'])
    expect(json.exchanges['2222222222222222']).toMatchObject({
      code: '08',
      blame: 'upstream',
      request: {
        query: 'key=omitted',
        headers: [
          ['Cookie', 'omitted'],
          ['Accept', '*/*'],
        ],
      },
      attempts: [{ endpoint: 'http://10.0.0.1:80', path: '/a', start_ms: 2, head_ms: null }],
      timing: { total_ms: 10, responded_ms: 8 },
      spans: [{ span_id: '2222222222222222', kind: 'server', children: [{ span_id: 'b7ad6b7169203331' }] }],
    })
    expect(json.exchanges['1111111111111111'].request).not.toHaveProperty('headers')
  })

  test('shows the newest of a trace that a client has put everything into', async () => {
    for (let index = 0; index < REPORTS_MAX + 10; index += 1) {
      keep(traceOf('b'), exchangeRecord(), String(index).padStart(16, '0'))
    }
    const { json } = await ask(`/debug/exchanges/${traceOf('b')}`)
    expect(json.total).toBe(REPORTS_MAX + 10)
    expect(Object.keys(json.exchanges).length).toBe(REPORTS_MAX)
    expect(Object.keys(json.exchanges).at(-1)).toBe(String(REPORTS_MAX + 9).padStart(16, '0'))
  })

  test('answers 404 for one that is not remembered, 400 for what is no trace id', async () => {
    expect(await ask(`/debug/exchanges/${traceOf('c')}`)).toMatchObject({
      status: 404,
      json: { error: 'trace_not_found' },
    })
    expect((await ask('/debug/exchanges/xyz')).status).toBe(400)
    expect((await ask(`/debug/exchanges/${traceOf('c')}/more`)).json.error).toBe('not_found')
    expect((await ask('/debug/exchanges/')).json.error).toBe('not_found')
  })
})

describe('/debug/explain', () => {
  const explain = (request: string, ...headers: readonly (readonly [string, string])[]) =>
    ask('/debug/explain', { request, headers })

  test.each([
    ['GET https://shop.example/cart/1?a=b', { outcome: 'ok', status: 200, target: 'mock' }],
    ['/cart', { outcome: 'ok', status: 200, request: { method: 'GET', host: 'localhost' } }],
    ['post http://a/cart/post', { outcome: 'ok', status: 201 }],
    ['GET /nowhere', { outcome: 'error', code: '00', reason: 'no_path_matched' }],
    ['GET /gone', { code: '10', cause: { field: 'spec.target.backend.service.name' } }],
    ['GET /keyed', { code: '10', reason: 'service_label_header_absent', blame: 'client', cause: null }],
    ['TRACE /cart', { outcome: 'rejected', reason: 'method_not_allowed', status: 405, code: null }],
    ['GET /cart/../etc', { outcome: 'rejected', reason: 'path_traversal' }],
    ['GET http://a/cart#x', { outcome: 'rejected', reason: 'target_invalid' }],
    ['GET http://a_b,c/cart', { outcome: 'rejected', reason: 'host_invalid' }],
  ])('decides on %s as the listener would', async (request, expected) => {
    const { status, json } = await explain(request)
    expect(status).toBe(200)
    expect(json).toMatchObject({ trace_id: null, ...expected })
  })

  test('takes the headers into account, host among them', async () => {
    const { json } = await explain('GET /keyed', ['X-Stage', 'live'], ['Host', 'Shop.Example:81'])
    expect(json.steps.at(-1).note).toBe(
      'it would be sent to http://live.default.svc.cluster.local:80/; nothing was sent',
    )
    expect(json).toMatchObject({
      outcome: 'ok',
      target: 'dynamic',
      request: { host: 'shop.example', port: 81 },
    })
  })

  test('masks the values of the query', async () => {
    expect((await explain('GET /cart?token=s3cret')).json.request.query).toBe('token=omitted')
  })

  test.each([
    'no json',
    { request: 7 },
    { request: 'GET' },
    { request: 'GET shop.example/cart' },
    { request: 'GET /a b' },
    { request: '/a', headers: { a: 'b' } },
    { request: '/a', headers: [['a b', 'c']] },
    { request: '/a', headers: [['a', 'c\r\nd']] },
    { request: `/${'x'.repeat(20_000)}` },
  ])('refuses %j', async (body) => {
    expect(await ask('/debug/explain', body)).toMatchObject({ status: 400, json: { error: 'bad_request' } })
  })
})
