// How long a start takes and what it leaves in memory: the real program with 100 routes, from a checkout and from a build,
// with spans exported and without, beside `node -e 0` of the same rounds. Run by `npm run bench`, or alone with node. On a
// machine that others use, the processor time says more than the time that went by.

import { loadavg } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePorts } from '../support/free-ports.ts'
import { moduleRecord } from '../support/modules/loaded-modules.ts'
import { RunningProcess, runToEnd } from '../support/running-process.ts'
import { type TempFolder, tempFolder } from '../support/temp-folder.ts'
import { answersAt } from './answers-at.ts'
import { cpuNanoseconds } from './cpu-time.ts'
import { processMemory } from './process-memory.ts'
import { routeManifests } from './route-manifests.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const PROGRAMS = { checkout: 'src/cli/kanali.ts', build: 'dist/cli/kanali.js' } as const
const ROUTES = 100
const ROUNDS = 5
/** Until what was needed for the start alone has been given back. */
const IDLE_MS = 3000

interface Variant {
  readonly name: string
  readonly run: (env: Environment) => Promise<Start>
  readonly env: Environment
}
type Environment = Readonly<Record<string, string | undefined>>

/** Milliseconds from the spawn, of the clock and of the processor; mebibytes. */
interface Start {
  /** The listeners are open; of a command, its end. */
  readonly readyMs: number
  readonly answerMs?: number
  readonly cpuMs?: number
  readonly rssMb?: number
  readonly pssMb?: number
}

/** Builds the program, then prints a table to standard output. */
export async function benchStartup(): Promise<void> {
  const built = await runToEnd('npm', ['run', '-s', 'build'], { cwd: ROOT, timeoutMs: 300_000 })
  if (built.exit.code !== 0) throw new Error(`npm run build: ${built.stdout}${built.stderr}`)
  await using folder = await tempFolder('startup')
  const [upstreamPort = 0, sinkPort = 0] = await freePorts(2)
  const upstream = new RunningProcess(process.execPath, [script('upstream-server.ts'), String(upstreamPort)])
  const sink = new RunningProcess(process.execPath, [script('discard-sink.ts'), String(sinkPort)])
  try {
    await sink.until(() => answersAt(sinkPort, '/'), 'the sink answers')
    for (const [name, documents] of Object.entries(routeManifests(ROUTES, upstreamPort))) {
      const text = documents.map((each) => JSON.stringify(each)).join('\n---\n')
      await folder.write(`manifests/${name}`, text)
    }
    const all = variants(folder, `http://127.0.0.1:${sinkPort}`)
    const starts = await rounds(all)
    print(starts)
    await printModules(all)
  } finally {
    await upstream.stop()
    await sink.stop()
  }
}

/** `warm`: what the last start compiled is there, as after the first start of an installation. */
function variants(folder: TempFolder, otlpUrl: string): Variant[] {
  const inherited = Object.keys(process.env).filter((name) => /^(OTEL|KANALI|NODE)_/.test(name))
  const clean = Object.fromEntries(inherited.map((name) => [name, undefined]))
  const caches = {
    cold: { ...clean, NODE_DISABLE_COMPILE_CACHE: '1' },
    warm: { ...clean, XDG_CACHE_HOME: path.join(folder.path, 'cache') },
  }
  const exports = {
    'no exporter': { OTEL_SDK_DISABLED: 'true' },
    'spans to OTLP': { OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl },
  }
  const found: Variant[] = [{ name: 'node -e 0', run: (env) => command(['-e', '0'], env), env: caches.cold }]
  for (const [origin, program] of Object.entries(PROGRAMS)) {
    for (const [cache, env] of Object.entries(caches)) {
      const help = (given: Environment) => command([program, '--help'], given)
      found.push({ name: `kanali --help, ${origin}, ${cache}`, run: help, env })
      for (const [exporter, more] of Object.entries(exports)) {
        const run = (given: Environment) => start(program, `${folder.path}/manifests`, given)
        found.push({ name: `start, ${exporter}, ${origin}, ${cache}`, run, env: { ...env, ...more } })
      }
    }
  }
  return found
}

