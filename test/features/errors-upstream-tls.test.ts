// Code 08 where TLS to the upstream fails, for each cause that can be told apart. Every upstream is a real TLS server
// with a certificate made for its fault, or one that speaks something else where TLS was expected.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthority, createSelfSigned } from '../support/certificates.ts'
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { apiProxy, secret, type Manifest } from '../support/manifests.ts'
import { observe } from '../support/observed.ts'
import { startOtlpSink, type OtlpSink } from '../support/otlp-sink.ts'
import { expectFailedAttempt } from '../support/upstream-failure.ts'
import { answers, speaksFirst } from '../support/upstream-scripts.ts'
import { startUpstream, type Script, type Upstream, type UpstreamOptions } from '../support/upstream.ts'

const trusted = createAuthority('Trusted')
const other = createAuthority('Other')
const YESTERYEAR = new Date('2021-01-01T00:00:00Z')
const FAR_AWAY = new Date('2098-01-01T00:00:00Z')

let sink: OtlpSink
let gateway: GatewayProcess
const upstreams = new Map<string, Upstream>()
const manifests: Manifest[] = []

/** An upstream and the ApiProxy of the same name that leads to it over https; no Secret: the system's trust. */
async function serve(name: string, script: Script, tls: UpstreamOptions['tls'], secretName?: string) {
  const upstream = await startUpstream(script, tls === undefined ? {} : { tls })
  upstreams.set(name, upstream)
  const proxy = apiProxy(name).at(`/${name}`).toEndpoint(`https://127.0.0.1:${upstream.port}`)
  manifests.push((secretName === undefined ? proxy : proxy.ssl(secretName)).build())
}

function makeSecrets(): Manifest[] {
  const stranger = other.client()
  return [
    secret('ca-only').enabled().ca(trusted.certificate).build(),
    secret('stranger').enabled().ca(trusted.certificate).cert(stranger.certificate).key(stranger.key).build(),
    secret('no-ca').enabled().cert(stranger.certificate).key(stranger.key).build(),
  ]
}

/** Waits for the client's first bytes, its hello, and answers them with these. */
function answersTheHello(hex: string): Script {
  return async (connection) => {
    await new Promise((resolve) => connection.socket.once('readable', resolve))
    if (hex === '') connection.fin()
    else await connection.write(Buffer.from(hex, 'hex'))
  }
}

beforeAll(async () => {
  const asksForClients = { ...trusted.server(), ca: trusted.certificate, requestCert: true }
  await serve('good', answers(), trusted.server(), 'ca-only')
  await serve('self-signed', answers(), createSelfSigned({ ip: ['127.0.0.1'] }))
  await serve('other-authority', answers(), other.server(), 'ca-only')
  await serve('secret-without-ca', answers(), trusted.server(), 'no-ca')
  await serve('for-clients-only', answers(), trusted.client({ ip: ['127.0.0.1'] }), 'ca-only')
  await serve('expired', answers(), trusted.server({ notAfter: YESTERYEAR }), 'ca-only')
  await serve('not-yet-valid', answers(), trusted.server({ notBefore: FAR_AWAY }), 'ca-only')
  await serve('misnamed', answers(), trusted.server({ dns: ['else.test'], ip: ['127.0.0.9'] }), 'ca-only')
  await serve('no-client-certificate', answers(), asksForClients, 'ca-only')
  await serve('strange-client-certificate', answers(), asksForClients, 'stranger')
  // A fatal alert unknown_ca (RFC 8446, section 6), as servers send it that do not know who signed a certificate.
  await serve('alert-unknown-ca', answersTheHello('15030300020230'), undefined, 'stranger')
  await serve('plain-http', speaksFirst('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n'), undefined)
  await serve('ssh', speaksFirst('SSH-2.0-OpenSSH_9.2p1\r\n'), undefined)
  // A fatal alert handshake_failure: nothing in common.
  await serve('nothing-in-common', answersTheHello('15030300020228'), undefined)
  await serve('hangs-up', answersTheHello(''), undefined)
  await serve('mute', () => undefined, undefined)
  sink = await startOtlpSink()
  gateway = await startGatewayProcess({
    otlpUrl: sink.httpUrl,
    flags: { 'proxy.connect_timeout': '1s', 'proxy.upstream_timeout': '20s' },
    manifests: { 'all.yaml': [...makeSecrets(), ...manifests] },
  })
})

afterAll(async () => {
  await gateway?.stop()
  for (const upstream of upstreams.values()) await upstream.stop()
  await sink?.stop()
})

const portOf = (name: string): number => upstreams.get(name)?.port ?? 0

async function expectTlsFailure(name: string, reason: Parameters<typeof expectFailedAttempt>[1]) {
  const observed = await observe(gateway, sink, () => httpRequest(gateway.port, 'GET', `/${name}`))
  expectFailedAttempt(observed, reason, { host: '127.0.0.1', port: portOf(name), scheme: 'https' })
}

describe('an upstream whose TLS fails explains itself', () => {
  it('by nothing at all where TLS is in order', async () => {
    const response = await httpRequest(gateway.port, 'GET', '/good')
    expect({ status: response.status, text: response.text }).toEqual({ status: 200, text: 'ok' })
  })

  it.each([
    ['is signed by itself', 'self-signed'],
    ['is of another authority than that of the Secret', 'other-authority'],
    ['is judged by a Secret that has no CA', 'secret-without-ca'],
    ['was issued for clients', 'for-clients-only'],
  ])('by tls_certificate_untrusted where the certificate %s', async (_, name) => {
    await expectTlsFailure(name, 'tls_certificate_untrusted')
  })

  it.each(['expired', 'not-yet-valid'])('by tls_certificate_expired where it is %s', async (name) => {
    await expectTlsFailure(name, 'tls_certificate_expired')
  })

  it('by tls_certificate_name_mismatch where the certificate names somebody else', async () => {
    await expectTlsFailure('misnamed', 'tls_certificate_name_mismatch')
  })

  it.each([
    ['asks for a client certificate and gets none', 'no-client-certificate'],
    ['does not know the authority of the one it gets', 'alert-unknown-ca'],
  ])('by tls_client_certificate_refused where the upstream %s', async (_, name) => {
    await expectTlsFailure(name, 'tls_client_certificate_refused')
  })

  it('by connection_closed_before_head where it refuses a client certificate without a word', async () => {
    await expectTlsFailure('strange-client-certificate', 'connection_closed_before_head')
    expect(upstreams.get('strange-client-certificate')?.requests).toEqual([])
  })

  it.each(['plain-http', 'ssh'])('by tls_not_spoken where the port speaks %s', async (name) => {
    await expectTlsFailure(name, 'tls_not_spoken')
  })

  it.each([
    ['has no version or cipher in common', 'nothing-in-common'],
    ['hangs up in the handshake', 'hangs-up'],
    ['accepts the connection and never answers the hello', 'mute'],
  ])('by tls_handshake_failed where the upstream %s', async (_, name) => {
    await expectTlsFailure(name, 'tls_handshake_failed')
  })

  it('never sends the request to an upstream that it does not trust', () => {
    const asked = [
      'self-signed',
      'other-authority',
      'secret-without-ca',
      'for-clients-only',
      'expired',
      'misnamed',
    ]
    for (const name of asked) expect(upstreams.get(name)?.requests, name).toEqual([])
  })
})
