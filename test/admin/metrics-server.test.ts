import { afterEach, expect, test } from 'vitest'
import type { AdminServer, AdminTls } from '../../src/admin/admin-server.ts'
import { Health } from '../../src/admin/health.ts'
import { createMetricsServer, type MetricsServerInputs } from '../../src/admin/metrics-server.ts'
import { bareSnapshot } from '../support/bare-snapshot.ts'
import { createAuthority } from '../support/certificates.ts'
import { type ConnectOptions, httpRequest } from '../support/http-client.ts'
import { LogLines } from '../support/log-lines.ts'

const PLACE = { option: 'prometheus.insecure_port', port: 0, address: '127.0.0.1' }

const open: AdminServer[] = []
let log = new LogLines()

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

let revision = 1
const health = new Health({
  current: () => bareSnapshot({ revision }),
  listening: () => true,
  draining: () => false,
  blocked: () => undefined,
  keys: () => ({ problem: undefined, drained: true }),
})
const metrics = {
  expose: (accept: string | undefined) => ({
    contentType: `text/plain; for=${accept ?? 'none'}`,
    pieces: piecesOf('up 1\n'),
  }),
}

async function* piecesOf(text: string): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from(text))
}

async function serve(
  inputs: Partial<MetricsServerInputs> = {},
): Promise<{ port: number; server: AdminServer }> {
  log = new LogLines()
  const server = createMetricsServer({ metrics, health, log, ...inputs })
  open.push(server)
  const listening = await server.listen(PLACE)
  if ('problem' in listening) throw new Error(listening.problem)
  return { port: listening.port, server }
}

function tlsOf({ certificate, key }: { certificate: string; key: string }): AdminTls {
  return { cert: Buffer.from(certificate), key: Buffer.from(key) }
}

function trusting(ca: string): ConnectOptions {
  return { tls: { ca, servername: 'localhost' } }
}

test('metrics come in the format that Accept asks for', async () => {
  const { port } = await serve()
  const response = await httpRequest(port, 'GET', '/metrics', {
    headers: { accept: 'application/openmetrics-text' },
  })
  expect(response.status).toBe(200)
  expect(response.header('content-type')).toBe('text/plain; for=application/openmetrics-text')
  expect(response.header('cache-control')).toBe('no-store')
  expect(response.text).toBe('up 1\n')
})

test('any Host is served: probes and scrapers come by any name', async () => {
  const { port } = await serve()
  const response = await httpRequest(port, 'GET', '/metrics', { headers: { host: 'kanali.monitoring.svc' } })
  expect(response.status).toBe(200)
})

test('metrics that cannot be made are a 500 and a log line', async () => {
  const pieces = async function* (): AsyncGenerator<Buffer> {
    yield await Promise.reject(new Error('no'))
  }
  const { port } = await serve({
    metrics: { expose: () => ({ contentType: 'text/plain', pieces: pieces() }) },
  })
  expect((await httpRequest(port, 'GET', '/metrics')).status).toBe(500)
  expect(log.lines).toMatchObject([{ level: 'error', fields: { server: 'metrics', page: '/metrics' } }])
})

test('the health pages answer 200 and 503 with revision, hash and reasons', async () => {
  const { port } = await serve()
  const ready = await httpRequest(port, 'GET', '/readyz')
  expect(ready.status).toBe(200)
  expect(JSON.parse(ready.text)).toEqual({
    ready: true,
    status: 'ok',
    revision: 1,
    hash: '0123456789abcdef',
    reasons: [],
  })
  revision = 0
  const unready = await httpRequest(port, 'GET', '/readyz')
  const alive = await httpRequest(port, 'GET', '/healthz')
  revision = 1
  expect(unready.status).toBe(503)
  expect(JSON.parse(unready.text)).toMatchObject({ ready: false, reasons: [{ reason: 'no_snapshot' }] })
  expect(alive.status).toBe(200)
})

test('no debug page is on this port', async () => {
  const { port } = await serve()
  expect((await httpRequest(port, 'GET', '/debug/snapshot')).status).toBe(404)
})

test('a port in use is told with the option that names it', async () => {
  const { port } = await serve()
  const second = createMetricsServer({ metrics, health, log })
  expect(await second.listen({ ...PLACE, port })).toEqual({
    problem: `prometheus.insecure_port ${port}: address already in use (127.0.0.1:${port})`,
  })
})

test('over TLS the same pages are served, and renewed certificates hold for new connections', async () => {
  const authority = createAuthority()
  const renewed = createAuthority('Second Authority')
  const { port, server } = await serve({ tls: tlsOf(authority.server()) })
  expect((await httpRequest(port, 'GET', '/metrics', trusting(authority.certificate))).status).toBe(200)
  server.renewTls(tlsOf(renewed.server()))
  expect((await httpRequest(port, 'GET', '/metrics', trusting(renewed.certificate))).status).toBe(200)
  await expect(httpRequest(port, 'GET', '/metrics', trusting(authority.certificate))).rejects.toThrow()
})

test('over TLS with an authority for clients, one without a certificate gets nothing', async () => {
  const authority = createAuthority()
  const ca = authority.certificate
  const { port } = await serve({ tls: { ...tlsOf(authority.server()), ca: Buffer.from(ca) } })
  const client = authority.client()
  const withCertificate = { ca, servername: 'localhost', cert: client.certificate, key: client.key }
  expect((await httpRequest(port, 'GET', '/metrics', { tls: withCertificate })).status).toBe(200)
  await expect(httpRequest(port, 'GET', '/metrics', trusting(ca))).rejects.toThrow()
})
