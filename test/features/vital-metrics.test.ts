// What a scrape says of the process as a whole, on the real program: its version, whether it is ready, its sockets, where
// the time of requests went, and when certificates end.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { from, merge, Subject } from 'rxjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ResourceEvent } from '../../src/events/event.ts'
import { KINDS } from '../../src/resources/resource.ts'
import { createAuthority } from '../support/certificates.ts'
import { Exposition } from '../support/exposition.ts'
import { freePort } from '../support/free-ports.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { connectHttp, httpRequest, requestBytes } from '../support/http-client.ts'
import { startInProcessGateway } from '../support/in-process-gateway.ts'
import { apiProxy, mockTarget, resourceOf, secret } from '../support/manifests.ts'
import { observe, rise } from '../support/observed.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { answerBytes, answers } from '../support/upstream-scripts.ts'
import { waitUntil } from '../support/wait-until.ts'

const { version } = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../../package.json'), 'utf8'),
) as { version: string }

const SLOW_PLUGIN = `export const Plugin = {
  async onRequest() { await new Promise((resolve) => setTimeout(resolve, 5)) },
  onResponse() {},
}`

async function scrape(gateway: GatewayProcess): Promise<Exposition> {
  return new Exposition(await gateway.metrics(), 'text/plain')
}

/** Waits until the scrape has that value. */
async function untilValue(
  gateway: GatewayProcess,
  name: string,
  labels: Readonly<Record<string, string>>,
  expected: number | undefined,
): Promise<void> {
  let seen: number | undefined
  await waitUntil(
    async () => {
      seen = (await scrape(gateway)).value(name, labels)
      return seen === expected
    },
    () => `${name} ${JSON.stringify(labels)} to be ${expected}; it was ${seen}`,
  )
}

describe('a gateway', () => {
  let sink: OtlpSink
  let plugins: TempFolder
  let upstream: Upstream
  let gateway: GatewayProcess

  beforeAll(async () => {
    sink = await startOtlpSink()
    plugins = await tempFolder('plugins')
    await plugins.write('slow.mjs', SLOW_PLUGIN)
    upstream = await startUpstream(answers())
    gateway = await startGatewayProcess({
      manifests: {
        'routes.yaml': [
          mockTarget('ok').route('/', 200, 'ok').build(),
          apiProxy('ok').at('/ok').mock('ok').build(),
          apiProxy('up').at('/up').toEndpoint(upstream.url).plugin('slow').build(),
        ],
      },
      flags: { 'plugins.location': plugins.path },
      otlpUrl: sink.httpUrl,
    })
  })

  afterAll(async () => {
    await gateway.stop()
    await upstream.stop()
    await plugins.remove()
    await sink.stop()
  })

  test('tells its version', async () => {
    expect((await scrape(gateway)).value('kanali_build_info', { version })).toBe(1)
  })

  test('tells where the time of requests went, as their spans do', async () => {
    const observed = await observe(gateway, sink, () => httpRequest(gateway.port, 'GET', '/up'))
    const spent = (part: string) =>
      rise(observed, 'kanali_request_time_seconds_total', { namespace: 'default', apiproxy: 'up', part })
    for (const part of ['gateway', 'upstream', 'plugins']) {
      expect(spent(part)).toBeGreaterThan(0)
      const onSpan = Number(observed.server.attributes[`kanali.duration.${part}_ms`])
      expect(spent(part) * 1000).toBeCloseTo(onSpan, 2)
    }
    expect(spent('plugins')).toBeGreaterThan(0.004)
  })

  test('tells of requests that match nothing too, in one series a part', async () => {
    const observed = await observe(gateway, sink, () => httpRequest(gateway.port, 'GET', '/nowhere'))
    const labels = { namespace: '', apiproxy: '' }
    expect(
      rise(observed, 'kanali_request_time_seconds_total', { ...labels, part: 'gateway' }),
    ).toBeGreaterThan(0)
    expect(observed.after.samples('kanali_request_time_seconds_total', labels)).toHaveLength(3)
  })

  test('counts the sockets that are open, on both sides', async () => {
    const name = 'kanali_connections'
    await untilValue(gateway, name, { side: 'downstream' }, 0)
    const clients = [await connectHttp(gateway.port), await connectHttp(gateway.port)]
    for (const client of clients) expect((await client.request('GET', '/ok')).status).toBe(200)
    expect((await scrape(gateway)).value(name, { side: 'downstream' })).toBe(2)
    expect((await clients[0]?.request('GET', '/up'))?.status).toBe(200)
    expect((await scrape(gateway)).value(name, { side: 'upstream' })).toBe(1)
    for (const client of clients) await client.close()
    for (const { socket } of upstream.connections) socket.destroy()
    await untilValue(gateway, name, { side: 'downstream' }, 0)
    await untilValue(gateway, name, { side: 'upstream' }, 0)
  })
})

