// Keys and certificates of the demo, made at each start: none is kept in the repository.

import { generateKeyPairSync } from 'node:crypto'
import { encryptKey } from '../../../src/plugins/apikey/key-cipher.ts'
import { createAuthority, createSelfSigned } from '../../../test/support/certificates.ts'

export interface DemoSecrets {
  /** YAML of the Secrets that the manifests name. */
  readonly manifests: string
  readonly server: { readonly cert: string; readonly key: string }
  readonly ca: string
  /** PEM of the private key with which the gateway decrypts api keys. */
  readonly apiKeyPrivateKey: string
}

/** The clear key of the ApiKey `partner`. */
const DEMO_KEY = 'demoPartnerKey'

/** A private CA with a server and a client certificate, and a pair that does not fit. */
export function generatedSecrets(): DemoSecrets {
  const authority = createAuthority('Kanali demo CA')
  const server = authority.server()
  const client = authority.client({ commonName: 'kanali-demo-client' })
  const other = createSelfSigned()
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    manifests: [
      '# Written by `npm start`: keys of this run only. Edits here are lost at the next start.',
      secret('upstream-tls', client.certificate, client.key, authority.certificate),
      secret('mismatched-pair', client.certificate, other.key, authority.certificate),
      apiKey('partner', encryptKey(DEMO_KEY, publicKey)),
    ].join('\n'),
    server: { cert: server.certificate, key: server.key },
    ca: authority.certificate,
    apiKeyPrivateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  }
}

function apiKey(name: string, data: string): string {
  return `---
apiVersion: kanali.io/v2
kind: ApiKey
metadata: { name: ${name} }
spec: { revisions: [{ data: ${data}, status: Active }] }`
}

function secret(name: string, cert: string, key: string, ca: string): string {
  const data = Object.entries({ 'tls.crt': cert, 'tls.key': key, 'tls.ca': ca })
    .map(([field, pem]) => `  ${field}: ${Buffer.from(pem).toString('base64')}`)
    .join('\n')
  return `---
apiVersion: v1
kind: Secret
metadata:
  name: ${name}
  namespace: demo
  annotations: { kanali.io/enabled: 'true' }
data:
${data}`
}
