// What the gateway with everything on needs of memory: at rest, for each connection that is kept, and over a million
// requests. The heap is measured after garbage collection, so that growth of it is a leak and not garbage.

import path from 'node:path'
import { RunningProcess } from '../support/running-process.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { Inspected } from './inspected.ts'
import { runLoad } from './load.ts'
import { loadAverage, placement, type Placement } from './placement.ts'
import { openFilesMax, processMemory } from './process-memory.ts'
import type { Settings } from './settings.ts'
import { rendered } from './tables.ts'
import { startTracedGateway, type TracedGateway } from './targets.ts'
import { startBenchUpstream } from './upstream.ts'

const CONNECTIONS = 10_000
/** Files of a process beside its connections to clients: to upstreams, listeners, watched folders. */
const OTHER_FILES = 1_000
const REQUESTS = [250_000, 500_000, 750_000, 1_000_000]
/** On a machine that does less than a thousand requests a second, the table says how far it came. */
const GROWTH_SECONDS_MAX = 600
const SLICE_SECONDS = 4
const PATH = '/bench'

interface Reading {
  readonly rss: number
  readonly own: number
  readonly heap: number
  /** Memory of V8 and Node beside the heap: buffers above all. */
  readonly external: number
}

interface Setting {
  readonly settings: Settings
  readonly upstreamPort: number
  readonly where: Placement
}

/** Prints three tables to standard output. */
export async function benchMemory(settings: Settings): Promise<void> {
  const where = placement()
  await using folder = await tempFolder('bench-memory')
  const upstream = await startBenchUpstream(folder, where.others)
  const setting = { settings, upstreamPort: upstream.port, where }
  try {
    process.stdout.write(
      `memory of the gateway with everything on, heap after garbage collection; ${loadAverage()}\n\n`,
    )
    await atRest(setting)
    await ofConnections(setting)
    await overRequests(setting)
  } finally {
    await upstream.process.stop()
  }
}

async function atRest(setting: Setting): Promise<void> {
  const { routes } = setting.settings
  const one = await restingWith(1, setting)
  const many = await restingWith(routes, setting)
  const row = (said: string, { rss, own, heap, external }: Reading): string[] => [
    said,
    mib(rss),
    mib(own),
    mib(heap),
    mib(external),
  ]
  const each = (name: keyof Reading): string =>
    ((many[name] - one[name]) / Math.max(routes - 1, 1)).toFixed(0)
  show(
    setting,
    ['at rest', 'RSS MiB', 'own MiB', 'heap MiB', 'external MiB'],
    [
      row('1 ApiProxy', one),
      row(`${routes} ApiProxies`, many),
      ['bytes for each ApiProxy', each('rss'), each('own'), each('heap'), each('external')],
    ],
  )
}

function restingWith(routes: number, setting: Setting): Promise<Reading> {
  return withGateway(setting, routes, async (gateway) => {
    // Taken before the inspector is woken, which needs some memory itself.
    const { rssBytes: rss, ownBytes: own } = processMemory(gateway.gateway.process.pid)
    return { ...(await reading(gateway)), rss, own }
  })
}

async function ofConnections(setting: Setting): Promise<void> {
  const flags = { 'server.max_connections': 2 * CONNECTIONS, 'server.idle_timeout': '30m' }
  await withGateway(
    setting,
    1,
    async (gateway) => {
      const count = Math.min(CONNECTIONS, openFilesMax(gateway.gateway.process.pid) - OTHER_FILES)
      await runLoad(gateway.gateway.port, PATH, setting.settings.warmupSeconds, setting.where.others)
      const before = await reading(gateway)
      const held = await hold(gateway, count, setting.where)
      const during = await reading(gateway)
      await held.process.stop()
      await gateway.gateway.process.until(
        async () => (await openConnections(gateway)) < 10,
        'they are closed',
      )
      const after = await reading(gateway)
      const each = (a: Reading, b: Reading, name: keyof Reading): string =>
        ((b[name] - a[name]) / Math.max(held.open, 1)).toFixed(0)
      const row = (said: string, a: Reading, b: Reading): string[] => [
        said,
        each(a, b, 'rss'),
        each(a, b, 'heap'),
        each(a, b, 'external'),
      ]
      show(
        setting,
        [`${held.open} idle connections`, 'RSS bytes each', 'heap bytes each', 'external bytes each'],
        [row('open, after one request each', before, during), row('once they are closed', before, after)],
      )
      if (held.failed > 0) process.stdout.write(`${held.failed} could not be opened\n\n`)
    },
    flags,
  )
}

