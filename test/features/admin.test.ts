// The ports for operators, on the real program: metrics in both forms, health with reasons, debug pages, profiles, the
// level of the log; and who may not see them.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ERROR_FACTS } from '../../src/errors/catalogue.ts'
import { REJECTIONS } from '../../src/errors/rejections.ts'
import { Exposition } from '../support/exposition.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { apiProxy, mockTarget } from '../support/manifests.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import { waitUntil } from '../support/wait-until.ts'

const OPEN_METRICS = 'application/openmetrics-text'

let sink: OtlpSink
let gateway: GatewayProcess

beforeAll(async () => {
  sink = await startOtlpSink()
  gateway = await startGatewayProcess({
    manifests: {
      'mock.yaml': [
        mockTarget('ok').route('/', 200, 'ok').build(),
        apiProxy('ok').at('/ok').mock('ok').build(),
      ],
    },
    flags: { 'profiling.allowed_hosts': 'admin.example' },
    otlpUrl: sink.httpUrl,
  })
})

afterAll(async () => {
  await gateway.stop()
  await sink.stop()
})

async function metrics(accept: string): Promise<Exposition> {
  const response = await fetch(`http://127.0.0.1:${gateway.prometheusPort}/metrics`, { headers: { accept } })
  expect(response.headers.get('content-type')).toContain(accept)
  return new Exposition(await response.text(), accept)
}

function debug(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${gateway.profilingPort}${path}`, init)
}

describe('/metrics', () => {
  test('has every error and every rejection from the start, at 0, and the metrics of Node', async () => {
    const fresh = await metrics('text/plain')
    for (const { codeText: code, reason, blame } of ERROR_FACTS) {
      expect(fresh.value('kanali_errors_total', { code, reason, blame })).toBe(0)
    }
    for (const { reason } of REJECTIONS) expect(fresh.value('kanali_rejected_total', { reason })).toBe(0)
    expect(fresh.value('process_cpu_seconds_total')).toBeGreaterThan(0)
    expect(fresh.value('nodejs_heap_size_used_bytes')).toBeGreaterThan(0)
  })

  test('has series of a route from its first request until it is gone, and one for all that match nothing', async () => {
    await gateway.write('brief.yaml', apiProxy('brief').at('/brief').mock('ok').build())
    await waitUntil(
      async () => (await httpRequest(gateway.port, 'GET', '/brief')).status === 200,
      'the route answers',
    )
    const route = { namespace: 'default', apiproxy: 'brief' }
    await waitUntil(
      async () => (await metrics('text/plain')).samples('kanali_requests_total', route).length > 0,
      'its series',
    )
    for (const path of ['/a', '/b', '/c']) await httpRequest(gateway.port, 'GET', path)
    const unmatched = (await metrics('text/plain')).samples('kanali_requests_total', { code: '00' })
    expect(unmatched.map(({ labels }) => [labels['namespace'], labels['apiproxy']])).toEqual([['', '']])
    await gateway.remove('brief.yaml')
    await waitUntil(
      async () => (await metrics('text/plain')).samples('kanali_requests_total', route).length === 0,
      'its series are gone',
    )
  })

  test('has exemplars that name a trace, in OpenMetrics only', async () => {
    const response = await httpRequest(gateway.port, 'GET', '/ok')
    const traceId = response.header('x-kanali-correlation-id')
    const open = await metrics(OPEN_METRICS)
    const exemplars = open
      .samples('kanali_request_duration_seconds_bucket', { apiproxy: 'ok' })
      .flatMap(({ exemplar }) => exemplar ?? [])
    expect(exemplars.map(({ labels }) => labels['trace_id'])).toContain(traceId)
    // The parser throws where the text form has one.
    await metrics('text/plain')
  })

  test('counts unknown methods as one', async () => {
    await httpRequest(gateway.port, 'PURGE', '/ok')
    const { labels } =
      (await metrics('text/plain')).samples('kanali_requests_total', { method: '_OTHER' })[0] ?? {}
    expect(labels).toMatchObject({ apiproxy: 'ok', method: '_OTHER' })
  })
})

describe('health', () => {
  test('is told on both ports, with revision and reasons', async () => {
    for (const port of [gateway.prometheusPort, gateway.profilingPort]) {
      for (const page of ['/healthz', '/readyz']) {
        const response = await fetch(`http://127.0.0.1:${port}${page}`)
        expect(response.status).toBe(200)
        expect(response.headers.get('content-type')).toContain('application/json')
        expect(await response.json()).toMatchObject({
          status: 'ok',
          reasons: [],
          revision: expect.any(Number),
        })
      }
    }
  })
})

