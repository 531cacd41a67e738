// Code 08 after the head of the answer has gone to the client: the status cannot be taken back, so the connection is
// reset and every other signal tells the code and the reason.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Reason } from '../../src/errors/catalogue.ts'
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.ts'
import { connectHttp, type RawResponse } from '../support/http-client.ts'
import { apiProxy, type Manifest } from '../support/manifests.ts'
import { observe } from '../support/observed.ts'
import { startOtlpSink, type OtlpSink } from '../support/otlp-sink.ts'
import { expectCutAnswer } from '../support/upstream-failure.ts'
import { answerBytes, cutsAfter, stallsAfter } from '../support/upstream-scripts.ts'
import { startUpstream, type Script, type Upstream } from '../support/upstream.ts'

const BODY = 'abcdefghij'.repeat(10)
const byLength = answerBytes({ body: BODY })
const byChunks = answerBytes({ body: BODY, chunkSizes: [50, 50] })
const SHORT_OF_BODY = 60

const SCRIPTS: Readonly<Record<string, Script>> = {
  'length-fin': cutsAfter(byLength.length - SHORT_OF_BODY, 'fin', byLength),
  'length-reset': cutsAfter(byLength.length - SHORT_OF_BODY, 'reset', byLength),
  'chunks-fin': cutsAfter(byChunks.length - SHORT_OF_BODY, 'fin', byChunks),
  'chunks-reset': cutsAfter(byChunks.length - SHORT_OF_BODY, 'reset', byChunks),
  'last-chunk-missing': cutsAfter(byChunks.length - '0\r\n\r\n'.length, 'fin', byChunks),
  stalls: stallsAfter(byLength.length - SHORT_OF_BODY, byLength),
  'broken-chunk': async (connection) => {
    await connection.readRequest()
    await connection.write('HTTP/1.1 200 Said\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n')
  },
}

let sink: OtlpSink
let gateway: GatewayProcess
const upstreams = new Map<string, Upstream>()

beforeAll(async () => {
  const manifests: Manifest[] = []
  for (const [name, script] of Object.entries(SCRIPTS)) {
    const upstream = await startUpstream(script)
    upstreams.set(name, upstream)
    manifests.push(apiProxy(name).at(`/${name}`).toEndpoint(upstream.url).build())
  }
  sink = await startOtlpSink()
  gateway = await startGatewayProcess({
    otlpUrl: sink.httpUrl,
    flags: { 'proxy.upstream_timeout': '1s' },
    manifests: { 'all.yaml': manifests },
  })
})

afterAll(async () => {
  await gateway?.stop()
  for (const upstream of upstreams.values()) await upstream.stop()
  await sink?.stop()
})

/** The answer as far as it came, and how the connection ended after it. */
async function readToTheEnd(path: string): Promise<{ response: RawResponse; end: string }> {
  await using client = await connectHttp(gateway.port)
  const response = await client.request('GET', path)
  const { end } = await client.ended()
  return { response, end }
}

async function expectCut(name: string, reason: Reason): Promise<RawResponse> {
  const observed = await observe(
    gateway,
    sink,
    () => readToTheEnd(`/${name}`),
    (line) => line['path'] === `/${name}`,
  )
  expectCutAnswer(observed, reason, { host: '127.0.0.1', port: upstreams.get(name)?.port ?? 0, status: 200 })
  return observed.seen.response
}

describe('an answer that breaks off', () => {
  it.each(['length-fin', 'length-reset', 'chunks-fin', 'chunks-reset', 'last-chunk-missing'])(
    'is cut for the client too, and says connection_closed_in_body: %s',
    async (name) => {
      const response = await expectCut(name, 'connection_closed_in_body')
      expect(BODY.startsWith(response.text)).toBe(true)
    },
  )

  it('says response_body_timeout where the upstream stops sending', async () => {
    const response = await expectCut('stalls', 'response_body_timeout')
    expect(response.text).toBe(BODY.slice(0, BODY.length - SHORT_OF_BODY))
  })

  it('says response_malformed where the chunks become nonsense', async () => {
    await expectCut('broken-chunk', 'response_malformed')
  })
})
