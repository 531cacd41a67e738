// What a route lookup, one event and a route's memory cost at 100, 10,000 and 100,000 routes: run by `npm run bench`, or
// alone with node. An event is timed from `apply` to the finished snapshot, garbage collection and all. Where others have
// the machine too, the slowest hundredth is theirs: beside it stands that of the events during which this process kept
// its CPU. Figures are of this machine and this moment: compare ratios.

import { setImmediate } from 'node:timers/promises'
import { DEFAULT_OPTIONS } from '../../src/config/options.ts'
import type { ResourceEvent } from '../../src/events/event.ts'
import { apply, EMPTY_STATE, type State } from '../../src/events/state.ts'
import { settle } from '../../src/events/touched.ts'
import { KINDS, type Resource } from '../../src/resources/resource.ts'
import { build } from '../../src/snapshot/build.ts'
import { match } from '../../src/snapshot/match.ts'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import { hostOf, many, manyApiProxy, manyService, manySlice, sourcePathOf } from '../support/records.ts'
import { routeMemory } from './route-memory.ts'

const SIZES = [100, 10_000, 100_000] as const
const LOOKUPS = 65_536
const LOOKUP_ROUNDS = 5
const EVENTS = 3_000
const EVENTS_WARMUP = 2_000
const COLUMNS = [
  'routes',
  'fold all',
  'build all',
  'relist',
  'lookup',
  'event median',
  'event p99',
  'p99 on CPU',
  'preempted',
  'bytes state',
  'snapshot',
  'sum',
  'ApiProxy alone',
]
const ORIGIN = { source: 'bench', observedAt: 0 } as const

interface World {
  state: State
  snapshot: Snapshot
}

/** Prints a table to standard output. */
export async function benchSnapshot(): Promise<void> {
  say(row(COLUMNS))
  for (const size of SIZES) {
    // Between sizes other work of the process may go on.
    await setImmediate()
    benchSize(size)
  }
}

function benchSize(size: number): void {
  const foldStarted = performance.now()
  const state = KINDS.reduce((known, kind) => apply(known, listed(kind, objectsOf(kind, size))), EMPTY_STATE)
  const foldMs = performance.now() - foldStarted
  const buildStarted = performance.now()
  const world: World = { state: settle(state), snapshot: build(state, DEFAULT_OPTIONS) }
  const buildMs = performance.now() - buildStarted
  const lookupNs = benchLookup(world.snapshot, size)
  const events = benchEvents(world, size)
  const all = sorted(events.map(({ tookUs }) => tookUs))
  const onCpu = sorted(events.filter(({ preempted }) => !preempted).map(({ tookUs }) => tookUs))
  const relistStarted = performance.now()
  apply(world.state, listed('ApiProxy', many(size, manyApiProxy)))
  const relistMs = performance.now() - relistStarted
  const memory = routeMemory(size)
  say(
    row([
      String(size),
      `${foldMs.toFixed(0)} ms`,
      `${buildMs.toFixed(0)} ms`,
      `${relistMs.toFixed(0)} ms`,
      `${lookupNs.toFixed(0)} ns`,
      `${quantile(all, 0.5).toFixed(1)} us`,
      `${quantile(all, 0.99).toFixed(1)} us`,
      `${quantile(onCpu, 0.99).toFixed(1)} us`,
      `${(100 - (100 * onCpu.length) / all.length).toFixed(1)} %`,
      ...[memory.state, memory.snapshot, memory.state + memory.snapshot, memory.alone].map((bytes) =>
        bytes.toFixed(0),
      ),
    ]),
  )
}

/** 70 % deeper than a route, 20 % exact, 10 % misses; texts as fresh as a parser's. Best of several rounds. */
function benchLookup({ routes }: Snapshot, size: number): number {
  let best = Infinity
  for (let round = 0; round < LOOKUP_ROUNDS; round += 1) {
    const paths: string[] = []
    const hosts: string[] = []
    for (let index = 0; index < LOOKUPS; index += 1) {
      const route = (index * 7919 + round) % size
      paths.push(fresh(pathFor(route, index % 10)))
      hosts.push(fresh(hostOf(route)))
    }
    let found = 0
    const started = performance.now()
    for (let index = 0; index < LOOKUPS; index += 1) {
      if (match(routes, paths[index] ?? '', hosts[index] ?? '') !== undefined) found += 1
    }
    best = Math.min(best, ((performance.now() - started) * 1e6) / LOOKUPS)
    if (found === 0) throw new Error('no lookup found its route')
  }
  return best
}

function pathFor(route: number, share: number): string {
  const path = sourcePathOf(route)
  if (share < 7) return `${path}/items/${route}`
  return share < 9 ? path : `/missing${path}`
}

interface TimedEvent {
  readonly tookUs: number
  /** The scheduler gave the CPU to somebody else meanwhile. */
  readonly preempted: boolean
}

/** In turn a changed ApiProxy, a changed Service, a changed EndpointSlice. */
function benchEvents(world: World, size: number): TimedEvent[] {
  const taken: TimedEvent[] = []
  for (let index = 0; index < EVENTS_WARMUP + EVENTS; index += 1) {
    const event: ResourceEvent = { ...ORIGIN, type: 'upserted', resource: changed(index, size) }
    const switches = process.resourceUsage().involuntaryContextSwitches
    const started = performance.now()
    const state = apply(world.state, event)
    const snapshot = build(state, DEFAULT_OPTIONS, world.snapshot)
    const tookUs = (performance.now() - started) * 1000
    const preempted = process.resourceUsage().involuntaryContextSwitches > switches
    if (snapshot === world.snapshot) throw new Error('an event of the bench changed nothing')
    world.state = settle(state)
    world.snapshot = snapshot
    if (index >= EVENTS_WARMUP) taken.push({ tookUs, preempted })
  }
  return taken
}

function changed(index: number, size: number): Resource {
  const route = (index * 7919) % size
  if (index % 3 === 0) return manyApiProxy(route, `/v${index}`)
  return index % 3 === 1 ? manyService(route, `team-${index}`) : manySliceAt(route, index)
}

function manySliceAt(route: number, index: number): Resource {
  const slice = manySlice(route)
  return { ...slice, ports: [{ name: 'http', port: 1024 + (index % 60_000) }] }
}

function objectsOf(kind: Resource['kind'], size: number): Resource[] {
  if (kind === 'ApiProxy') return many(size, manyApiProxy)
  if (kind === 'Service') return many(size, manyService)
  return kind === 'EndpointSlice' ? many(size, manySlice) : []
}

function listed(kind: Resource['kind'], resources: readonly Resource[]): ResourceEvent {
  return { ...ORIGIN, type: 'listed', kind, resources }
}

function fresh(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b)
}

function quantile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? 0
}

function row(cells: readonly string[]): string {
  return cells.map((cell) => cell.padStart(15)).join('')
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

if (import.meta.main) await benchSnapshot()
