import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AdminServer } from '../../src/admin/admin-server.ts'
import { Health } from '../../src/admin/health.ts'
import { createProfilingServer, type ProfilingServerInputs } from '../../src/admin/profiling-server.ts'
import { DEFAULT_OPTIONS } from '../../src/config/options.ts'
import { FlightRecorder } from '../../src/explain/flight-recorder.ts'
import { maskOf } from '../../src/telemetry/masking.ts'
import { RecentEvents } from '../../src/events/recent-events.ts'
import { bareRoute, bareSnapshot, tableOf } from '../support/bare-snapshot.ts'
import { connectHttp, httpRequest, type RawResponse } from '../support/http-client.ts'
import { LogLines } from '../support/log-lines.ts'
import { waitUntil } from '../support/wait-until.ts'

let log: LogLines
let events: RecentEvents
const open: AdminServer[] = []

beforeEach(() => {
  log = new LogLines()
  events = new RecentEvents()
})

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

const routes = tableOf(['a', 'b', 'c'].map((apiproxy) => bareRoute({ apiproxy, path: `/${apiproxy}` })))
const current = () => bareSnapshot({ routes })

async function serve(
  set: Partial<ProfilingServerInputs> = {},
): Promise<{ port: number; server: AdminServer }> {
  const server = createProfilingServer({
    health: new Health({
      current,
      listening: () => true,
      keys: () => ({ problem: undefined, drained: true }),
      draining: () => false,
      blocked: () => undefined,
    }),
    log,
    events,
    exchanges: new FlightRecorder({ exchanges: 10, failedExchanges: 10 }),
    mask: maskOf(DEFAULT_OPTIONS),
    keys: { apiKeyHeader: 'apikey', digestOf: () => undefined },
    maxHeaderCount: 100,
    current,
    allowedHosts: [],
    heapSnapshotAllowed: false,
    ...set,
  })
  open.push(server)
  const listening = await server.listen({ option: 'profiling.insecure_port', port: 0, address: '127.0.0.1' })
  if ('problem' in listening) throw new Error(listening.problem)
  return { port: listening.port, server }
}

function json(response: RawResponse) {
  return JSON.parse(response.text)
}

describe('a web page that comes by a rebound name', () => {
  test.each(['/debug/snapshot', '/healthz', '/no-such-page'])('gets 403 on %s', async (path) => {
    const { port } = await serve()
    const response = await httpRequest(port, 'GET', path, { headers: { host: 'attacker.example' } })
    expect(response.status).toBe(403)
    expect(json(response).error).toBe('host_not_allowed')
    expect(json(response).message).toContain('profiling.allowed_hosts')
  })

  test('gets its page where an option allows the name', async () => {
    const { port } = await serve({ allowedHosts: ['admin.example'] })
    const response = await httpRequest(port, 'GET', '/debug/snapshot', {
      headers: { host: 'admin.example:80' },
    })
    expect(response.status).toBe(200)
  })

  test('cannot hide behind a second Host', async () => {
    const { port } = await serve()
    const headers = [
      ['host', 'localhost'],
      ['host', 'attacker.example'],
    ] as const
    expect((await httpRequest(port, 'GET', '/debug/snapshot', { headers })).status).toBe(400)
  })

  test('cannot post from another origin either', async () => {
    const { port } = await serve()
    const headers = { origin: 'https://attacker.example' }
    const body = '{"level":"error"}'
    const response = await httpRequest(port, 'POST', '/debug/log-level', { headers, body })
    expect(response.status).toBe(403)
    expect(json(response).error).toBe('cross_origin')
    expect(log.level).toBe('info')
  })
})

describe('/debug/snapshot', () => {
  test('shows revision, hash and routes', async () => {
    const { port } = await serve()
    const shown = json(await httpRequest(port, 'GET', '/debug/snapshot'))
    expect(shown).toMatchObject({ revision: 1, hash: '0123456789abcdef', routes: { total: 3, shown: 3 } })
  })

  test('filters, and says when the limit cut', async () => {
    const { port } = await serve()
    const one = json(
      await httpRequest(port, 'GET', '/debug/snapshot?name=b&namespace=application&kind=ApiProxy'),
    )
    expect(one.routes.items.map(({ apiproxy }: { apiproxy: string }) => apiproxy)).toEqual(['b'])
    const cut = json(await httpRequest(port, 'GET', '/debug/snapshot?limit=1'))
    expect(cut.cut).toContain('1 of 3 routes')
  })

  test.each(['limit=0', 'limit=10001', 'limit=x', 'kind=Pod', 'nmae=b', 'name=a&name=b'])(
    'refuses the query %s with a 400',
    async (query) => {
      const { port } = await serve()
      const response = await httpRequest(port, 'GET', `/debug/snapshot?${query}`)
      expect(response.status).toBe(400)
      expect(json(response).error).toBe('bad_query')
    },
  )
})

