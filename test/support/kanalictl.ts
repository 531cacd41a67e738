// kanalictl: a command line run in this process, with streams that a test can look at; or in one of its own, for what
// only real streams show.

import { spawnSync, type SpawnSyncOptions } from 'node:child_process'
import path from 'node:path'
import { runKanalictl } from '../../src/cli/kanalictl/commands.ts'
import { Refusal } from '../../src/cli/kanalictl/refusal.ts'

export const KANALICTL = path.join(import.meta.dirname, '../../src/cli/kanalictl.ts')

export interface Ran {
  readonly status: number | null
  /** Standard output. */
  readonly out: string
  /** Standard error. */
  readonly said: string
}

export interface Streams {
  readonly input?: string
  /** Standard error is a terminal. */
  readonly isWatched?: boolean
  /** Standard output is one. */
  readonly isShown?: boolean
}

export async function kanalictl(args: readonly string[], streams: Streams = {}): Promise<Ran> {
  let out = ''
  let said = ''
  let isRead = false
  const status = await runKanalictl(args, {
    in: async (option) => {
      if (isRead) throw new Refusal(`${option} -: standard input is read already`)
      isRead = true
      return Buffer.from(streams.input ?? '')
    },
    out: async (text) => void (out += text),
    say: async (text) => void (said += text),
    isWatched: streams.isWatched ?? false,
    isShown: streams.isShown ?? false,
  })
  return { status, out, said }
}

/** A process of its own. */
export function kanalictlProcess(args: readonly string[], options: SpawnSyncOptions = {}): Ran {
  return ranIn(process.execPath, [KANALICTL, ...args], options)
}

/** A line of sh in which `"$@"` is kanalictl with its arguments. */
export function kanalictlIn(script: string, args: readonly string[], options: SpawnSyncOptions = {}): Ran {
  return ranIn('sh', ['-c', script, 'sh', process.execPath, KANALICTL, ...args], options)
}

function ranIn(file: string, args: readonly string[], options: SpawnSyncOptions): Ran {
  const { status, stdout, stderr } = spawnSync(file, args, { ...options, encoding: 'utf8', timeout: 30_000 })
  return { status, out: stdout, said: stderr }
}
