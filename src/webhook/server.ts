// The HTTPS server of the admission webhook. It answers reviews and health, and nothing else; bodies are bounded, and
// whatever it cannot read gets a status of HTTP, on which the API server goes by its failure policy.

import { createServer, type Server, type ServerOptions } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../telemetry/log.ts'
import { type Known, review } from './review.ts'

export interface WebhookServerOptions {
  readonly tls: Pick<ServerOptions, 'cert' | 'key'>
  /** Undefined until the world is known. */
  readonly known: () => Known | undefined
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>
}

/** Two objects of the size that the API server takes, as JSON. */
const BODY_BYTES_MAX = 8 * 1024 * 1024
const REQUEST_TIMEOUT_MS = 10_000
/** An API server keeps a few; the port is open to whatever reaches the pod. */
const CONNECTIONS_MAX = 1_000
/** How often what is late is looked for. */
const LATE_EVERY_MS = 2_000

export function createWebhookServer(options: WebhookServerOptions): Server {
  const server = createServer(
    {
      ...options.tls,
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      handshakeTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: LATE_EVERY_MS,
    },
    (request, response) => void answer(request, response, options),
  )
  server.maxConnections = CONNECTIONS_MAX
  return server
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: WebhookServerOptions,
): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0]
  if (request.method === 'GET' && path === '/healthz') return send(response, 200, { status: 'ok' })
  if (request.method === 'GET' && path === '/readyz') {
    const known = options.known() !== undefined
    return send(response, known ? 200 : 503, { status: known ? 'ok' : 'failed', ready: known })
  }
  if (path !== '/validate')
    return send(response, 404, { message: 'there is /validate, /healthz and /readyz' })
  if (request.method !== 'POST') return send(response, 405, { message: 'an AdmissionReview comes by POST' })
  try {
    const body = await readBody(request)
    if (body === 'gone') return
    if (body === 'too long') {
      response.setHeader('connection', 'close')
      return send(response, 413, { message: `at most ${BODY_BYTES_MAX} bytes` })
    }
    const reviewed = review(JSON.parse(body.text), options.known())
    if (reviewed === undefined) return send(response, 400, { message: 'the body is no AdmissionReview' })
    if (!reviewed.allowed) options.log.info({ why: reviewed.status?.message }, 'an object was refused')
    send(response, 200, { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: reviewed })
  } catch (error) {
    if (error instanceof SyntaxError) return send(response, 400, { message: 'the body is no JSON' })
    options.log.error({ error: error instanceof Error ? error.stack : 'unknown' }, 'a review failed')
    send(response, 500, { message: 'the review failed' })
  }
}

/** `gone`: whoever sent it went away. What is too long is not read on, and its sender still gets the answer. */
function readBody(request: IncomingMessage): Promise<{ readonly text: string } | 'too long' | 'gone'> {
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    let bytes = 0
    request.on('data', (part: Buffer) => {
      bytes += part.length
      if (bytes <= BODY_BYTES_MAX) return void parts.push(part)
      request.pause()
      resolve('too long')
    })
    request.on('end', () => resolve({ text: Buffer.concat(parts).toString('utf8') }))
    request.on('error', () => resolve('gone'))
    request.on('close', () => resolve('gone'))
  })
}

function send(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent || response.destroyed) return
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}
