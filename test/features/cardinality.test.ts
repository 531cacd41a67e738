// The bound on the number of series, on the real program: a scanner's traffic, statuses and methods without end, more
// certificates than there may be, and what a scrape then has. The bound is the registry's, as docs/telemetry.md says it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CERTIFICATE_SERIES_MAX } from '../../src/telemetry/certificate-metrics.ts'
import { METHODS } from '../../src/telemetry/method.ts'
import { createAuthority } from '../support/certificates.ts'
import { Exposition } from '../support/exposition.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { connectHttp, httpRequest } from '../support/http-client.ts'
import { apiProxy, mockTarget, secret } from '../support/manifests.ts'
import { telemetryRegistry } from '../support/registry/registry.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { answerBytes, answers } from '../support/upstream-scripts.ts'
import { waitUntil } from '../support/wait-until.ts'
import { seriesMost } from '../tools/series-table.ts'

const PROXIES = 30
/** Stands in everything that the scanner sends, and may stand nowhere on the page. */
const MARK = 'zqxscan'
const registry = telemetryRegistry()

let upstream: Upstream
let gateway: GatewayProcess

beforeAll(async () => {
  const statusOf = (target: string): number => Number(/\d+$/.exec(target)?.[0] ?? 200)
  upstream = await startUpstream(answers(({ target }) => answerBytes({ status: statusOf(target), body: '' })))
  gateway = await startGatewayProcess({
    manifests: {
      'mock.yaml': mockTarget('ok').route('/', 200, 'ok').build(),
      'proxies.yaml': Array.from({ length: PROXIES - 1 }, (_, index) =>
        apiProxy(`proxy-${index}`).at(`/proxy/${index}`).mock('ok').build(),
      ),
      'statuses.yaml': apiProxy('statuses').at('/statuses').toEndpoint(upstream.url).build(),
    },
  })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

async function scrape(accept = 'text/plain'): Promise<{ page: Exposition; text: string }> {
  const text = await gateway.metrics(accept)
  return { page: new Exposition(text, accept), text }
}

/** Series of the metrics that the gateway itself makes: Node's come and go with what the process does. */
function seriesOf({ families }: Exposition): number {
  return [...families]
    .filter(([name]) => name.startsWith('kanali_'))
    .reduce((sum, [, { samples }]) => sum + samples.length, 0)
}

function allSeries({ families }: Exposition): number {
  return [...families.values()].reduce((sum, { samples }) => sum + samples.length, 0)
}

/** Each metric for itself, and all of them together. */
function expectBounded(page: Exposition, apiProxies: number): void {
  for (const [name, { samples }] of page.families) {
    const most = registry.metrics.get(name)?.most ?? { perApiProxy: 0, fixed: 0 }
    expect([name, samples.length <= most.perApiProxy * (apiProxies + 1) + most.fixed]).toEqual([name, true])
  }
  expect(allSeries(page)).toBeLessThanOrEqual(seriesMost(registry, apiProxies))
}

/** Paths, methods, hosts, fields and queries that nobody has asked for before; and bytes that are no request. */
async function scan(round: string): Promise<void> {
  const methods = ['GET', 'POST', 'OPTIONS', 'QUERY', 'PROPFIND', 'PURGE', 'M-SEARCH', 'get', 'DEBUG']
  for (let index = 0; index < 180; index++) {
    const target = `/${MARK}-${round}/${index}/wp-admin/../%2e%2e/.env?${MARK}=${index}`
    const headers: [string, string][] = [
      ['host', `${MARK}-${index}.example`],
      ['user-agent', `${MARK}/${index}`],
      [`x-${MARK}-${index}`, `${index}`],
    ]
    const method = methods[index % methods.length] ?? 'GET'
    const { status } = await httpRequest(gateway.port, method, target, { headers })
    expect(status).toBeGreaterThanOrEqual(400)
  }
  for (const bytes of [
    `${MARK} ${MARK}\r\n\r\n`,
    `${MARK.toUpperCase()} / HTTP/1.1\r\nhost: ${MARK}\r\n\r\n`,
    `GET /${MARK} HTTP/9.9\r\n\r\n`,
    `GET /${MARK} HTTP/1.1\r\n\r\n`,
    `CONNECT ${MARK}:443 HTTP/1.1\r\nhost: ${MARK}\r\n\r\n`,
  ]) {
    await using broken = await connectHttp(gateway.port)
    await broken.send(bytes)
    await broken.ended()
  }
}

describe('the number of series', () => {
  test('does not grow with what a scanner asks for, and no label holds any of it', async () => {
    await scan('first')
    const before = await scrape()
    for (const round of ['second', 'third']) await scan(round)
    const after = await scrape()
    expect(seriesOf(after.page)).toBe(seriesOf(before.page))
    expect(after.page.value('kanali_requests_in_flight')).toBe(0)
    const unmatched = after.page.samples('kanali_requests_total', { apiproxy: '' })
    expect(unmatched.reduce((sum, { value }) => sum + value, 0)).toBeGreaterThan(540)
    expect(after.text.toLowerCase()).not.toContain(MARK)
    expect((await scrape('application/openmetrics-text')).text.toLowerCase()).not.toContain(MARK)
    expectBounded(after.page, 0)
  })

  test('grows by as many with each ApiProxy at its first request, and by none afterwards', async () => {
    const before = seriesOf((await scrape()).page)
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < PROXIES - 1; index++) {
        expect((await httpRequest(gateway.port, 'GET', `/proxy/${index}?${round}`)).status).toBe(200)
      }
    }
    const { page } = await scrape()
    // One combination of labels, two histograms of fourteen bounds, three parts of the time.
    expect(seriesOf(page) - before).toBe((PROXIES - 1) * (1 + 17 + 17 + 3))
    expectBounded(page, PROXIES - 1)
  })

  test('of an ApiProxy whose upstream gives every status to every method stays within its bound, and counts them all', async () => {
    const refused = new Set(['CONNECT', 'TRACE', '_OTHER'])
    const methods = [...METHODS.filter((method) => !refused.has(method)), 'PROPFIND', 'PURGE']
    let asked = 0
    for (const method of methods) {
      for (let status = 200; status < 600; status += 4) {
        asked++
        await httpRequest(gateway.port, method, `/statuses/${status}`)
      }
    }
    const { page } = await scrape()
    const samples = page.samples('kanali_requests_total', { apiproxy: 'statuses' })
    expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(asked)
    expect(samples.length).toBeGreaterThan(256)
    expect(samples.length).toBeLessThanOrEqual(389)
    expect(samples.map(({ labels }) => labels['status'])).toEqual(expect.arrayContaining(['2xx', '5xx']))
    expectBounded(page, PROXIES)
  })

  test('falls by the series of an ApiProxy that goes', async () => {
    const before = seriesOf((await scrape()).page)
    const own = (page: Exposition) =>
      [...page.families.values()]
        .flatMap(({ samples }) => samples)
        .filter(({ labels }) => labels['apiproxy'] === 'statuses')
    const had = own((await scrape()).page).length
    expect(had).toBeGreaterThan(256 + 37)
    await gateway.remove('statuses.yaml')
    await waitUntil(async () => own((await scrape()).page).length === 0, 'its series to go')
    expect(seriesOf((await scrape()).page)).toBe(before - had)
  })

  test('of certificates stays within its bound, and the one that ends first is named', async () => {
    const lasting = createAuthority('CA', { notAfter: new Date('2045-01-01T00:00:00Z') }).certificate
    const first = createAuthority('CA', { notAfter: new Date('2035-01-01T00:00:00Z') }).certificate
    const secrets = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) =>
        secret(`trust-${from + index}`)
          .enabled()
          .ca(lasting)
          .build(),
      )
    const name = 'kanali_certificate_not_after_timestamp_seconds'
    const samples = async () => (await scrape()).page.samples(name)
    await gateway.write('a.yaml', secrets(0, 500))
    await gateway.write('b.yaml', secrets(500, 500))
    await waitUntil(async () => (await samples()).length === CERTIFICATE_SERIES_MAX, 'a thousand series')
    await gateway.write('c.yaml', secret('zz-ends-first').enabled().ca(first).build())
    await waitUntil(
      async () => (await samples()).some(({ labels }) => labels['name'] === '_other'),
      'the rest',
    )
    const { page } = await scrape()
    expect(page.samples(name).length).toBeLessThanOrEqual(CERTIFICATE_SERIES_MAX)
    expect(page.value(name, { name: 'zz-ends-first' })).toBe(Date.UTC(2035, 0, 1) / 1000)
    expect(page.value(name, { name: '_other' })).toBe(Date.UTC(2045, 0, 1) / 1000)
    expectBounded(page, PROXIES)
  })
})
