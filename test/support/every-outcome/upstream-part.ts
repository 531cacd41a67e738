// Code 08 behind an established or refused connection: an upstream for each way in which one can fail, with an ApiProxy
// of its name. All of them are on loopback.

import { type DeafUpstream, startDeafUpstream } from '../deaf-upstream.ts'
import { freePort } from '../free-ports.ts'
import { connectHttp, type RawResponse } from '../http-client.ts'
import { apiProxy, endpointSlice, type Manifest, service } from '../manifests.ts'
import {
  answerBytes,
  answers,
  cutsAfter,
  neverAnswers,
  readsOnlyTheHead,
  stallsAfter,
} from '../upstream-scripts.ts'
import { type Script, startUpstream, type Upstream } from '../upstream.ts'
import { type Ask, get, nameOf, type Part } from './outcome.ts'
import type { Reason } from '../../../src/errors/catalogue.ts'

const HEAD = 'HTTP/1.1 200 Said\r\ncontent-length: 2\r\n'
const LONG = answerBytes({ body: 'abcdefghij'.repeat(10) })
const SHORT_OF_BODY = LONG.length - 60
/** More than every buffer on the way holds, so that the gateway is stuck in the middle of it. */
const UPLOAD_BYTES = 64 * 1024 * 1024

/** Says it, and hangs up: whoever asks without the gateway is not to wait for more. */
const answersOnce = (text: string): Script => cutsAfter(text.length, 'fin', Buffer.from(text))

const SCRIPTS = {
  connection_closed_before_head: cutsAfter(0, 'fin'),
  connection_closed_in_head: cutsAfter(20, 'fin'),
  connection_closed_in_body: cutsAfter(SHORT_OF_BODY, 'fin', LONG),
  response_malformed: answersOnce('I am no web server\r\n\r\n'),
  response_unframeable: answersOnce('HTTP/1.1 200 Said\r\ntransfer-encoding: gzip\r\n\r\nok'),
  response_header_too_large: answers(`${HEAD}x-large: ${'x'.repeat(80_000)}\r\n\r\nok`),
  response_head_timeout: neverAnswers(),
  response_body_timeout: stallsAfter(SHORT_OF_BODY, LONG),
  request_send_timeout: readsOnlyTheHead(),
  unexpected_informational: answersOnce(
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
  ),
} as const satisfies Partial<Record<Reason, Script>>

/** Timeouts of the gateway are to be a second. */
export async function upstreamPart(): Promise<Part> {
  const upstreams: Upstream[] = []
  const manifests: Manifest[] = []
  for (const [reason, script] of Object.entries(SCRIPTS) as [Reason, Script][]) {
    const upstream = await startUpstream(script)
    upstreams.push(upstream)
    manifests.push(proxyTo(reason, upstream.url))
  }
  const deaf = await startDeafUpstream()
  return {
    manifests: [...manifests, ...(await unreachable(deaf))],
    asks: {
      ...Object.fromEntries(
        Object.keys(SCRIPTS).map((reason) => [reason, get(`/${nameOf(reason as Reason)}`)]),
      ),
      connection_closed_in_body: get('/connection-closed-in-body', {}, untilCut),
      response_body_timeout: get('/response-body-timeout', {}, untilCut),
      request_send_timeout: { method: 'PUT', target: '/request-send-timeout', headers: [], send: upload },
      dns_error: get('/dns-error'),
      connection_refused: get('/connection-refused'),
      destination_unroutable: get('/destination-unroutable'),
      connection_timeout: get('/connection-timeout'),
      address_not_allowed: get('/address-not-allowed'),
      no_ready_endpoint: get('/no-ready-endpoint'),
    },
    // Upstreams that answer share a process with much else: on a busy machine they may need a second.
    flags: { 'proxy.connect_timeout': '1s', 'proxy.upstream_timeout': '2s' },
    stop: async () => {
      for (const upstream of upstreams) await upstream.stop()
      await deaf[Symbol.asyncDispose]()
    },
  }
}

const proxyTo = (reason: Reason, endpoint: string): Manifest =>
  apiProxy(nameOf(reason))
    .at(`/${nameOf(reason)}`)
    .toEndpoint(endpoint)
    .build()

async function unreachable(deaf: DeafUpstream): Promise<Manifest[]> {
  return [
    proxyTo('dns_error', 'http://nowhere.invalid:8080'),
    proxyTo('connection_refused', `http://127.0.0.1:${await freePort()}`),
    // The broadcast address of loopback: connect() fails at once, without a packet.
    proxyTo('destination_unroutable', 'http://127.255.255.255:8080'),
    proxyTo('connection_timeout', `http://127.0.0.1:${deaf.port}`),
    proxyTo('address_not_allowed', 'http://169.254.169.254:80'),
    service('idle').port(8080, 'http').build(),
    // An address of nobody (RFC 5737): it is not ready, so nobody is asked.
    endpointSlice('idle-1').of('idle').port(8080, 'http').endpoint('192.0.2.1', false).build(),
    apiProxy('no-ready-endpoint').at('/no-ready-endpoint').service('idle', 8080).build(),
  ]
}

/** Reads the answer as far as it comes, and the end of the connection behind it. */
async function untilCut(port: number, { method, target, headers }: Ask): Promise<RawResponse> {
  await using client = await connectHttp(port)
  const response = await client.request(method, target, { headers })
  await client.ended()
  return response
}

async function upload(port: number, { target }: Ask): Promise<RawResponse> {
  await using client = await connectHttp(port)
  await client.send(`PUT ${target} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${UPLOAD_BYTES}\r\n\r\n`)
  void client.send(Buffer.alloc(UPLOAD_BYTES - 1))
  return await client.response({ method: 'PUT' })
}
