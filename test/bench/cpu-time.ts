// CPU time of a process and its descendants from /proc (Linux): what the scheduler gave to all of their threads.

import { readdirSync, readFileSync } from 'node:fs'

/** Nanoseconds on a CPU so far, over all threads of the process and its descendants. */
export function cpuNanoseconds(pid: number): bigint {
  let sum = 0n
  for (const each of [pid, ...descendantsOf(pid)]) {
    for (const thread of entries(`/proc/${each}/task`)) {
      sum += runningTime(each, thread)
    }
  }
  return sum
}

/** The same of one process, by the names of its threads; the one that it began with, which runs JavaScript, is `MAIN_THREAD`. */
export function threadNanoseconds(pid: number): Map<string, bigint> {
  const sums = new Map<string, bigint>()
  for (const thread of entries(`/proc/${pid}/task`)) {
    const name = thread === String(pid) ? MAIN_THREAD : text(`/proc/${pid}/task/${thread}/comm`).trim()
    sums.set(name, (sums.get(name) ?? 0n) + runningTime(pid, thread))
  }
  return sums
}

export const MAIN_THREAD = 'main thread'

function runningTime(pid: number, thread: string): bigint {
  const [running = '0'] = text(`/proc/${pid}/task/${thread}/schedstat`).split(' ')
  return BigInt(running || '0')
}

function descendantsOf(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const entry of entries('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    // The name of the command is in parentheses and may hold anything; the parent's id is two fields behind it.
    const stat = text(`/proc/${entry}/stat`)
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)])
  }
  const found: number[] = []
  const queue = [pid]
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const own = children.get(next) ?? []
    found.push(...own)
    queue.push(...own)
  }
  return found
}

/** Processes and threads end while they are looked at: nothing is read of those. */
function entries(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
