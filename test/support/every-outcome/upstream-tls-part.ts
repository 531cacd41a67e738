// Code 08 where TLS to the upstream fails: a real TLS server with a certificate made for each fault, or one that speaks
// something else where TLS was expected. The good one is reached at /secure.

import { createAuthority, createSelfSigned } from '../certificates.ts'
import { apiProxy, type Manifest, secret } from '../manifests.ts'
import { answers } from '../upstream-scripts.ts'
import { type Script, startUpstream, type Upstream, type UpstreamOptions } from '../upstream.ts'
import { get, nameOf, type Part } from './outcome.ts'
import type { Reason } from '../../../src/errors/catalogue.ts'

interface Faulty {
  readonly name: string
  readonly script?: Script
  readonly tls?: NonNullable<UpstreamOptions['tls']>
  readonly secretName?: string
}

const YESTERYEAR = new Date('2021-01-01T00:00:00Z')
/** The Secret `expiring` has a CA that ends then. */
const EXPIRES_IN_MS = 2 * 24 * 3600 * 1000
const PLAIN_HTTP = 'HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n'
/** A fatal alert handshake_failure (RFC 8446, section 6): nothing in common. */
const HANDSHAKE_FAILURE = '15030300020228'

export async function upstreamTlsPart(): Promise<Part> {
  const authority = createAuthority('Shop CA')
  const ca = { ca: authority.certificate }
  const server = (options = {}) => ({ tls: authority.server(options), secretName: 'shop-ca' })
  const reasons: Readonly<Partial<Record<Reason, Omit<Faulty, 'name'>>>> = {
    tls_certificate_untrusted: { tls: createSelfSigned({ ip: ['127.0.0.1'] }), secretName: 'shop-ca' },
    tls_certificate_expired: server({ notAfter: YESTERYEAR }),
    tls_certificate_name_mismatch: server({ dns: ['else.test'], ip: ['127.0.0.9'] }),
    tls_client_certificate_refused: {
      tls: { ...authority.server(), ...ca, requestCert: true },
      secretName: 'shop-ca',
    },
    tls_not_spoken: { script: speaksHttp },
    tls_handshake_failed: { script: answersTheHello },
  }
  const names = Object.keys(reasons) as Reason[]
  const all: Faulty[] = [
    { name: 'secure', ...server() },
    ...names.map((reason) => ({ name: nameOf(reason), ...reasons[reason] })),
  ]
  const upstreams: Upstream[] = []
  const manifests: Manifest[] = [secret('shop-ca').enabled().ca(authority.certificate).build()]
  for (const { name, script = answers(), tls, secretName } of all) {
    const upstream = await startUpstream(script, tls === undefined ? {} : { tls })
    upstreams.push(upstream)
    const proxy = apiProxy(name).at(`/${name}`).toEndpoint(`https://127.0.0.1:${upstream.port}`)
    manifests.push((secretName === undefined ? proxy : proxy.ssl(secretName)).build())
  }
  const soon = createAuthority('Old CA', { notAfter: new Date(Date.now() + EXPIRES_IN_MS) })
  manifests.push(secret('expiring').enabled().ca(soon.certificate).build())
  return {
    manifests,
    asks: Object.fromEntries(names.map((reason) => [reason, get(`/${nameOf(reason)}`)])),
    stop: async () => {
      for (const upstream of upstreams) await upstream.stop()
    },
  }
}

const speaksHttp: Script = async (connection) => {
  await connection.write(PLAIN_HTTP)
  connection.fin()
}

/** Waits for the client's first bytes, its hello, and answers them with the alert. */
const answersTheHello: Script = async (connection) => {
  await new Promise((resolve) => connection.socket.once('readable', resolve))
  await connection.write(Buffer.from(HANDSHAKE_FAILURE, 'hex'))
}