test('/debug/events shows what was recorded', async () => {
  events.add({ source: 'directory', observedAt: 0, type: 'listed', kind: 'Service', resources: [] }, 7)
  const { port } = await serve()
  expect(json(await httpRequest(port, 'GET', '/debug/events'))).toMatchObject({
    events: [{ type: 'listed', kind: 'Service', count: 0, revision: 7 }],
  })
})

describe('/debug/log-level', () => {
  test('is read and changed while the gateway runs, and the change is a log line', async () => {
    const { port } = await serve()
    expect(json(await httpRequest(port, 'GET', '/debug/log-level')).level).toBe('info')
    const response = await httpRequest(port, 'POST', '/debug/log-level', { body: '{"level":"debug"}' })
    expect(json(response).level).toBe('debug')
    expect(log.level).toBe('debug')
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { level_before: 'info', level_now: 'debug' } }])
  })

  test.each(['', 'debug', '{"level":"loud"}', '{"level":1}', '[]', 'null'])(
    'refuses the content %j and lists the levels',
    async (body) => {
      const { port } = await serve()
      const response = await httpRequest(port, 'POST', '/debug/log-level', { body })
      expect(response.status).toBe(400)
      expect(json(response).levels).toEqual(['debug', 'info', 'warn', 'error'])
      expect(log.level).toBe('info')
    },
  )
})

describe('/debug/profile', () => {
  test('gives a CPU profile with samples, and of two at the same time one is a 409', async () => {
    const { port } = await serve()
    const both = await Promise.all([1, 2].map(() => httpRequest(port, 'GET', '/debug/profile?seconds=1')))
    const [taken, refused] = both.sort((one, other) => one.status - other.status)
    expect([taken?.status, refused?.status]).toEqual([200, 409])
    const profile = JSON.parse(taken?.text ?? '')
    expect(profile.nodes.length).toBeGreaterThan(0)
    expect(profile.samples.length).toBeGreaterThan(0)
    expect(profile.endTime).toBeGreaterThan(profile.startTime)
    expect(taken?.header('content-disposition')).toContain('.cpuprofile')
  })

  test.each(['seconds=0', 'seconds=61', 'seconds=1.5', 'time=3'])('refuses %s with a 400', async (query) => {
    const { port } = await serve()
    expect((await httpRequest(port, 'GET', `/debug/profile?${query}`)).status).toBe(400)
  })

  test('ends when the client leaves: the next one is taken long before its time is over', async () => {
    const { port } = await serve()
    const profileOf = async (seconds: number) =>
      (await httpRequest(port, 'GET', `/debug/profile?seconds=${seconds}`)).status
    const leaving = await waitUntil(async () => {
      const connection = await connectHttp(port)
      await connection.send('GET /debug/profile?seconds=60 HTTP/1.1\r\nhost: localhost\r\n\r\n')
      if ((await profileOf(1)) === 409) return connection
      await connection.close()
      return false
    }, 'the long profile to run')
    await leaving.close()
    await waitUntil(async () => (await profileOf(1)) === 200, 'the long profile to end')
  })
})

describe('/debug/heap-snapshot', () => {
  test('is a 403 that names the option unless it is allowed, and then goes by POST only', async () => {
    const { port } = await serve()
    const response = await httpRequest(port, 'POST', '/debug/heap-snapshot')
    expect(response.status).toBe(403)
    expect(json(response).option).toBe('profiling.heap_snapshot')
    expect((await httpRequest(port, 'GET', '/debug/heap-snapshot')).status).toBe(405)
  })

  test('comes whole where allowed, and a client that leaves does not block the next one', async () => {
    const { port } = await serve({ heapSnapshotAllowed: true })
    const leaving = await connectHttp(port)
    await leaving.send('POST /debug/heap-snapshot HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n')
    if (leaving.socket.readableLength === 0) await once(leaving.socket, 'readable')
    await leaving.close()
    const response = await waitUntil(async () => {
      const next = await httpRequest(port, 'POST', '/debug/heap-snapshot')
      return next.status === 200 && next
    }, 'the next heap snapshot')
    expect(json(response).snapshot.node_count).toBeGreaterThan(0)
    expect(log.messages('error')).toEqual([])
  })
})
