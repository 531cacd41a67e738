// `npm run bench`: CPU microseconds a request of the gateway beside other proxies, in interleaved rounds, and sections
// that each measure one thing alone. Only ratios within one run mean anything.

import { parseArgs } from 'node:util'
import { tempFolder } from '../support/temp-folder.ts'
import { cpuNanoseconds } from './cpu-time.ts'
import { loadGenerator, runLoad } from './load.ts'
import { table, type Measurement, type Sample } from './measurement.ts'
import { PEERS, REFERENCE_PEER } from './peers.ts'
import { placement, type Placement } from './placement.ts'
import { named, startGatewayTarget, startPeer, startUntracedTarget, type Target } from './targets.ts'
import { startBenchUpstream } from './upstream.ts'

const GATEWAY = 'kanali'
const UNTRACED = 'kanali-untraced'
const TRANSPORTS = ['socket', 'undici'] as const
const PROXIES = [
  ...PEERS.map(({ name }) => name),
  ...TRANSPORTS.flatMap((transport) => [named(GATEWAY, transport), named(UNTRACED, transport)]),
]
/** What is measured beside the proxies, each loaded only where it is run. */
const SECTIONS: Readonly<Record<string, () => Promise<void>>> = {
  snapshot: async () => (await import('./snapshot.ts')).benchSnapshot(),
  keys: async () => (await import('./keys.ts')).benchKeys(),
  limits: async () => (await import('./limits.ts')).benchLimits(),
  recorder: async () => (await import('./recorder.ts')).benchRecorder(),
  spans: async () => (await import('./spans.ts')).benchSpans(),
  journal: async () => (await import('./journal.ts')).benchJournal(),
  kubernetes: async () => (await import('./kubernetes.ts')).benchKubernetes(),
  startup: async () => (await import('./startup.ts')).benchStartup(),
}
const NAMES = [...PROXIES, ...Object.keys(SECTIONS)]

const USAGE = `npm run bench -- [--rounds 3] [--seconds 4] [--warmup 2] [--routes 10000] [--only NAME,NAME]
names: ${NAMES.join(', ')}
`

interface Settings {
  readonly rounds: number
  readonly seconds: number
  readonly warmupSeconds: number
  readonly routes: number
  readonly only: readonly string[]
}

const settings = readSettings()
if (settings === undefined) {
  process.stderr.write(USAGE)
  process.exitCode = 2
} else {
  if (PROXIES.some((name) => settings.only.includes(name))) await benchProxies(settings)
  for (const [name, run] of Object.entries(SECTIONS)) if (settings.only.includes(name)) await run()
}

async function benchProxies({ rounds, seconds, warmupSeconds, routes, only }: Settings): Promise<void> {
  const where = placement()
  await using folder = await tempFolder('bench')
  const upstream = await startBenchUpstream(folder, where.others)
  say(`${rounds} rounds of ${seconds} s; ${where.said}; load: ${loadGenerator()}; upstream: ${upstream.said}`)
  say(
    `${GATEWAY}: ${routes} routes, 100 % of requests traced to an OTLP sink, metrics and access log on; others: none`,
  )
  const targets: Target[] = []
  try {
    await startTargets(targets, { upstreamPort: upstream.port, routes, only, where, folder })
    const samples = new Map<Target, Sample[]>(targets.map((target) => [target, []]))
    for (let round = 0; round <= rounds; round++) {
      const isWarmup = round === 0
      for (const target of targets) {
        const sample = await measure(target, isWarmup ? warmupSeconds : seconds, where)
        if (!isWarmup) samples.get(target)?.push(sample)
      }
      say(isWarmup ? 'warmed up' : `round ${round} of ${rounds} done`)
    }
    const measurements: Measurement[] = [...samples].map(([{ name }, all]) => ({ name, samples: all }))
    process.stdout.write(`\nreference: ${REFERENCE_PEER}\n${table(measurements, REFERENCE_PEER)}\n`)
    for (const target of targets) {
      const remark = await target.remark?.()
      if (remark !== undefined) process.stdout.write(`${target.name}: ${remark}\n`)
    }
  } finally {
    for (const target of targets) await target.stop()
    await upstream.process.stop()
  }
}

interface Setting {
  readonly upstreamPort: number
  readonly routes: number
  readonly only: readonly string[]
  readonly where: Placement
  readonly folder: Awaited<ReturnType<typeof tempFolder>>
}

/** Adds to `targets` as they start, so that what runs can be stopped when a later one fails. */
async function startTargets(targets: Target[], setting: Setting): Promise<void> {
  const { upstreamPort, routes, only, where, folder } = setting
  for (const peer of PEERS.filter(({ name }) => only.includes(name))) {
    const target = await startPeer(peer, upstreamPort, folder, where.proxy)
    if ('missing' in target) say(`left out: ${target.missing}`)
    else targets.push(target)
  }
  for (const transport of TRANSPORTS) {
    if (only.includes(named(UNTRACED, transport))) {
      targets.push(await startUntracedTarget(upstreamPort, routes, where, transport))
    }
    if (only.includes(named(GATEWAY, transport))) {
      targets.push(...(await startGatewayTarget(upstreamPort, routes, where, transport)))
    }
  }
}

async function measure(target: Target, seconds: number, where: Placement): Promise<Sample> {
  const before = cpuNanoseconds(target.pid)
  const load = await runLoad(target.port, target.path, seconds, where.others)
  const used = Number(cpuNanoseconds(target.pid) - before) / 1000
  return {
    cpuMicroseconds: used / Math.max(load.requests, 1),
    requestsPerSecond: load.requests / load.seconds,
    p50Ms: load.p50Ms,
    p99Ms: load.p99Ms,
    errors: load.errors,
  }
}

function readSettings(): Settings | undefined {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: 'string', default: '3' },
        seconds: { type: 'string', default: '4' },
        warmup: { type: 'string', default: '2' },
        routes: { type: 'string', default: '10000' },
        only: { type: 'string', default: NAMES.join(',') },
      },
    })
    const [rounds = 0, seconds = 0, warmupSeconds = 0, routes = 0] = [
      values.rounds,
      values.seconds,
      values.warmup,
      values.routes,
    ].map(Number)
    const only = values.only.split(',')
    const unknown = only.filter((name) => !NAMES.includes(name))
    const areCounts = [rounds, seconds, warmupSeconds, routes].every(
      (each) => Number.isInteger(each) && each > 0,
    )
    if (unknown.length > 0 || !areCounts) return undefined
    return { rounds, seconds, warmupSeconds, routes, only }
  } catch {
    return undefined
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
