// A CPU profile of V8 folded into what a person reads: microseconds a request by function and by part of the gateway.
// Samples are counted, and shared out over the CPU time that the thread really had: the times between samples are
// of the clock on the wall, and hold whatever else ran on that core.

import path from 'node:path'
import { partOf } from './profile-parts.ts'

/** `Profiler.Profile` of the inspector's protocol, as far as it is needed. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: {
      readonly functionName: string
      readonly url: string
      /** From 0. */
      readonly lineNumber: number
    }
  }[]
  readonly samples: readonly number[]
  /** Microseconds between a sample and the one before. */
  readonly timeDeltas: readonly number[]
}

export interface SelfTime {
  readonly name: string
  /** `src/proxy/forward.ts:12`, `node:net:1`, a package's file, or nothing for what is V8's own. */
  readonly place: string
  readonly part: string
  readonly microseconds: number
}

export interface FoldedProfile {
  /** Most first. Idle time is not in it. */
  readonly functions: readonly SelfTime[]
  readonly parts: readonly { readonly part: string; readonly microseconds: number }[]
  /** Share of the samples in which the thread had nothing to do. */
  readonly idleShare: number
  readonly samples: number
  /** What the busy samples add up to by the clock, a request: beside the CPU time it shows who else ran there. */
  readonly wallMicroseconds: number
}

const IDLE = '(idle)'

/** `cpuMicroseconds` is what the profiled thread had of a CPU, a request. */
export function fold(
  profile: CpuProfile,
  { requests, cpuMicroseconds, root }: { requests: number; cpuMicroseconds: number; root: string },
): FoldedProfile {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]))
  const counts = new Map<string, { name: string; place: string; part: string; samples: number }>()
  let [busy, idle, wall] = [0, 0, 0]
  profile.samples.forEach((id, index) => {
    const frame = frames.get(id)
    if (frame === undefined) return
    if (frame.functionName === IDLE) {
      idle++
      return
    }
    busy++
    wall += profile.timeDeltas[index] ?? 0
    const name = frame.functionName === '' ? '(anonymous)' : frame.functionName
    const file = fileOf(frame.url, root)
    const place = file === '' ? '' : `${file}:${frame.lineNumber + 1}`
    const key = `${name} ${place}`
    const known = counts.get(key) ?? { name, place, part: partOf(name, file), samples: 0 }
    known.samples++
    counts.set(key, known)
  })
  const share = cpuMicroseconds / Math.max(busy, 1)
  const functions = Array.from(counts.values(), ({ name, place, part, samples }) => ({
    name,
    place,
    part,
    microseconds: samples * share,
  })).toSorted((a, b) => b.microseconds - a.microseconds)
  return {
    functions,
    parts: sumsOf(functions),
    idleShare: idle / Math.max(busy + idle, 1),
    samples: busy + idle,
    wallMicroseconds: wall / Math.max(requests, 1),
  }
}

function sumsOf(functions: readonly SelfTime[]): FoldedProfile['parts'] {
  const sums = new Map<string, number>()
  for (const { part, microseconds } of functions) sums.set(part, (sums.get(part) ?? 0) + microseconds)
  return Array.from(sums, ([part, microseconds]) => ({ part, microseconds })).toSorted(
    (a, b) => b.microseconds - a.microseconds,
  )
}

/** Relative to `root`, with slashes; packages by their name, Node's own by `node:`. */
function fileOf(url: string, root: string): string {
  if (!url.startsWith('file://')) return url
  const file = decodeURIComponent(new URL(url).pathname)
  const inPackage = file.lastIndexOf('/node_modules/')
  if (inPackage >= 0) return file.slice(inPackage + '/node_modules/'.length)
  return path.posix.relative(root, file)
}
