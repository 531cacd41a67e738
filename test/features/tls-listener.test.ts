// The HTTPS listener: a certificate by the name asked for, new files without a restart, clients' certificates where an
// authority is set, and rubbish instead of a handshake.

import { connect as connectTcp } from 'node:net'
import { once } from 'node:events'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAuthority } from '../support/certificates.ts'
import { freePort } from '../support/free-ports.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { connectHttp, httpRequest } from '../support/http-client.ts'
import { apiProxy, mockTarget, secret } from '../support/manifests.ts'
import { startUpstream } from '../support/upstream.ts'
import { answers } from '../support/upstream-scripts.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

const MANIFESTS = {
  'mock.yaml': [mockTarget('ok').route('/', 200, 'ok').build(), apiProxy('ok').at('/ok').mock('ok').build()],
}
const authority = createAuthority('Listener CA')
const clients = createAuthority('Client CA')

async function servedNames(port: number, servername: string): Promise<string> {
  await using connection = await connectHttp(port, { tls: { servername, ca: authority.certificate } })
  return (connection.socket as TLSSocket).getPeerCertificate().subjectaltname ?? ''
}

describe('an HTTPS listener', () => {
  let files: TempFolder
  let gateway: GatewayProcess
  let port = 0
  let metricsPort = 0

  beforeAll(async () => {
    files = await tempFolder('listener')
    port = await freePort()
    metricsPort = await freePort()
    const main = authority.server({ dns: ['main.example'] })
    const other = authority.server({ dns: ['other.example'] })
    await files.write('tls.crt', main.certificate)
    await files.write('tls.key', main.key)
    await files.write('sni/other.crt', other.certificate)
    await files.write('sni/other.key', other.key)
    gateway = await startGatewayProcess({
      manifests: MANIFESTS,
      flags: {
        'server.secure_port': port,
        'prometheus.secure_port': metricsPort,
        'prometheus.secure_bind_address': '127.0.0.1',
        'server.secure_bind_address': '127.0.0.1',
        'server.tls.cert_file': `${files.path}/tls.crt`,
        'server.tls.key_file': `${files.path}/tls.key`,
        'server.tls.sni_directory': `${files.path}/sni`,
      },
    })
  })

  afterAll(async () => {
    await gateway.stop()
    await files.remove()
  })

  test('answers requests as the plain one does', async () => {
    const tls = { servername: 'main.example', ca: authority.certificate }
    const response = await httpRequest(port, 'GET', '/ok', { tls })
    expect(response).toMatchObject({ status: 200, text: 'ok' })
    const [line] = await gateway.accessLines(
      (each) => each['trace_id'] === response.header('x-kanali-correlation-id'),
    )
    expect(line).toMatchObject({ status: 200, outcome: 'ok' })
  })

  test('serves the certificate of the name that is asked for, else its own', async () => {
    expect(await servedNames(port, 'other.example')).toContain('other.example')
    expect(await servedNames(port, 'main.example')).toContain('main.example')
  })

  test('is not hurt by what is no handshake, or by a client that leaves in the middle of one', async () => {
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x00\x05hello', '']) {
      const socket = connectTcp(port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.end(bytes, 'latin1')
      socket.resume()
      await once(socket, 'close')
    }
    expect(await servedNames(port, 'main.example')).toContain('main.example')
  })

  test('keeps the former certificate where a new file is broken, and says so; takes a good one without a restart', async () => {
    await files.write('tls.crt', 'no certificate')
    await gateway.logLine(({ msg }) => String(msg).includes('the former ones stay'))
    expect(await servedNames(port, 'main.example')).toContain('main.example')
    const renewed = authority.server({ dns: ['main.example', 'renewed.example'] })
    await files.write('tls.key', renewed.key)
    await files.write('tls.crt', renewed.certificate)
    await waitUntil(
      async () => (await servedNames(port, 'main.example')).includes('renewed.example'),
      'the new certificate',
    )
    await waitUntil(
      async () => (await servedNames(metricsPort, 'main.example')).includes('renewed.example'),
      'the new certificate on the metrics port',
    )
  })
})

describe('an HTTPS listener with an authority for clients', () => {
  let files: TempFolder
  let gateway: GatewayProcess
  let port = 0

  beforeAll(async () => {
    files = await tempFolder('mutual')
    port = await freePort()
    const main = authority.server({ dns: ['main.example'] })
    await files.write('tls.crt', main.certificate)
    await files.write('tls.key', main.key)
    await files.write('clients.crt', clients.certificate)
    gateway = await startGatewayProcess({
      manifests: MANIFESTS,
      flags: {
        'server.secure_port': port,
        'server.secure_bind_address': '127.0.0.1',
        'server.tls.cert_file': `${files.path}/tls.crt`,
        'server.tls.key_file': `${files.path}/tls.key`,
        'server.tls.ca_file': `${files.path}/clients.crt`,
      },
    })
  })

  afterAll(async () => {
    await gateway.stop()
    await files.remove()
  })

  const base = { servername: 'main.example', ca: authority.certificate }

  test('serves a client whose certificate it signed', async () => {
    const client = clients.client()
    const tls = { ...base, cert: client.certificate, key: client.key }
    expect((await httpRequest(port, 'GET', '/ok', { tls })).status).toBe(200)
  })

  test('serves no client without a certificate, or with one of a stranger', async () => {
    const stranger = createAuthority('Stranger').client()
    await expect(httpRequest(port, 'GET', '/ok', { tls: base })).rejects.toThrow()
    const tls = { ...base, cert: stranger.certificate, key: stranger.key }
    await expect(httpRequest(port, 'GET', '/ok', { tls })).rejects.toThrow()
  })
})

describe('an HTTPS upstream', () => {
  test('gets the client certificate of the Secret, under its own name, and the name check can be left out', async () => {
    const client = clients.client({ commonName: 'kanali' })
    const misnamed = authority.server({ dns: ['elsewhere.example'] })
    await using upstream = await startUpstream(answers(), {
      tls: { ...misnamed, ca: clients.certificate, requestCert: true },
      host: 'localhost',
    })
    const manifests = {
      'secure.yaml': [
        apiProxy('secure')
          .at('/secure')
          .toEndpoint(`https://localhost:${upstream.port}`)
          .ssl('identity')
          .build(),
        secret('identity')
          .enabled()
          .ca(authority.certificate)
          .cert(client.certificate)
          .key(client.key)
          .build(),
      ],
    }
    await using strict = await startGatewayProcess({ manifests })
    expect((await httpRequest(strict.port, 'GET', '/secure')).status).toBe(502)
    await using lenient = await startGatewayProcess({
      manifests,
      flags: { 'proxy.tls_common_name_validation': false },
    })
    expect((await httpRequest(lenient.port, 'GET', '/secure')).status).toBe(200)
    const peer = upstream.connections.at(-1)?.socket as TLSSocket
    expect(peer.getPeerCertificate().subject.CN).toBe('kanali')
  })
})
