// Latency at fixed rates below saturation, in interleaved rounds: 50 % and 80 % of what each target can do, and nginx
// and the upstream alone at the gateway's rates. The upstream alone shows what of a figure is not the proxy's, and the
// generator's own lag whether a figure can be trusted at all. With it, the pauses of the gateway meanwhile.

import path from 'node:path'
import { runToEnd } from '../support/running-process.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { findTool } from '../tools/find.ts'
import { Inspected } from './inspected.ts'
import { runLoad } from './load.ts'
import { type OpenLoopResult, trust } from './open-loop.ts'
import { observe, observed, type Observed, summaries } from './pauses.ts'
import { PEERS } from './peers.ts'
import { loadAverage, placement, type Placement } from './placement.ts'
import type { Settings } from './settings.ts'
import { median, rendered } from './tables.ts'
import { startGatewayTarget, startPeer, type Target } from './targets.ts'
import { startBenchUpstream } from './upstream.ts'

const GATEWAY = 'kanali'
/** Its latencies are also taken at the gateway's rates. */
const YARDSTICK = 'nginx'
const PEERS_SHOWN = new Set([YARDSTICK, 'caddy', 'traefik-traced'])
const UPSTREAM = 'upstream alone'
const SHARES = [0.5, 0.8]

interface Cell {
  readonly target: Target
  readonly perSecond: number
  /** Which rate it is, for the table. */
  readonly said: string
  readonly results: OpenLoopResult[]
}

/** Prints two tables to standard output: latencies, and pauses of the gateway. */
export async function benchLatency(settings: Settings): Promise<void> {
  const where = placement()
  await using folder = await tempFolder('bench-latency')
  const upstream = await startBenchUpstream(folder, where.others)
  const targets: Target[] = []
  try {
    for (const peer of PEERS.filter(({ name }) => PEERS_SHOWN.has(name))) {
      const target = await startPeer(peer, upstream.port, folder, where)
      if ('missing' in target) say(`left out: ${target.missing}`)
      else targets.push(target)
    }
    const setting = { upstreamPort: upstream.port, routes: settings.routes, where }
    targets.push(...(await startGatewayTarget(setting, 'socket')).filter(({ name }) => name === GATEWAY))
    const cells = await cellsOf(targets, settings, where)
    const alone = { name: UPSTREAM, port: upstream.port, pid: upstream.process.pid, path: '/' }
    cells.unshift(...atRatesOf(GATEWAY, cells, { ...alone, stop: () => Promise.resolve() }))
    const seen: Observed[] = []
    for (let round = 1; round <= settings.rounds; round++) {
      for (const cell of cells) await run(cell, { seconds: settings.seconds, seed: round, where, seen })
      say(`latency: round ${round} of ${settings.rounds} done`)
    }
    report(cells, seen, settings, where)
  } finally {
    for (const target of targets) await target.stop()
    await upstream.process.stop()
  }
}

/** What a target can do is the better of two runs of closed-loop load, so that an outlier sets no rate. */
async function cellsOf(
  targets: readonly Target[],
  { warmupSeconds }: Settings,
  { others }: Placement,
): Promise<Cell[]> {
  const cells: Cell[] = []
  for (const target of targets) {
    let most = 0
    for (let time = 0; time < 2; time++) {
      const load = await runLoad(target.port, target.path, warmupSeconds, others)
      most = Math.max(most, load.requests / load.seconds)
    }
    say(`latency: ${target.name} can do ${most.toFixed(0)} requests a second`)
    for (const share of SHARES) {
      cells.push({ target, perSecond: Math.round(most * share), said: percent(share), results: [] })
    }
  }
  const yardstick = targets.find(({ name }) => name === YARDSTICK)
  return yardstick === undefined ? cells : [...atRatesOf(GATEWAY, cells, yardstick), ...cells]
}

function atRatesOf(name: string, cells: readonly Cell[], target: Target): Cell[] {
  return cells
    .filter((cell) => cell.target.name === name)
    .map(({ perSecond, said }) => ({ target, perSecond, said: `${said} of ${name}`, results: [] }))
}

