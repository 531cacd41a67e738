// What the command line of the bench says, or why it cannot be run.

import { parseArgs } from 'node:util'
import type { TableFormat } from './tables.ts'

export interface Settings {
  readonly rounds: number
  /** Of one run of load. */
  readonly seconds: number
  readonly warmupSeconds: number
  readonly routes: number
  readonly only: readonly string[]
  readonly format: TableFormat
  /** True: where the time of the chosen targets goes, instead of how much it is. */
  readonly profile: boolean
}

/** Undefined where an argument is not understood. `names` are what `--only` may hold, `profiled` its default with `--profile`. */
export function readSettings(
  args: readonly string[],
  names: readonly string[],
  profiled: string,
): Settings | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        rounds: { type: 'string', default: '3' },
        seconds: { type: 'string', default: '4' },
        warmup: { type: 'string', default: '2' },
        routes: { type: 'string', default: '10000' },
        only: { type: 'string' },
        markdown: { type: 'boolean', default: false },
        profile: { type: 'boolean', default: false },
      },
    })
    const counts = [values.rounds, values.seconds, values.warmup, values.routes].map(Number)
    if (!counts.every((each) => Number.isInteger(each) && each > 0)) return undefined
    const [rounds = 0, seconds = 0, warmupSeconds = 0, routes = 0] = counts
    const only = values.only?.split(',') ?? (values.profile ? [profiled] : names)
    if (!only.every((name) => names.includes(name))) return undefined
    const format = values.markdown ? 'markdown' : 'plain'
    return { rounds, seconds, warmupSeconds, routes, only, format, profile: values.profile }
  } catch {
    return undefined
  }
}