/** Each variant once a round, so that whatever else the machine does falls on all alike. The first round is not counted. */
async function rounds(all: readonly Variant[]): Promise<ReadonlyMap<Variant, Start[]>> {
  const starts = new Map<Variant, Start[]>(all.map((variant) => [variant, []]))
  for (let round = 0; round <= ROUNDS; round++) {
    for (const variant of all) {
      const begun = await variant.run(variant.env)
      if (round > 0) starts.get(variant)?.push(begun)
    }
    process.stderr.write(round === 0 ? 'caches filled\n' : `round ${round} of ${ROUNDS} done\n`)
  }
  return starts
}

async function command(args: readonly string[], env: Environment): Promise<Start> {
  const begun = performance.now()
  const { exit, stderr } = await runToEnd(process.execPath, args, { cwd: ROOT, env })
  if (exit.code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`)
  return { readyMs: performance.now() - begun }
}

async function start(program: string, manifests: string, env: Environment): Promise<Start> {
  const [port = 0, profiling = 0, prometheus = 0] = await freePorts(3)
  const flags = {
    'source.directory': manifests,
    'server.insecure_port': port,
    'server.insecure_bind_address': '127.0.0.1',
    'profiling.insecure_port': profiling,
    'prometheus.insecure_port': prometheus,
    'prometheus.insecure_bind_address': '127.0.0.1',
  }
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
  const { promise: isReady, resolve } = Promise.withResolvers<number>()
  const begun = performance.now()
  await using running = new RunningProcess(process.execPath, [program, 'start', ...args], {
    cwd: ROOT,
    env,
    discardStdout: true,
    onStderrLine: (line) => {
      if (line.includes('"msg":"ready"')) resolve(performance.now() - begun)
    },
  })
  const readyMs = await Promise.race([
    isReady,
    running.exited.then(() => Promise.reject(new Error(running.describe()))),
  ])
  const cpuMs = Number(cpuNanoseconds(running.pid)) / 1e6
  await running.until(() => answersAt(port, '/bench'), 'a right answer', { everyMs: 1 })
  const answerMs = performance.now() - begun
  await pause(IDLE_MS)
  return { readyMs, answerMs, cpuMs, ...memoryOf(running.pid) }
}

function memoryOf(pid: number): { readonly rssMb: number; readonly pssMb: number } {
  const { rssBytes, pssBytes } = processMemory(pid)
  return { rssMb: rssBytes / 1024 ** 2, pssMb: pssBytes / 1024 ** 2 }
}

function print(starts: ReadonlyMap<Variant, readonly Start[]>): void {
  const load = loadavg()
    .map((each) => each.toFixed(1))
    .join(', ')
  process.stdout.write(`${ROUTES} routes, ${ROUNDS} interleaved rounds, minimum/median; load ${load}\n`)
  row('', 'ready ms', 'answer ms', 'CPU ms', 'RSS MB', 'PSS MB')
  for (const [{ name }, all] of starts) {
    const cells = (['readyMs', 'answerMs', 'cpuMs', 'rssMb', 'pssMb'] as const).map((figure) =>
      minimumAndMedian(all.flatMap((each) => each[figure] ?? [])),
    )
    row(name, ...cells)
  }
}

function minimumAndMedian(figures: readonly number[]): string {
  const sorted = figures.toSorted((a, b) => a - b)
  const [least] = sorted
  return least === undefined ? '-' : `${least.toFixed(0)}/${(sorted[sorted.length >> 1] ?? least).toFixed(0)}`
}

/** In starts of their own: to be told of each module costs time. */
async function printModules(all: readonly Variant[]): Promise<void> {
  row('loaded', 'modules', 'KB')
  for (const { name, run, env } of all.filter((variant) => variant.name.endsWith('cold'))) {
    await using record = await moduleRecord()
    await run({ ...env, ...record.environment })
    const { count, bytes } = await record.read()
    row(name.replace(', cold', ''), String(count), (bytes / 1000).toFixed(0))
  }
}

function script(name: string): string {
  return path.join(import.meta.dirname, name)
}

function row(name: string, ...cells: readonly string[]): void {
  process.stdout.write(`${name.padEnd(40)}${cells.map((cell) => cell.padStart(12)).join('')}\n`)
}

if (import.meta.main) await benchStartup()
