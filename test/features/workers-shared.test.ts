// What the workers of a gateway share with their primary and with one another: limits on requests and connections that
// hold exactly over all of them, key sets that are fetched once, secrets, certificates, the level of the log, and outputs
// whose lines stay whole.

import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAuthority } from '../support/certificates.ts'
import { Exposition } from '../support/exposition.ts'
import { freePort } from '../support/free-ports.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { connectHttp, type HttpConnection, httpRequest, requestBytes } from '../support/http-client.ts'
import { Issuer, publishes } from '../support/issuer.ts'
import { apiProxy, mockTarget, secret } from '../support/manifests.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { tokenSigner } from '../support/token-signer.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { answerBytes, answers } from '../support/upstream-scripts.ts'
import { waitUntil } from '../support/wait-until.ts'

const REQUESTS = 8
const CONNECTIONS = 20
const ISSUER = 'https://issuer.example/'

const authority = createAuthority('Workers CA')
const first = tokenSigner('ES256', 'first')
const second = tokenSigner('ES256', 'second')
const gate = Promise.withResolvers<void>()

let files: TempFolder
let issuer: Issuer
let held: Upstream
let mutual: Upstream
let gateway: GatewayProcess
let securePort = 0

beforeAll(async () => {
  files = await tempFolder('workers')
  await writePair('first.example')
  issuer = await Issuer.start(publishes([first.jwk]))
  held = await startUpstream(async (connection) => {
    await connection.readRequest()
    await gate.promise
    await connection.write(answerBytes({ body: 'late' }))
  })
  const tls = { ...authority.server(), ca: authority.certificate, requestCert: true }
  mutual = await startUpstream(answers(), { tls })
  const client = authority.client()
  securePort = await freePort()
  gateway = await startGatewayProcess({
    manifests: {
      'all.yaml': [
        mockTarget('ok').route('/', 200, 'ok').build(),
        apiProxy('free').at('/free').mock('ok').build(),
        apiProxy('held').at('/held').toEndpoint(held.url).build(),
        apiProxy('token')
          .at('/token')
          .mock('ok')
          .plugin('jwt', { issuer: ISSUER, audience: '*', jwksURI: issuer.url })
          .build(),
        apiProxy('mutual').at('/mutual').toEndpoint(`https://127.0.0.1:${mutual.port}`).ssl('mine').build(),
        secret('mine').enabled().ca(authority.certificate).cert(client.certificate).key(client.key).build(),
      ],
    },
    flags: {
      'server.workers': 2,
      'server.max_requests': REQUESTS,
      'server.max_connections': CONNECTIONS,
      'server.secure_port': securePort,
      'server.secure_bind_address': '127.0.0.1',
      'server.tls.cert_file': `${files.path}/tls.crt`,
      'server.tls.key_file': `${files.path}/tls.key`,
    },
  })
})
afterAll(async () => {
  gate.resolve()
  await gateway?.stop()
  await Promise.all([held, mutual].map((upstream) => upstream?.stop()))
  await issuer?.[Symbol.asyncDispose]()
  await files?.remove()
})

async function writePair(name: string): Promise<void> {
  const { certificate, key } = authority.server({ dns: [name] })
  await files.write('tls.crt', certificate)
  await files.write('tls.key', key)
}

async function scrape(): Promise<Exposition> {
  return new Exposition(await gateway.metrics(), 'text/plain')
}

function untilNoConnection(): Promise<unknown> {
  return waitUntil(
    async () => (await scrape()).value('kanali_connections', { side: 'downstream' }) === 0,
    'no connection to be left',
  )
}

const connect = (count: number): Promise<HttpConnection[]> =>
  Promise.all(Array.from({ length: count }, () => connectHttp(gateway.port)))

const token = (signer: typeof first): string =>
  signer.token({ iss: ISSUER, exp: Math.floor(Date.now() / 1000) + 300 })

/** The first name in the certificate that one connection is shown. */
async function shownName(): Promise<string> {
  const tls = { servername: 'any.example', checkServerIdentity: () => undefined, ca: authority.certificate }
  await using connection = await connectHttp(securePort, { tls })
  const names = (connection.socket as TLSSocket).getPeerCertificate().subjectaltname ?? ''
  return names.split(',')[0] ?? ''
}

async function tokenStatuses(signer: typeof first, count: number): Promise<Set<number>> {
  const headers = { authorization: `Bearer ${token(signer)}` }
  const found = new Set<number>()
  for (let sent = 0; sent < count; sent++) {
    found.add((await httpRequest(gateway.port, 'GET', '/token', { headers })).status)
  }
  return found
}