describe('debug pages', () => {
  test('name the same revision and hash as span, metric and log line', async () => {
    const response = await httpRequest(gateway.port, 'GET', '/ok')
    const traceId = response.header('x-kanali-correlation-id') ?? ''
    const [span] = await sink.trace(traceId)
    const [line] = await gateway.accessLines((each) => each['trace_id'] === traceId)
    const shown = (await (await debug('/debug/snapshot')).json()) as { revision: number; hash: string }
    expect(span?.attributes).toMatchObject({
      'kanali.snapshot.revision': shown.revision,
      'kanali.snapshot.hash': shown.hash,
    })
    expect(line?.['revision']).toBe(shown.revision)
    const scraped = await metrics('text/plain')
    expect(scraped.value('kanali_snapshot_revision')).toBe(shown.revision)
    expect(scraped.value('kanali_snapshot_info', { hash: shown.hash })).toBe(1)
  })

  test('show routes, conditions of what conflicts, and the events that led to a revision', async () => {
    await gateway.write('conflict.yaml', [
      apiProxy('winner').at('/same').mock('ok').created('2026-01-01').build(),
      apiProxy('loser').at('/same').mock('ok').created('2026-01-02').build(),
    ])
    const conflict = await waitUntil(async () => {
      const page = (await (await debug('/debug/snapshot?name=loser')).json()) as {
        conditions: { items: { status: string; reason: string; message: string }[] }
      }
      return page.conditions.items.find(
        ({ status, message }) => status === 'False' && message.includes('winner'),
      )
    }, 'the condition of the loser')
    expect(conflict.reason).toMatch(/Conflict/)
    await gateway.logLine(({ name, level }) => name === 'loser' && level === 'warn')
    const { events } = (await (await debug('/debug/events')).json()) as { events: object[] }
    expect(JSON.stringify(events[0])).toMatch(/winner|loser/)
    expect(events[0]).toMatchObject({
      revision: expect.any(Number),
      observedAt: expect.stringMatching(/^20/),
    })
  })

  test('are for nobody whom a foreign page sends: only known hosts are answered', async () => {
    const ask = (host: string) =>
      httpRequest(gateway.profilingPort, 'GET', '/debug/snapshot', { headers: { host } })
    expect((await ask('attacker.example')).status).toBe(403)
    expect((await ask('admin.example')).status).toBe(200)
    expect((await ask(`localhost:${gateway.profilingPort}`)).status).toBe(200)
  })

  test('are bound to the loopback address where nothing else is said', async () => {
    const line = await gateway.logLine(({ msg }) => msg === 'ready')
    expect(line['ports']).toMatchObject({ 'profiling.insecure_port': gateway.profilingPort })
    await expect(fetch(`http://127.0.0.2:${gateway.profilingPort}/healthz`)).rejects.toThrow('fetch failed')
  })
})

describe('profiles', () => {
  test('of the CPU are taken one at a time', async () => {
    const first = debug('/debug/profile?seconds=1')
    const second = await waitUntil(async () => {
      const response = await debug('/debug/profile?seconds=1')
      return response.status !== 200 && response
    }, 'a profile is being taken')
    expect([409, 429, 503]).toContain(second.status)
    const profile = (await (await first).json()) as { nodes: unknown[] }
    expect(profile.nodes.length).toBeGreaterThan(0)
  })

  test('of the heap hold secrets, and are refused unless an option allows them', async () => {
    expect((await debug('/debug/heap-snapshot', { method: 'POST' })).status).toBe(403)
    expect((await debug('/debug/heap-snapshot')).status).toBe(405)
  })
})

test('the level of the log changes at run time', async () => {
  const level = async () => ((await (await debug('/debug/log-level')).json()) as { level: string }).level
  expect(await level()).toBe('info')
  const changed = await debug('/debug/log-level', { method: 'POST', body: '{"level":"debug"}' })
  expect(changed.status).toBe(200)
  expect(await level()).toBe('debug')
  await gateway.logLine(({ msg }) => msg === 'The log level was changed')
  expect((await debug('/debug/log-level', { method: 'POST', body: '{"level":"loud"}' })).status).toBe(400)
})
