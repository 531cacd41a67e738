// The gateway of `npm start` while Kanali is observed: on its own ports, with its own requests to try, its output in a file.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdirSync, openSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { CURLS } from '../../deploy/examples/quickstart/curls.ts'
import { waitUntil } from '../support/wait-until.ts'

const START = path.join(import.meta.dirname, '../../deploy/examples/quickstart/start.ts')
const PORTS = [8080, 9000, 9090, 3101, 3102]
const REQUEST_MS = 10_000
const run = promisify(execFile)

export class Quickstart implements AsyncDisposable {
  readonly metrics = '127.0.0.1:9000'
  readonly #child: ChildProcess

  constructor(child: ChildProcess) {
    this.#child = child
  }

  /** Each of the requests that it offers to try, once. @returns how many were made */
  async ask(): Promise<number> {
    for (const { command } of CURLS) {
      // One that does not answer costs the others nothing.
      await run('sh', ['-c', command], { timeout: REQUEST_MS }).catch(() => undefined)
    }
    return CURLS.length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGTERM')
    await once(this.#child, 'exit')
  }
}

/**
 * Starts it and waits until it serves.
 * @param log file for what it prints
 * @returns one line where it cannot be started
 */
export async function startQuickstart(
  log: string,
  otlpUrl: string | undefined,
): Promise<Quickstart | string> {
  for (const port of PORTS) if (!(await isFree(port))) return `port ${port} is taken, maybe by npm start`
  mkdirSync(path.dirname(log), { recursive: true })
  const file = openSync(log, 'w', 0o600)
  const child = spawn(process.execPath, [START], {
    stdio: ['ignore', file, file],
    env: {
      ...process.env,
      ...(otlpUrl !== undefined && { OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl, OTEL_BSP_SCHEDULE_DELAY: '200' }),
    },
  })
  const quickstart = new Quickstart(child)
  try {
    await waitUntil(() => isReady(quickstart.metrics), 'the quickstart to be ready', { timeoutMs: 60_000 })
    return quickstart
  } catch (error) {
    await quickstart[Symbol.asyncDispose]()
    return `${error instanceof Error ? error.message : 'it did not start'}; see ${log}`
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const { promise, resolve } = Promise.withResolvers<boolean>()
  server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
  const free = await promise
  server.close()
  return free
}

async function isReady(address: string): Promise<boolean> {
  const answer = await fetch(`http://${address}/readyz`).catch(() => undefined)
  await answer?.body?.cancel()
  return answer?.status === 200
}