describe('workers share', () => {
  test('the connections of server.max_connections, to the last one', async () => {
    await untilNoConnection()
    const connections = await connect(CONNECTIONS)
    for (const connection of connections) {
      expect((await connection.request('GET', '/free')).status).toBe(200)
    }
    for (let over = 0; over < 4; over++) {
      expect((await httpRequest(gateway.port, 'GET', '/free')).status).toBe(503)
    }
    await connections.pop()?.close()
    await waitUntil(
      async () => (await httpRequest(gateway.port, 'GET', '/free')).status === 200,
      'the place of who has left',
    )
    await Promise.all(connections.map((each) => each.close()))
  })

  test('the requests of server.max_requests, to the last one', async () => {
    await untilNoConnection()
    const connections = await connect(REQUESTS)
    for (const connection of connections) await connection.send(requestBytes('GET', '/held'))
    await held.request(REQUESTS - 1)
    for (let over = 0; over < 4; over++) {
      const { status } = await httpRequest(gateway.port, 'GET', '/free')
      expect(status).toBe(503)
    }
    const rejected = (await scrape()).value('kanali_rejected_total', { reason: 'overloaded_requests' })
    expect(rejected).toBe(4)
    gate.resolve()
    for (const connection of connections) {
      const { status, text } = await connection.response()
      expect([status, text]).toEqual([200, 'late'])
    }
    await Promise.all(connections.map((each) => each.close()))
  })

  test('key sets, which are fetched once for all of them', async () => {
    await untilNoConnection()
    expect(await tokenStatuses(first, 12)).toEqual(new Set([200]))
    expect(issuer.asked).toBe(1)
    expect(await tokenStatuses(second, 12)).toEqual(new Set([401]))
  })

  test('the bytes of a Secret, which an upstream asks for', async () => {
    const found = new Set<number>()
    for (let sent = 0; sent < 12; sent++) {
      found.add((await httpRequest(gateway.port, 'GET', '/mutual')).status)
    }
    expect(found).toEqual(new Set([200]))
    expect(mutual.connections.every(({ clientName }) => clientName !== undefined)).toBe(true)
  })

  test('the certificate files, which each reads again when they change', async () => {
    const names = async (): Promise<Set<string>> => {
      const found = new Set<string>()
      for (let sent = 0; sent < 12; sent++) found.add(await shownName())
      return found
    }
    expect(await names()).toEqual(new Set(['DNS:first.example']))
    await writePair('second.example')
    await waitUntil(async () => {
      const found = await names()
      return found.size === 1 && found.has('DNS:second.example')
    }, 'all workers to serve the new certificate')
  })

  test('the level of the log', async () => {
    const address = `http://127.0.0.1:${gateway.profilingPort}/debug/log-level`
    await fetch(address, { method: 'POST', body: '{"level":"error"}' })
    const before = gateway.log.length
    // Each worker says so at the level of a notice.
    await writePair('third.example')
    await waitUntil(async () => (await shownName()) === 'DNS:third.example', 'the new certificate')
    expect(gateway.log.slice(before).filter(({ level }) => level !== 'error')).toEqual([])
  })

  test('an output whose lines stay whole, however long they are', async () => {
    const count = 200
    const long = `/free/${'x'.repeat(7_000)}`
    let sent = 0
    const client = async (): Promise<void> => {
      await using connection = await connectHttp(gateway.port)
      while (sent < count) {
        sent += 1
        expect((await connection.request('GET', `${long}-${sent}`)).status).toBe(200)
      }
    }
    await Promise.all(Array.from({ length: REQUESTS - 2 }, client))
    const lines = await gateway.accessLines(({ path }) => String(path).startsWith('/free/xxx'), count)
    expect(lines).toHaveLength(count)
    expect(gateway.accessLog.filter((line) => 'text' in line)).toEqual([])
  })

  test('the page of a profile: that of a worker by its number', async () => {
    const address = `http://127.0.0.1:${gateway.profilingPort}/debug/profile?seconds=1`
    const [own, of2, of3] = await Promise.all(
      ['', '&worker=2', '&worker=3'].map((more) => fetch(address + more)),
    )
    expect([own?.status, of2?.status, of3?.status]).toEqual([200, 200, 400])
    expect(await of2?.json()).toHaveProperty('nodes')
  })
})