async function run(
  { target, perSecond, results }: Cell,
  { seconds, seed, where, seen }: { seconds: number; seed: number; where: Placement; seen: Observed[] },
): Promise<void> {
  const load = (): Promise<OpenLoopResult> => openLoop(target, { perSecond, seconds, seed, where })
  if (target.name !== GATEWAY || target.inspectPort === undefined) {
    results.push(await load())
    return
  }
  const { pid, inspectPort } = target
  const looking = async <T>(look: (gateway: Inspected) => Promise<T>): Promise<T> => {
    await using gateway = await Inspected.open(pid, inspectPort)
    return await look(gateway)
  }
  // Not under the load: what measures must be no part of what is measured.
  await looking(observe)
  results.push(await load())
  seen.push(await looking(observed))
}

interface Rate {
  readonly perSecond: number
  readonly seconds: number
  readonly seed: number
  readonly where: Placement
}

async function openLoop(target: Target, { perSecond, seconds, seed, where }: Rate): Promise<OpenLoopResult> {
  const client = path.join(import.meta.dirname, 'open-loop-client.ts')
  const args = [target.port, target.path, perSecond, seconds, seed].map(String)
  const [file = '', ...rest] = [...where.others, ...idlePriority(), process.execPath, client, ...args]
  const { exit, stdout, stderr } = await runToEnd(file, rest, { timeoutMs: seconds * 1000 + 30_000 })
  if (exit.code !== 0) throw new Error(`${file} ${rest.join(' ')} ended with ${exit.code}: ${stderr}`)
  return JSON.parse(stdout) as OpenLoopResult
}

/** The generator spins, beside the upstream and the sink: both must be let in at once whenever they have work. */
function idlePriority(): string[] {
  const chrt = findTool('chrt')
  return 'path' in chrt ? [chrt.path, '--idle', '0'] : []
}

const COLUMNS = ['target', 'of capacity', 'requests/s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'max ms']
const OWN_COLUMNS = ['waited', 'errors', 'lag p99 ms', 'lag max ms', 'generator']

function report(
  cells: readonly Cell[],
  seen: readonly Observed[],
  settings: Settings,
  where: Placement,
): void {
  const { rounds, seconds, format } = settings
  const rows = cells.map(({ target, said, results }) => {
    const each = (value: (result: OpenLoopResult) => number, digits = 2): string => {
      const values = results.map(value)
      return `${Math.min(...values).toFixed(digits)} / ${median(values).toFixed(digits)}`
    }
    return [
      target.name,
      said,
      median(results.map((result) => result.answeredPerSecond)).toFixed(0),
      each((result) => result.p50Ms),
      each((result) => result.p99Ms),
      each((result) => result.p999Ms),
      each((result) => result.maxMs, 1),
      percent(median(results.map((result) => result.waitedShare))),
      String(results.reduce((sum, { errors }) => sum + errors, 0)),
      each((result) => result.lagP99Ms),
      each((result) => result.lagMaxMs, 1),
      Array.from(new Set(results.map(trust))).join(', '),
    ]
  })
  process.stdout.write(
    `latency from when a request was due (Poisson arrivals); where the generator was late or busy it is the generator that was measured; minimum / median of ${rounds} rounds of ${seconds} s; ${where.said}; ${loadAverage()}\n\n`,
  )
  process.stdout.write(`${rendered([[...COLUMNS, ...OWN_COLUMNS], ...rows], format)}\n`)
  const pauses = summaries(seen.flatMap((each) => each.pauses)).map((each) => [
    each.kind,
    (each.count / (seen.length * seconds)).toFixed(1),
    each.p50Ms.toFixed(2),
    each.p99Ms.toFixed(2),
    each.maxMs.toFixed(2),
    percent(each.sumMs / (seen.length * seconds * 1000)),
  ])
  const head = ['garbage collection', 'a second', 'p50 ms', 'p99 ms', 'max ms', 'of the time']
  process.stdout.write(`${GATEWAY} meanwhile, at both rates:\n\n${rendered([head, ...pauses], format)}\n`)
  const [p99, longest] = [seen.map((each) => each.loopP99Ms), seen.map((each) => each.loopMaxMs)]
  process.stdout.write(
    `event loop late by: p99 ${median(p99).toFixed(1)} ms (median of the runs), longest ${Math.max(...longest).toFixed(1)} ms\n`,
  )
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 && share > 0 ? 1 : 0)} %`
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
