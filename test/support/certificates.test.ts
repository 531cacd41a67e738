import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type ConnectionOptions, type TLSSocket, type TlsOptions } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { createAuthority, createSelfSigned } from './certificates.ts'

const authority = createAuthority('Root')

/** The client's end of a handshake on a real socket: what it thinks of the server, or the error that ended it. */
async function shake(
  server: TlsOptions,
  client: ConnectionOptions,
): Promise<{ seen: string; error: string }> {
  const listener = createServer(server)
  listener.on('tlsClientError', () => {})
  listener.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => {})
    const subject = socket.getPeerCertificate().subject as { CN?: string } | undefined
    socket.end(socket.authorized ? (subject?.CN ?? '') : 'nobody')
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const socket = connect({ port: (listener.address() as AddressInfo).port, host: '127.0.0.1', ...client })
  try {
    let seen = ''
    for await (const chunk of socket) seen += String(chunk)
    return { seen, error: '' }
  } catch (error) {
    return { seen: '', error: (error as NodeJS.ErrnoException).code ?? String(error) }
  } finally {
    socket.destroy()
    listener.close()
  }
}

describe('certificates for tests', () => {
  it('are signed by their authority, which is one', () => {
    const root = new X509Certificate(authority.certificate)
    const leaf = new X509Certificate(authority.server().certificate)
    expect([root.ca, leaf.ca]).toEqual([true, false])
    expect(root.subject).toBe('CN=Root')
    expect(leaf.checkIssued(root) && leaf.verify(root.publicKey)).toBe(true)
    expect(leaf.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
  })

  it('carry the names and times they are told to', () => {
    const { certificate } = authority.server({
      commonName: 'c',
      dns: ['a.test', '*.b.test'],
      ip: ['2001:db8::1:2'],
      notBefore: new Date('2001-02-03T04:05:06Z'),
      notAfter: new Date('2051-02-03T04:05:06Z'),
    })
    const leaf = new X509Certificate(certificate)
    expect(leaf.subject).toBe('CN=c')
    expect(leaf.subjectAltName).toBe('DNS:a.test, DNS:*.b.test, IP Address:2001:DB8:0:0:0:0:1:2')
    expect([leaf.validFromDate, leaf.validToDate].map((date) => date.toISOString())).toEqual([
      '2001-02-03T04:05:06.000Z',
      '2051-02-03T04:05:06.000Z',
    ])
  })

  it('are good for a handshake in which both sides show one', async () => {
    const server = authority.server()
    const client = authority.client({ commonName: 'me' })
    const result = await shake(
      { cert: server.certificate, key: server.key, ca: authority.certificate, requestCert: true },
      { cert: client.certificate, key: client.key, ca: authority.certificate, servername: 'localhost' },
    )
    expect(result).toEqual({ seen: 'me', error: '' })
  })

  it('are good for a handshake through an intermediate authority', async () => {
    const middle = authority.intermediate('Middle')
    const server = middle.server()
    const result = await shake(
      { cert: server.certificate + middle.certificate, key: server.key },
      { ca: authority.certificate },
    )
    expect(result).toEqual({ seen: 'nobody', error: '' })
  })

  it.each([
    ['expired', authority.server({ notAfter: new Date('2021-01-01T00:00:00Z') }), 'CERT_HAS_EXPIRED'],
    [
      'not yet valid',
      authority.server({ notBefore: new Date('2098-01-01T00:00:00Z') }),
      'CERT_NOT_YET_VALID',
    ],
    ['for another name', authority.server({ dns: ['a.test'], ip: [] }), 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['of another authority', createAuthority().server(), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['self-signed', createSelfSigned({ dns: ['localhost'] }), 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ["a client's", authority.client({ dns: ['localhost'], ip: ['127.0.0.1'] }), 'INVALID_PURPOSE'],
  ])('fail a handshake as they should when they are %s', async (_, server, code) => {
    const result = await shake({ cert: server.certificate, key: server.key }, { ca: authority.certificate })
    expect(result).toEqual({ seen: '', error: code })
  })
})
