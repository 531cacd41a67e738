// A program that a test started: its output so far, its end, and a stop that ends it by its id and waits for it.
// Must never leave a process behind: whatever is still running when the test process exits is killed by id.

import { spawn, type ChildProcess } from 'node:child_process'
import { waitUntil } from './wait-until.ts'

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** Kept of each output; the oldest goes first. */
  readonly outputBytesMax?: number
  /** True: standard output goes to the null device. */
  readonly discardStdout?: boolean
  /** Called with each whole line as it comes, without its end. */
  readonly onStdoutLine?: (line: string) => void
  readonly onStderrLine?: (line: string) => void
}

const RUNNING = new Set<RunningProcess>()
process.on('exit', () => {
  for (const running of RUNNING) running.kill('SIGKILL')
})

export class RunningProcess implements AsyncDisposable {
  readonly command: string
  /** Settles when the process has ended and both outputs are read to their end. */
  readonly exited: Promise<Exit>
  exit: Exit | undefined
  readonly #child: ChildProcess
  readonly #outputBytesMax: number
  #stdout = ''
  #stderr = ''

  constructor(file: string, args: readonly string[], options: RunOptions = {}) {
    this.command = [file, ...args].join(' ')
    this.#outputBytesMax = options.outputBytesMax ?? 8 * 1024 * 1024
    this.#child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', options.discardStdout === true ? 'ignore' : 'pipe', 'pipe'],
    })
    RUNNING.add(this)
    const stdoutLines = lineReader(options.onStdoutLine)
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout = this.#keep(this.#stdout + text)
      stdoutLines(text)
    })
    const stderrLines = lineReader(options.onStderrLine)
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = this.#keep(this.#stderr + text)
      stderrLines(text)
    })
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', (error) => {
        RUNNING.delete(this)
        reject(new Error(`${this.command}: ${error.message}`))
      })
      this.#child.once('close', (code, signal) => {
        RUNNING.delete(this)
        this.exit = { code, signal }
        resolve(this.exit)
      })
    })
    this.exited.catch(() => undefined)
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.command} did not start`)
    return this.#child.pid
  }

  get stdout(): string {
    return this.#stdout
  }

  get stderr(): string {
    return this.#stderr
  }

  /** Sends a signal to this very process; nothing happens where it has ended. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Sends `signal`, waits for the end, and after `killAfterMs` sends SIGKILL. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', killAfterMs = 10_000): Promise<Exit> {
    if (this.exit !== undefined) return this.exit
    this.kill(signal)
    const timer = setTimeout(() => this.kill('SIGKILL'), killAfterMs)
    try {
      return await this.exited
    } finally {
      clearTimeout(timer)
    }
  }

  /** Waits for `condition`; fails at once, with the output, when the process ends before. */
  async until<T>(
    condition: () => T | Promise<T>,
    what: string,
    limits: { timeoutMs?: number; everyMs?: number } = {},
  ): Promise<Exclude<T, undefined | null | false>> {
    try {
      return await waitUntil(
        () => {
          if (this.exit !== undefined) throw new Error('it ended')
          return condition()
        },
        what,
        limits,
      )
    } catch (error) {
      throw new Error(`${what}: ${(error as Error).message}\n${this.describe()}`, { cause: error })
    }
  }

  /** Command, how it ended, and the end of its output: for messages of failed tests. */
  describe(): string {
    const end = this.exit === undefined ? 'still running' : `ended with ${this.exit.code ?? this.exit.signal}`
    return `${this.command}\n(${end})\nstdout: ${this.#stdout.slice(-2000)}\nstderr: ${this.#stderr.slice(-4000)}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #keep(text: string): string {
    return text.length > this.#outputBytesMax ? text.slice(-this.#outputBytesMax) : text
  }
}

/** Takes text in pieces and gives on the lines of it; half a line at the end is left out. */
function lineReader(onLine: ((line: string) => void) | undefined): (text: string) => void {
  if (onLine === undefined) return () => undefined
  let rest = ''
  return (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  }
}

/** Runs a program to its end and gives its output; ends it by force after `timeoutMs`. */
export async function runToEnd(
  file: string,
  args: readonly string[],
  { timeoutMs = 30_000, ...options }: RunOptions & { timeoutMs?: number } = {},
): Promise<{ exit: Exit; stdout: string; stderr: string }> {
  const running = new RunningProcess(file, args, options)
  const timer = setTimeout(() => running.kill('SIGKILL'), timeoutMs)
  try {
    const exit = await running.exited
    return { exit, stdout: running.stdout, stderr: running.stderr }
  } finally {
    clearTimeout(timer)
  }
}
