// What the pages of a gateway of several processes ask its workers, and how their answers become one. Whoever does not
// answer in time is named in the answer, and nothing of the others is held back for it.

import type { Answer } from './answer.ts'

/** A worker as pages show it. */
export interface WorkerView {
  readonly worker: number
  readonly pid: number
  readonly serving: boolean
  readonly revision: number
  readonly hash: string
}

/** What one worker answered; undefined: nothing in time. */
export interface WorkerAnswer {
  readonly worker: number
  readonly answer: Answer | undefined
}

export interface FleetView {
  /** The most that a number of a worker can be. */
  readonly count: number
  workers(): readonly WorkerView[]
  /** Of all of them, from now on. */
  setLogLevel(level: string): void
  exchanges(query: URLSearchParams): Promise<readonly WorkerAnswer[]>
  trace(traceId: string): Promise<readonly WorkerAnswer[]>
  profile(worker: number, seconds: number): Promise<Answer | undefined>
}

interface List {
  readonly total: number
  readonly exchanges: readonly { readonly time: string }[]
}

interface Trace {
  readonly trace_id: string
  readonly total: number
  readonly exchanges: Readonly<Record<string, { readonly time: string | null }>>
}

/** One list of several, the newest first. */
export function mergeLists(answers: readonly WorkerAnswer[], limit: number): Answer {
  const lists = jsonOf<List>(answers)
  const exchanges = lists
    .flatMap((list) => list.exchanges)
    .sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0))
    .slice(0, limit)
  const total = lists.reduce((sum, list) => sum + list.total, 0)
  return { status: 200, json: { total, shown: exchanges.length, exchanges, ...silent(answers) } }
}

/** One trace of several; what a worker says where no other knows the trace. */
export function mergeTraces(answers: readonly WorkerAnswer[], unknown: Answer): Answer {
  const [first, ...others] = jsonOf<Trace>(answers)
  if (first === undefined) return unknown
  const traces = [first, ...others]
  const exchanges = traces
    .flatMap((trace) => Object.entries(trace.exchanges))
    .sort(([, a], [, b]) => ((a.time ?? '') < (b.time ?? '') ? -1 : 1))
  return {
    status: 200,
    json: {
      trace_id: first.trace_id,
      total: traces.reduce((sum, { total }) => sum + total, 0),
      exchanges: Object.fromEntries(exchanges),
      ...silent(answers),
    },
  }
}

function jsonOf<T>(answers: readonly WorkerAnswer[]): T[] {
  return answers.flatMap(({ answer }) =>
    // What a worker sends was made by the very functions that this process would make it with.
    answer !== undefined && answer.status === 200 && 'json' in answer ? [answer.json as T] : [],
  )
}

function silent(answers: readonly WorkerAnswer[]): { readonly unanswered?: readonly number[] } {
  const unanswered = answers.filter(({ answer }) => answer === undefined).map(({ worker }) => worker)
  return unanswered.length === 0 ? {} : { unanswered }
}