async function overRequests(setting: Setting): Promise<void> {
  await withGateway(setting, setting.settings.routes, async (gateway) => {
    const load = (seconds: number): ReturnType<typeof runLoad> =>
      runLoad(gateway.gateway.port, PATH, seconds, setting.where.others)
    const { requests: warm } = await load(setting.settings.warmupSeconds)
    let [done, errors] = [0, 0]
    const first = await reading(gateway)
    const rows = [growthRow(`0, after ${warm} to warm up`, first, first, 0)]
    const startedAt = performance.now()
    for (const wanted of REQUESTS) {
      while (done < wanted && performance.now() - startedAt < GROWTH_SECONDS_MAX * 1000) {
        const result = await load(SLICE_SECONDS)
        done += result.requests
        errors += result.errors
      }
      rows.push(growthRow(String(done), first, await reading(gateway), done))
      process.stderr.write(`memory: ${done} requests\n`)
      if (done < wanted) break
    }
    const head = [
      'requests',
      'RSS MiB',
      'heap MiB',
      'external MiB',
      'RSS bytes/request',
      'heap bytes/request',
    ]
    show(setting, head, rows)
    process.stdout.write(`${errors} errors; ${await gateway.remark()}\n\n`)
  })
}

function growthRow(said: string, first: Reading, read: Reading, requests: number): string[] {
  const each = (name: keyof Reading): string =>
    requests === 0 ? '-' : ((read[name] - first[name]) / requests).toFixed(2)
  return [said, mib(read.rss), mib(read.heap), mib(read.external), each('rss'), each('heap')]
}

async function withGateway<T>(
  { upstreamPort, where }: Setting,
  routes: number,
  use: (gateway: TracedGateway) => Promise<T>,
  flags: Readonly<Record<string, string | number>> = {},
): Promise<T> {
  const gateway = await startTracedGateway({ upstreamPort, routes, where, flags })
  try {
    return await use(gateway)
  } finally {
    await gateway.stop()
  }
}

async function reading({ gateway, inspectPort }: TracedGateway): Promise<Reading> {
  const { pid } = gateway.process
  await using inspected = await Inspected.open(pid, inspectPort)
  const { heapUsed, external } = await inspected.memoryAfterGc()
  const { rssBytes, ownBytes } = processMemory(pid)
  return { rss: rssBytes, own: ownBytes, heap: heapUsed, external }
}

async function hold(
  { gateway }: TracedGateway,
  count: number,
  { others }: Placement,
): Promise<{ process: RunningProcess; open: number; failed: number }> {
  const script = path.join(import.meta.dirname, 'idle-connections.ts')
  const [file, ...args] = [...others, process.execPath, script, String(gateway.port), PATH, String(count)]
  const running = new RunningProcess(file, args)
  const line = await running.until(
    () => running.stdout.includes('\n') && running.stdout,
    `${count} connections are open`,
    { timeoutMs: 120_000 },
  )
  return { process: running, ...(JSON.parse(line) as { open: number; failed: number }) }
}

/** What the gateway itself says of open sockets of clients. */
async function openConnections({ gateway }: TracedGateway): Promise<number> {
  const found = /^kanali_connections\{side="downstream"\} (\d+)/m.exec(await gateway.metrics())
  if (found === null) throw new Error('the metric of open connections is not there')
  return Number(found[1])
}

function show({ settings }: Setting, head: string[], rows: readonly string[][]): void {
  process.stdout.write(`${rendered([head, ...rows], settings.format)}\n`)
}

function mib(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(1)
}
