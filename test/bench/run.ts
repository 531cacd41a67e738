// `npm run bench`: CPU microseconds a request of the gateway beside other proxies, in interleaved rounds, where that time
// goes (`--profile`), and sections that each measure one thing alone. Only ratios within one run mean anything.

import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { cpuNanoseconds } from './cpu-time.ts'
import { loadGenerator, runLoad } from './load.ts'
import { type Aim, aimsTable, type Measurement, type Sample, table } from './measurement.ts'
import { PEERS, REFERENCE_PEER } from './peers.ts'
import { loadAverage, placement, type Placement } from './placement.ts'
import { readSettings, type Settings } from './settings.ts'
import {
  type GatewaySetting,
  named,
  startGatewayTarget,
  startPeer,
  startUntracedTarget,
  type Target,
} from './targets.ts'
import { startBenchUpstream } from './upstream.ts'

const GATEWAY = 'kanali'
const UNTRACED = 'kanali-untraced'
/** No tracing, no access log, one route: what these cost is the difference to `kanali-untraced`. */
const BARE = 'kanali-bare'
/** `kanali-untraced` in two processes that serve and one that feeds them, all on the same core. */
const WORKERS = 'kanali-untraced-workers'
const TRANSPORTS = ['socket', 'undici'] as const
const PROXIES = [
  ...PEERS.map(({ name }) => name),
  BARE,
  WORKERS,
  ...TRANSPORTS.flatMap((transport) => [named(GATEWAY, transport), named(UNTRACED, transport)]),
]
/** What the gateway with everything on is to cost. */
const AIMS: readonly Aim[] = [
  { peer: 'caddy', aim: 0.45, stretch: 0.35 },
  { peer: 'nginx', aim: 3, stretch: 2.5 },
  { peer: 'traefik-traced', aim: 0.25, stretch: 0.2 },
  { peer: UNTRACED, aim: 1.2, stretch: 1.2 },
]
/** What is measured beside the proxies, each loaded only where it is run. */
const SECTIONS: Readonly<Record<string, (settings: Settings) => Promise<void>>> = {
  latency: async (settings) => (await import('./latency.ts')).benchLatency(settings),
  memory: async (settings) => (await import('./memory.ts')).benchMemory(settings),
  snapshot: async () => (await import('./snapshot.ts')).benchSnapshot(),
  ready: async () => (await import('./ready.ts')).benchReady(),
  keys: async () => (await import('./keys.ts')).benchKeys(),
  limits: async () => (await import('./limits.ts')).benchLimits(),
  recorder: async () => (await import('./recorder.ts')).benchRecorder(),
  spans: async () => (await import('./spans.ts')).benchSpans(),
  scrape: async () => (await import('./scrape.ts')).benchScrape(),
  accesslog: async () => (await import('./access-log.ts')).benchAccessLog(),
  journal: async () => (await import('./journal.ts')).benchJournal(),
  kubernetes: async () => (await import('./kubernetes.ts')).benchKubernetes(),
  startup: async () => (await import('./startup.ts')).benchStartup(),
}
const NAMES = [...PROXIES, ...Object.keys(SECTIONS)]

const USAGE = `npm run bench -- [--rounds 3] [--seconds 4] [--warmup 2] [--routes 10000] [--only NAME,NAME] [--markdown]
npm run bench -- --profile [--seconds 4] [--warmup 2] [--routes 10000] [--only ${GATEWAY}] [--markdown]
names: ${NAMES.join(', ')}
`

const settings = readSettings(process.argv.slice(2), NAMES, GATEWAY)
if (settings === undefined) {
  process.stderr.write(USAGE)
  process.exitCode = 2
} else {
  if (PROXIES.some((name) => settings.only.includes(name))) await benchProxies(settings)
  if (!settings.profile) {
    for (const [name, run] of Object.entries(SECTIONS)) if (settings.only.includes(name)) await run(settings)
  }
}

async function benchProxies(settings: Settings): Promise<void> {
  const { rounds, seconds, routes } = settings
  const where = placement()
  await using folder = await tempFolder('bench')
  const upstream = await startBenchUpstream(folder, where.others)
  const runs = settings.profile ? 'a profile' : `${rounds} rounds`
  say(`${runs} of ${seconds} s; ${where.said}; load: ${loadGenerator()}; upstream: ${upstream.said}`)
  say(
    `${GATEWAY}: ${routes} routes, 100 % of requests traced to an OTLP sink, metrics and access log on; traefik-traced: the same but for the routes; other peers: none`,
  )
  const targets: Target[] = []
  try {
    await startTargets(targets, settings, { upstreamPort: upstream.port, routes, where }, folder)
    if (settings.profile) {
      const { profileTarget } = await import('./profile.ts')
      for (const target of targets.filter(({ name }) => settings.only.includes(name))) {
        await profileTarget(target, settings, where)
      }
    } else {
      await compare(targets, settings, where)
    }
  } finally {
    for (const target of targets) await target.stop()
    await upstream.process.stop()
  }
}

async function compare(targets: readonly Target[], settings: Settings, where: Placement): Promise<void> {
  const { rounds, seconds, warmupSeconds, format } = settings
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
  process.stdout.write(`\nreference: ${REFERENCE_PEER}; ${loadAverage()}\n\n`)
  process.stdout.write(`${table(measurements, REFERENCE_PEER, format)}\n`)
  const aims = aimsTable(measurements, GATEWAY, AIMS, format)
  if (aims !== undefined) process.stdout.write(`${aims}\n`)
  for (const target of targets) {
    const remark = await target.remark?.()
    if (remark !== undefined) process.stdout.write(`${target.name}: ${remark}\n`)
  }
}

/** Adds to `targets` as they start, so that what runs can be stopped when a later one fails. */
async function startTargets(
  targets: Target[],
  { only }: Settings,
  setting: GatewaySetting,
  folder: TempFolder,
): Promise<void> {
  for (const peer of PEERS.filter(({ name }) => only.includes(name))) {
    const target = await startPeer(peer, setting.upstreamPort, folder, setting.where)
    if ('missing' in target) say(`left out: ${target.missing}`)
    else targets.push(target)
  }
  if (only.includes(BARE)) {
    const bare = { ...setting, routes: 1, flags: { 'process.access_log': false } }
    targets.push(await startUntracedTarget(BARE, bare))
  }
  if (only.includes(WORKERS)) {
    targets.push(await startUntracedTarget(WORKERS, { ...setting, flags: { 'server.workers': 2 } }))
  }
  for (const transport of TRANSPORTS) {
    const flags = { 'proxy.upstream_transport': transport }
    const untraced = named(UNTRACED, transport)
    if (only.includes(untraced)) {
      targets.push(await startUntracedTarget(untraced, { ...setting, flags }))
    }
    if (only.includes(named(GATEWAY, transport))) {
      targets.push(...(await startGatewayTarget(setting, transport)))
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

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
