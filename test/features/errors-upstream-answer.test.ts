// Code 08 where the upstream takes the connection and gives no good head of an answer: it closes, talks nonsense, or is
// silent too long. Every signal of the same request compared.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.ts'
import { connectHttp, httpRequest } from '../support/http-client.ts'
import { apiProxy, type Manifest } from '../support/manifests.ts'
import { observe } from '../support/observed.ts'
import { startOtlpSink, type OtlpSink } from '../support/otlp-sink.ts'
import { expectFailedAttempt } from '../support/upstream-failure.ts'
import {
  answers,
  cutsAfter,
  neverAnswers,
  readsOnlyTheHead,
  resets,
  stallsAfter,
} from '../support/upstream-scripts.ts'
import { TESTED_TRANSPORT } from '../support/upstream-transport.ts'
import { startUpstream, type Script, type Upstream } from '../support/upstream.ts'

const HEAD = 'HTTP/1.1 200 Said\r\ncontent-length: 2\r\n'
const UPLOAD_BYTES = 64 * 1024 * 1024

const SCRIPTS: Readonly<Record<string, Script>> = {
  'closed-fin': cutsAfter(0, 'fin'),
  'closed-reset': cutsAfter(0, 'reset'),
  'reset-at-once': resets('at once'),
  'head-cut': cutsAfter(20, 'fin'),
  'head-reset': cutsAfter(20, 'reset'),
  garbage: answers('I am no web server\r\n\r\n'),
  'two-lengths': answers(`${HEAD}content-length: 3\r\n\r\nok!`),
  gzip: answers('HTTP/1.1 200 Said\r\ntransfer-encoding: gzip\r\n\r\nok'),
  'gzip-chunked': answers(
    'HTTP/1.1 200 Said\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  ),
  'chunked-twice': answers(
    'HTTP/1.1 200 Said\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  ),
  'one-large-field': answers(`${HEAD}x-large: ${'x'.repeat(80_000)}\r\n\r\nok`),
  'many-fields': answers(`${HEAD}${'x-many: 0123456789\r\n'.repeat(5_000)}\r\nok`),
  continue: answers(`HTTP/1.1 100 Continue\r\n\r\n${HEAD}\r\nok`),
  switching: answers('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
}
/** Those that fail by a deadline stand behind a gateway with short ones. */
const SLOW_SCRIPTS: Readonly<Record<string, Script>> = {
  silent: neverAnswers(),
  'silent-in-head': stallsAfter(20),
  'takes-no-content': readsOnlyTheHead(),
}

let sink: OtlpSink
let gateway: GatewayProcess
let hasty: GatewayProcess
const upstreams = new Map<string, Upstream>()

async function serve(scripts: Readonly<Record<string, Script>>): Promise<Manifest[]> {
  const manifests: Manifest[] = []
  for (const [name, script] of Object.entries(scripts)) {
    const upstream = await startUpstream(script)
    upstreams.set(name, upstream)
    manifests.push(apiProxy(name).at(`/${name}`).toEndpoint(upstream.url).build())
  }
  return manifests
}

beforeAll(async () => {
  sink = await startOtlpSink()
  const otlpUrl = sink.httpUrl
  gateway = await startGatewayProcess({ otlpUrl, manifests: { 'all.yaml': await serve(SCRIPTS) } })
  hasty = await startGatewayProcess({
    otlpUrl,
    flags: { 'proxy.upstream_timeout': '1s' },
    manifests: { 'all.yaml': await serve(SLOW_SCRIPTS) },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await hasty?.stop()
  for (const upstream of upstreams.values()) await upstream.stop()
  await sink?.stop()
})

const at = (name: string) => ({ host: '127.0.0.1', port: upstreams.get(name)?.port ?? 0 })

async function expectFault(name: string, reason: Parameters<typeof expectFailedAttempt>[1], status?: number) {
  const observed = await observe(gateway, sink, () => httpRequest(gateway.port, 'GET', `/${name}`))
  expectFailedAttempt(observed, reason, { ...at(name), ...(status !== undefined && { status }) })
  return observed
}

describe('an upstream without a good answer explains itself', () => {
  it.each([
    ['hangs up instead of answering', 'closed-fin'],
    ['resets instead of answering', 'closed-reset'],
    ['resets each connection at once', 'reset-at-once'],
  ])('by connection_closed_before_head where it %s', async (_, name) => {
    await expectFault(name, 'connection_closed_before_head')
  })

  it.each([
    ['hangs up', 'head-cut'],
    ['resets', 'head-reset'],
  ])('by connection_closed_in_head where it %s in the middle of the head', async (_, name) => {
    await expectFault(name, 'connection_closed_in_head')
  })

  it.each(['garbage', 'two-lengths'])('by response_malformed where it sends %s', async (name) => {
    await expectFault(name, 'response_malformed')
  })

  it.each(['gzip', 'gzip-chunked', 'chunked-twice'])(
    'by response_unframeable where the coding is %s',
    async (name) => {
      const observed = await expectFault(name, 'response_unframeable', 200)
      expect(observed.line['upstream_ms']).toEqual(expect.any(Number))
    },
  )

  it.each(['one-large-field', 'many-fields'])(
    'by response_header_too_large where the head has %s',
    async (name) => {
      await expectFault(name, 'response_header_too_large')
    },
  )

  it.each(TESTED_TRANSPORT === 'undici' ? ['continue', 'switching'] : ['switching'])(
    'by unexpected_informational where it says %s and nobody asked',
    async (name) => {
      await expectFault(name, 'unexpected_informational')
    },
  )
})

describe('an upstream that is silent explains itself', () => {
  it.each([
    ['says nothing', 'silent'],
    ['stops in the middle of the head', 'silent-in-head'],
  ])('by response_head_timeout where it %s', async (_, name) => {
    const observed = await observe(hasty, sink, () => httpRequest(hasty.port, 'GET', `/${name}`))
    expectFailedAttempt(observed, 'response_head_timeout', at(name))
    expect(observed.line['upstream_ms']).toBeNull()
  })

  it('by request_send_timeout where it stops reading the content of the request', async () => {
    const name = 'takes-no-content'
    const observed = await observe(hasty, sink, async () => {
      await using client = await connectHttp(hasty.port)
      await client.send(`PUT /${name} HTTP/1.1\r\nhost: a\r\ncontent-length: ${UPLOAD_BYTES}\r\n\r\n`)
      // More than every buffer on the way holds, so that the gateway is stuck in the middle of it.
      void client.send(Buffer.alloc(UPLOAD_BYTES - 1))
      return await client.response({ method: 'PUT' })
    })
    expectFailedAttempt(observed, 'request_send_timeout', at(name))
  })
})
