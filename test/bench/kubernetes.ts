// The path of an event against a real API server: from its acknowledged write to the first request that sees it, idle
// and while much else changes; from the start to readiness; what an ApiProxy costs in memory.

import { Agent, request } from 'node:http'
import { type ApiObject, type ApiServer, startApiServer } from '../support/api-server.ts'
import { shop, startClusterGateway, statusSeen } from '../support/cluster-gateway.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { waitUntil } from '../support/wait-until.ts'
import { findTool } from '../tools/find.ts'

const SIZES = [100, 1_000, 10_000]
const SAMPLES = 200
const CHANGES_A_SECOND = 50
const WRITES_AT_ONCE = 16

/** Prints a table; says why where the programs are missing. */
export async function benchKubernetes(): Promise<void> {
  const tools = ['kube-apiserver', 'etcd'].map((name) => findTool(name))
  const missing = tools.flatMap((tool) => ('missing' in tool ? [tool.missing] : []))
  if (missing.length > 0) return say(`left out: ${missing.join('; ')}`)
  const [apiserver = '', etcd = ''] = tools.flatMap((tool) => ('path' in tool ? [tool.path] : []))
  await using server = await startApiServer(apiserver, etcd)
  await server.createNamespace('shop')
  const rows = [
    '| ApiProxies | start to ready ms | RSS MiB | MiB per 1,000 more | idle p50 / p99 ms | at 50 changes a second p50 / p99 ms | requests while changing, wrong |',
    '|---:|---:|---:|---:|---:|---:|---:|',
  ]
  let known = 0
  let rssBefore = Number.NaN
  // The definitions first, by a gateway of its own.
  await (await startClusterGateway(server)).stop()
  for (const body of ['a', 'b']) await server.apply(shop.mockTarget(body, body))
  await server.apply(shop.apiProxy('probe', shop.mocked('a')))
  await server.apply(shop.apiProxy('stable', shop.mocked('a')))
  for (const size of SIZES) {
    await createProxies(server, known, size)
    const { readyMs, rss, idle, busy, changes, asked } = await measure(server, size)
    const perThousand = ((rss - rssBefore) / (size - known)) * 1_000
    rows.push(
      `| ${size} | ${readyMs.toFixed(0)} | ${rss.toFixed(0)} | ${Number.isNaN(perThousand) ? '' : perThousand.toFixed(1)} | ${percentiles(idle)} | ${percentiles(busy)} (${changes} changes) | ${asked.requests}, ${asked.wrong} |`,
    )
    known = size
    rssBefore = rss
    say(`${size} ApiProxies done`)
  }
  process.stdout.write(`\n${rows.join('\n')}\n`)
}

interface Measured {
  readonly readyMs: number
  /** MiB. */
  readonly rss: number
  readonly idle: readonly number[]
  readonly busy: readonly number[]
  readonly changes: number
  readonly asked: Asked
}

async function measure(server: ApiServer, size: number): Promise<Measured> {
  const from = performance.now()
  const gateway = await startClusterGateway(server, { readyTimeoutMs: 120_000 })
  const readyMs = performance.now() - from
  try {
    await untilStatusesAreWritten(server)
    const rss = Number(/^process_resident_memory_bytes (\S+)/m.exec(await gateway.metrics())?.[1]) / 1024 ** 2
    const idle = await propagation(server, gateway)
    const stop = new AbortController()
    const changing = change(server, size, stop.signal)
    const asking = askOthers(gateway, size, stop.signal)
    const busy = await propagation(server, gateway)
    stop.abort()
    const [changes, asked] = await Promise.all([changing, asking])
    return { readyMs, rss, idle, busy, changes, asked }
  } finally {
    await gateway.stop()
  }
}

/** Milliseconds from the answer to a write to the first request that sees what was written, sorted. */
async function propagation(server: ApiServer, gateway: GatewayProcess): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const took: number[] = []
  for (let sample = 0; sample < SAMPLES; sample++) {
    const body = sample % 2 === 0 ? 'b' : 'a'
    await server.request('PATCH', '/apis/kanali.io/v2/namespaces/shop/apiproxies/probe', {
      body: { spec: { target: { backend: { mock: { mockTargetName: body } } } } },
    })
    const from = performance.now()
    while ((await ask(agent, gateway.port, '/probe')) !== body);
    took.push(performance.now() - from)
  }
  agent.destroy()
  return took.sort((a, b) => a - b)
}

/** Changes other ApiProxies at a steady rate. */
async function change(server: ApiServer, size: number, signal: AbortSignal): Promise<number> {
  const from = performance.now()
  const pending = new Set<Promise<unknown>>()
  let changes = 0
  while (!signal.aborted) {
    const due = Math.floor(((performance.now() - from) / 1000) * CHANGES_A_SECOND)
    for (; changes < due; changes++) {
      const name = `proxy-${changes % size}`
      const backend = { mock: { mockTargetName: changes % 2 === 0 ? 'a' : 'b' } }
      const written = server.request('PATCH', `/apis/kanali.io/v2/namespaces/shop/apiproxies/${name}`, {
        body: { spec: { target: { backend } } },
      })
      pending.add(written)
      void written.finally(() => pending.delete(written))
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await Promise.all(pending)
  return changes
}

interface Asked {
  readonly requests: number
  readonly wrong: number
}

/** In turns a route that nobody changes, and any other: whichever of its two answers it has, it has one. */
async function askOthers(gateway: GatewayProcess, size: number, signal: AbortSignal): Promise<Asked> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let requests = 0
  let wrong = 0
  while (!signal.aborted) {
    requests += 2
    if ((await ask(agent, gateway.port, '/stable')) !== 'a') wrong += 1
    const any = Math.floor(Math.random() * size)
    if (!['a', 'b'].includes(await ask(agent, gateway.port, pathOfProxy(any)))) wrong += 1
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  agent.destroy()
  return { requests, wrong }
}

function ask(agent: Agent, port: number, path: string): Promise<string> {
  return new Promise((resolve) => {
    request({ agent, host: '127.0.0.1', port, path }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('end', () => resolve(text))
    })
      .on('error', (error) => resolve(error.message))
      .end()
  })
}

function pathOfProxy(at: number): string {
  return `/tenant-${at % 97}/proxy-${at}`
}

async function createProxies(server: ApiServer, from: number, to: number): Promise<void> {
  let next = from
  const write = async () => {
    while (next < to) {
      const at = next++
      await server.request('POST', '/apis/kanali.io/v2/namespaces/shop/apiproxies', {
        body: shop.apiProxy(`proxy-${at}`, shop.mocked('a'), { path: pathOfProxy(at) }),
      })
    }
  }
  await Promise.all(Array.from({ length: WRITES_AT_ONCE }, write))
}

/** A gateway that still writes is not idle. */
async function untilStatusesAreWritten(server: ApiServer): Promise<void> {
  await waitUntil(
    async () => {
      const { body } = await server.request('GET', '/apis/kanali.io/v2/namespaces/shop/apiproxies')
      const { items } = body as unknown as { items: ApiObject[] }
      return items.every((item) => statusSeen(item).conditions['Ready'] !== undefined)
    },
    'every status to be written',
    { timeoutMs: 300_000, everyMs: 1_000 },
  )
}

function percentiles(sorted: readonly number[]): string {
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)
  return `${at(0.5)} / ${at(0.99)}`
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
