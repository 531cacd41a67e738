// Where the time of a request goes: a running target under the same load as always, sampled by V8's own profiler, and
// the top of self time in microseconds a request. Needs nothing but Node.

import path from 'node:path'
import { MAIN_THREAD, threadNanoseconds } from './cpu-time.ts'
import { Inspected } from './inspected.ts'
import { runLoad } from './load.ts'
import { loadAverage, type Placement } from './placement.ts'
import { type CpuProfile, fold, type FoldedProfile } from './profile-fold.ts'
import type { Settings } from './settings.ts'
import { rendered } from './tables.ts'
import type { Target } from './targets.ts'

const INTERVAL_MICROSECONDS = 200
const FUNCTIONS_SHOWN = 40
/** Threads that take less are not shown. */
const THREAD_SHARE_MIN = 0.001
const ROOT = path.join(import.meta.dirname, '../..')

/** What the threads of a target are there for, where their name does not say. */
const THREADS: Readonly<Record<string, string>> = {
  'node-V8Worker': 'thread V8Worker: garbage collector, compilers',
  'libuv-worker': 'thread libuv-worker: files, names, compression',
  'v8:ProfEvntProc': 'thread ProfEvntProc: the profiler itself',
}

interface Cost {
  readonly requests: number
  /** Microseconds a request of all threads, and of the one that is profiled. */
  readonly all: number
  readonly main: number
  /** Of the others by name. */
  readonly others: ReadonlyMap<string, number>
}

/** Prints the parts and the functions of one target to standard output; says why where it cannot be profiled. */
export async function profileTarget(target: Target, settings: Settings, where: Placement): Promise<void> {
  if (target.inspectPort === undefined) {
    process.stderr.write(`${target.name} is no Node program: its time cannot be told apart here\n`)
    return
  }
  await runLoad(target.port, target.path, settings.warmupSeconds, where.others)
  const plain = await costOf(target, settings, where)
  await using inspected = await Inspected.open(target.pid, target.inspectPort)
  await inspected.send('Profiler.enable')
  await inspected.send('Profiler.setSamplingInterval', { interval: INTERVAL_MICROSECONDS })
  await inspected.send('Profiler.start')
  const cost = await costOf(target, settings, where)
  const { profile } = await inspected.send<{ profile: CpuProfile }>('Profiler.stop')
  const folded = fold(profile, { requests: cost.requests, cpuMicroseconds: cost.main, root: ROOT })
  process.stdout.write(
    `\n${target.name}: ${cost.requests} requests, CPU ${cost.all.toFixed(1)} us a request, ${plain.all.toFixed(1)} without the profiler\n`,
  )
  process.stdout.write(
    `${folded.samples} samples every ${INTERVAL_MICROSECONDS} us: ${folded.wallMicroseconds.toFixed(1)} us a request by the clock, ${cost.main.toFixed(1)} us CPU of the main thread, which is what is shared out below; idle ${(folded.idleShare * 100).toFixed(0)} % of the time; ${loadAverage()}\n\n`,
  )
  process.stdout.write(`${partsTable(folded, cost, settings)}\n${functionsTable(folded, settings)}\n`)
}

async function costOf({ port, pid, path }: Target, { seconds }: Settings, where: Placement): Promise<Cost> {
  const before = threadNanoseconds(pid)
  const { requests } = await runLoad(port, path, seconds, where.others)
  const used = new Map<string, number>()
  for (const [name, ns] of threadNanoseconds(pid)) {
    used.set(name, Number(ns - (before.get(name) ?? 0n)) / 1000 / Math.max(requests, 1))
  }
  const main = used.get(MAIN_THREAD) ?? 0
  used.delete(MAIN_THREAD)
  const all = used.values().reduce((sum, each) => sum + each, main)
  return { requests, all, main, others: used }
}

function partsTable({ parts }: FoldedProfile, { all, others }: Cost, { format }: Settings): string {
  const threads = Array.from(others, ([name, microseconds]) => ({
    part: THREADS[name] ?? `thread ${name}`,
    microseconds,
  })).toSorted((a, b) => b.microseconds - a.microseconds)
  const shown = threads.filter(({ microseconds }) => microseconds >= all * THREAD_SHARE_MIN)
  const rows = [...parts, ...shown, { part: 'all', microseconds: all }]
  return rendered(
    [
      ['part', 'us/request', '%'],
      ...rows.map(({ part, microseconds }) => [part, microseconds.toFixed(2), percent(microseconds, all)]),
    ],
    format,
  )
}

function functionsTable({ functions }: FoldedProfile, { format }: Settings): string {
  const total = functions.reduce((sum, { microseconds }) => sum + microseconds, 0)
  const rows = functions
    .slice(0, FUNCTIONS_SHOWN)
    .map(({ name, place, microseconds }) => [
      `${name}${place === '' ? '' : ` (${place})`}`,
      microseconds.toFixed(2),
      percent(microseconds, total),
    ])
  return rendered([['self time of the main thread', 'us/request', '%'], ...rows], format)
}

function percent(part: number, whole: number): string {
  return ((part / whole) * 100).toFixed(1)
}
