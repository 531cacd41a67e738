// A gateway of two workers that has lost one, for the runbook of that alert.

import type { OutcomeGateway } from '../every-outcome/outcome.ts'
import { type GatewayProcess, startGatewayProcess } from '../gateway-process.ts'
import { mockTarget } from '../manifests.ts'
import { waitUntil } from '../wait-until.ts'
import type { AlertState } from './alert-states.ts'
import type { Placeholders } from './placeholders.ts'

export class WorkerLost implements AsyncDisposable {
  readonly gateway: OutcomeGateway
  readonly #running: GatewayProcess

  private constructor(running: GatewayProcess) {
    this.#running = running
    const { port, profilingPort, prometheusPort } = running
    this.gateway = { name: 'main', port, profilingPort, prometheusPort, places: {} }
  }

  static async start(): Promise<WorkerLost> {
    const running = await startGatewayProcess({
      manifests: { 'all.yaml': [mockTarget('canned').route('/', 200, 'ok').build()] },
      flags: { 'server.workers': 2 },
    })
    return new WorkerLost(running)
  }

  /** One is killed, and its successor serves. */
  async happen(): Promise<void> {
    const [lost] = await this.#pids()
    if (lost === undefined) throw new Error('no worker serves')
    process.kill(lost, 'SIGKILL')
    const line = await this.#running.logLine(({ msg }) => msg === 'a worker has ended and is replaced')
    await waitUntil(async () => {
      const pids = await this.#pids()
      return pids.length === 2 && !pids.includes(lost)
    }, 'the worker to be replaced')
    await this.#running.folder.write('program.log', JSON.stringify(line))
  }

  state(values: Placeholders): AlertState {
    const own = { reason: 'signal', 'program log': `${this.#running.folder.path}/program.log` }
    const instance = `127.0.0.1:${this.gateway.prometheusPort}`
    return { gateway: this.gateway, values: { ...values, ...own, instance } }
  }

  /** Processes of the workers that serve. */
  async #pids(): Promise<number[]> {
    const page = await fetch(`http://127.0.0.1:${this.gateway.profilingPort}/debug/snapshot`)
    const { workers } = (await page.json()) as { workers: { pid: number; serving: boolean }[] }
    return workers.filter(({ serving }) => serving).map(({ pid }) => pid)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.stop()
  }
}