test('a gateway that drains is not ready, and says so on the metrics too', async () => {
  const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>()
  await using upstream = await startUpstream(async (connection) => {
    await connection.readRequest()
    await mayAnswer
    await connection.write(answerBytes())
  })
  await using gateway = await startGatewayProcess({
    manifests: { 'slow.yaml': apiProxy('slow').at('/slow').toEndpoint(upstream.url).build() },
  })
  await using client = await connectHttp(gateway.port)
  await client.send(requestBytes('GET', '/slow'))
  await upstream.request(0)
  expect((await scrape(gateway)).value('kanali_ready')).toBe(1)
  gateway.process.kill('SIGTERM')
  await waitUntil(async () => (await gateway.readiness()).status === 503, 'readiness is off')
  expect((await scrape(gateway)).value('kanali_ready')).toBe(0)
  answer()
  expect((await client.response()).status).toBe(200)
})

describe('a change of configuration', () => {
  const resource = resourceOf(apiProxy('ok').at('/ok').mock('ok'))
  const origin = { source: 'kubernetes', observedAt: 1 } as const
  const listed = KINDS.map(
    (kind): ResourceEvent => ({ source: 'kubernetes', observedAt: 1, type: 'listed', kind, resources: [] }),
  )

  test('tells when its snapshot became live; one that cannot be built is counted, and the last good one stays', async () => {
    await using sink = await startOtlpSink()
    const events = new Subject<ResourceEvent>()
    const startedAt = Date.now() / 1000
    await using gateway = await startInProcessGateway(sink, {}, { sources: [merge(from(listed), events)] })
    const value = async (name: string) => new Exposition(await gateway.metrics(), 'text/plain').value(name)
    const first = (await value('kanali_snapshot_published_timestamp_seconds')) ?? 0
    expect(first).toBeGreaterThanOrEqual(startedAt)
    expect(first).toBeLessThanOrEqual(Date.now() / 1000)
    expect(await value('kanali_snapshot_build_failures_total')).toBe(0)
    // No source gives such a record: it stands for a bug of the build.
    events.next({ ...origin, type: 'upserted', resource: { ...resource, plugins: undefined } as never })
    await waitUntil(async () => (await value('kanali_snapshot_build_failures_total')) === 1, 'the count')
    expect(await value('kanali_snapshot_revision')).toBe(1)
    expect(await value('kanali_snapshot_published_timestamp_seconds')).toBe(first)
    events.next({ ...origin, type: 'upserted', resource })
    await waitUntil(async () => (await value('kanali_snapshot_revision')) === 2, 'the next snapshot')
    expect(await value('kanali_snapshot_published_timestamp_seconds')).toBeGreaterThan(first)
  })
})

