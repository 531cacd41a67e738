// Debian's Alertmanager on a loopback port, alone, and what it holds. Must never notify anybody beyond 127.0.0.1: whoever
// starts it gives a configuration that does not.

import { freePort } from './free-ports.ts'
import { RunningProcess } from './running-process.ts'
import { tempFolder, type TempFolder } from './temp-folder.ts'

export interface HeldAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly receivers: readonly { readonly name: string }[]
  readonly status: { readonly inhibitedBy: readonly string[] }
}

const STARTS_MAX = 3

export class Alertmanager implements AsyncDisposable {
  /** `127.0.0.1:port`, for a Prometheus. */
  readonly address: string
  readonly process: RunningProcess
  readonly #folder: TempFolder

  constructor(port: number, running: RunningProcess, folder: TempFolder) {
    this.address = `127.0.0.1:${port}`
    this.process = running
    this.#folder = folder
  }

  /** What is firing, with who is told. */
  async alerts(): Promise<HeldAlert[]> {
    const response = await fetch(`http://${this.address}/api/v2/alerts`)
    return (await response.json()) as HeldAlert[]
  }

  async stop(): Promise<void> {
    await this.process.stop()
    await this.#folder.remove()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/** Starts `binary` (see describeWithTools) and waits until it is ready; fails with its own words. */
export async function startAlertmanager(binary: string, configuration: string): Promise<Alertmanager> {
  for (let start = 1; ; start++) {
    const port = await freePort()
    const folder = await tempFolder('alertmanager')
    const running = new RunningProcess(binary, [
      `--config.file=${await folder.write('alertmanager.yaml', configuration)}`,
      `--storage.path=${folder.path}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ])
    try {
      await running.until(() => isReady(port), 'Alertmanager is ready', { timeoutMs: 30_000 })
      return new Alertmanager(port, running, folder)
    } catch (error) {
      await running.stop()
      await folder.remove()
      if (!running.stderr.includes('address already in use') || start === STARTS_MAX) throw error
    }
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/-/ready`)
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}
