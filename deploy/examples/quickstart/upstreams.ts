// The demo upstream: tells what it was asked, over HTTP and over TLS with client certificates; /never never answers.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { once } from 'node:events'
import type { TLSSocket } from 'node:tls'
import type { DemoSecrets } from './secrets.ts'

/** Listens on 3101 (HTTP) and 3102 (TLS) of the loopback address. */
export async function startUpstreams(secrets: DemoSecrets): Promise<{ close(): void }> {
  const plain = createServer(answer)
  const secure = createSecureServer({ ...secrets.server, ca: secrets.ca, requestCert: true }, answer)
  await listen(plain, 3101)
  await listen(secure, 3102)
  return {
    close: () => {
      for (const server of [plain, secure]) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
}

function answer(req: IncomingMessage, res: ServerResponse): void {
  if (req.url?.startsWith('/never') === true) return
  const peer = 'encrypted' in req.socket ? (req.socket as TLSSocket).getPeerCertificate() : undefined
  const seen = {
    upstream: 'demo',
    method: req.method,
    path: req.url,
    host: req.headers.host,
    forwardedFor: req.headers['x-forwarded-for'],
    traceparent: req.headers['traceparent'],
    ...(peer?.subject === undefined ? {} : { clientCertificate: peer.subject.CN }),
  }
  res.setHeader('content-type', 'application/json')
  res.end(`${JSON.stringify(seen, null, 2)}\n`)
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    process.stderr.write(`quickstart: the demo upstream needs port ${port}: ${why}\n`)
    process.exit(1)
  }
}
