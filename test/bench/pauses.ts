// What holds up a Node process: pauses of its garbage collector, and how long its event loop is not come back to. Seen by
// observers that are put into the running process for the time of a run; the program itself knows nothing of them.

import type { Inspected } from './inspected.ts'
import { percentile } from './open-loop.ts'

/** What the observers in the process give: `perf_hooks` kinds, milliseconds. */
export interface Observed {
  readonly pauses: readonly (readonly [kind: string, ms: number])[]
  readonly loopP99Ms: number
  readonly loopMaxMs: number
}

export interface PauseSummary {
  readonly kind: string
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly sumMs: number
}

/** Longest sum first. */
export function summaries(pauses: Observed['pauses']): PauseSummary[] {
  const byKind = Map.groupBy(pauses, ([kind]) => kind)
  return Array.from(byKind, ([kind, all]) => {
    const sorted = all.map(([, ms]) => ms).toSorted((a, b) => a - b)
    return {
      kind,
      count: sorted.length,
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
      maxMs: percentile(sorted, 1),
      sumMs: sorted.reduce((sum, ms) => sum + ms, 0),
    }
  }).toSorted((a, b) => b.sumMs - a.sumMs)
}

/** Begins to observe. */
export async function observe(process: Inspected): Promise<void> {
  await process.evaluate(START)
}

/** Ends it, and gives what was seen since. */
export function observed(process: Inspected): Promise<Observed> {
  return process.evaluate(`globalThis[Symbol.for('kanali.bench.pauses')]()`)
}

// The delay is taken by a timer of a millisecond, which is part of each value and is taken off again.
const START = `(() => {
  const { PerformanceObserver, constants, monitorEventLoopDelay } = process.getBuiltinModule('node:perf_hooks')
  const names = new Map([
    [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
    [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
    [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
    [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weak callbacks'],
  ])
  const pauses = []
  const take = (list) => {
    for (const { detail, duration } of list) pauses.push([names.get(detail.kind) ?? 'other', duration])
  }
  const observer = new PerformanceObserver((list) => take(list.getEntries()))
  observer.observe({ type: 'gc' })
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const over = (ns) => Math.max(0, ns / 1e6 - 1)
  globalThis[Symbol.for('kanali.bench.pauses')] = () => {
    take(observer.takeRecords())
    observer.disconnect()
    delay.disable()
    return { pauses, loopP99Ms: over(delay.percentile(99)), loopMaxMs: over(delay.max) }
  }
})()`