describe('the end of a certificate', () => {
  const NAME = 'kanali_certificate_not_after_timestamp_seconds'
  const authority = createAuthority('CA', { notAfter: new Date('2040-01-01T00:00:00Z') })
  const middle = authority.intermediate('Middle', { notAfter: new Date('2031-01-01T00:00:00Z') })
  const at = (time: string): number => Date.parse(time) / 1000
  let files: TempFolder
  let gateway: GatewayProcess

  beforeAll(async () => {
    files = await tempFolder('listener')
    const main = middle.server({ notAfter: new Date('2032-01-01T00:00:00Z') })
    const other = authority.server({ dns: ['other.example'], notAfter: new Date('2033-01-01T00:00:00Z') })
    await files.write('tls.crt', main.certificate + middle.certificate)
    await files.write('tls.key', main.key)
    await files.write('clients.crt', createAuthority('Old').certificate + authority.certificate)
    await files.write('sni/other.crt', other.certificate)
    await files.write('sni/other.key', other.key)
    const client = authority.client({ notAfter: new Date('2034-01-01T00:00:00Z') })
    gateway = await startGatewayProcess({
      manifests: {
        'identity.yaml': secret('identity')
          .enabled()
          .ca(authority.certificate)
          .cert(client.certificate)
          .key(client.key)
          .build(),
        'trust.yaml': secret('trust').inNamespace('shop').enabled().ca(authority.certificate).build(),
        'other.yaml': secret('not-ours').cert(client.certificate).key(client.key).build(),
      },
      flags: {
        'server.secure_port': await freePort(),
        'server.secure_bind_address': '127.0.0.1',
        'server.tls.cert_file': `${files.path}/tls.crt`,
        'server.tls.key_file': `${files.path}/tls.key`,
        'server.tls.ca_file': `${files.path}/clients.crt`,
        'server.tls.sni_directory': `${files.path}/sni`,
      },
    })
  })

  afterAll(async () => {
    await gateway.stop()
    await files.remove()
  })

  const seen = async (use: string): Promise<unknown[]> =>
    (await scrape(gateway))
      .samples(NAME, { use })
      .map(({ labels, value }) => [labels['namespace'], labels['name'], value])

  test('is told of every file that the listeners serve: the earliest of a chain, the last of authorities', async () => {
    expect(await seen('listener')).toEqual([
      ['', `${files.path}/sni/other.crt`, at('2033-01-01T00:00:00Z')],
      ['', `${files.path}/tls.crt`, at('2031-01-01T00:00:00Z')],
      ['', `${files.path}/clients.crt`, at('2099-12-31T23:59:59Z')],
    ])
  })

  test('is told once of a file that two options name', async () => {
    const folder = `${files.path}/sni`
    await using both = await startGatewayProcess({
      flags: {
        'server.secure_port': await freePort(),
        'server.secure_bind_address': '127.0.0.1',
        'server.tls.cert_file': `${folder}/other.crt`,
        'server.tls.key_file': `${folder}/other.key`,
        'server.tls.sni_directory': folder,
      },
    })
    // The parser throws where a series comes twice.
    expect((await scrape(both)).samples(NAME)).toHaveLength(1)
  })

  test('is told of every Secret that is released, and of no other', async () => {
    expect(new Set(await seen('upstream'))).toEqual(
      new Set([
        ['default', 'identity', at('2034-01-01T00:00:00Z')],
        ['shop', 'trust', at('2040-01-01T00:00:00Z')],
      ]),
    )
  })

  test('follows a file that is renewed, and stays where the new one is broken', async () => {
    const labels = { name: `${files.path}/tls.crt` }
    await files.write('tls.crt', 'no certificate')
    await gateway.logLine(({ msg }) => String(msg).includes('the former ones stay'))
    expect((await scrape(gateway)).value(NAME, labels)).toBe(at('2031-01-01T00:00:00Z'))
    const renewed = authority.server({ notAfter: new Date('2039-01-01T00:00:00Z') })
    await files.write('tls.key', renewed.key)
    await files.write('tls.crt', renewed.certificate)
    await untilValue(gateway, NAME, labels, at('2039-01-01T00:00:00Z'))
  })

  test('follows a Secret, and goes with it', async () => {
    const labels = { use: 'upstream', namespace: 'default', name: 'identity' }
    const renewed = authority.client({ notAfter: new Date('2035-01-01T00:00:00Z') })
    await gateway.write(
      'identity.yaml',
      secret('identity').enabled().cert(renewed.certificate).key(renewed.key).build(),
    )
    await untilValue(gateway, NAME, labels, at('2035-01-01T00:00:00Z'))
    await gateway.remove('identity.yaml')
    await untilValue(gateway, NAME, labels, undefined)
  })
})
