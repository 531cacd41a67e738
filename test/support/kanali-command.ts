// The program `kanali` run to its end, as a person runs it in a terminal.

import path from 'node:path'
import { RunningProcess } from './running-process.ts'

export interface CommandEnd {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

const CLI = path.join(import.meta.dirname, '../../src/cli/kanali.ts')

/** Runs it; what the person who runs the tests has set for Kanali does not reach it. */
export async function kanali(...args: readonly string[]): Promise<CommandEnd> {
  const inherited = Object.keys(process.env).filter((name) => /^(OTEL|KANALI)_/.test(name))
  const env = Object.fromEntries(inherited.map((name) => [name, undefined]))
  const running = new RunningProcess(process.execPath, [CLI, ...args], { env })
  const { code } = await running.exited
  return { status: code, stdout: running.stdout, stderr: running.stderr }
}
