// Gateways in the states that alerts are about, for the runbooks of alerts: those of the world of every outcome, and four
// more that are in trouble by themselves (journal and folder; telemetry and plugins; a worker; no longer there). A Prometheus
// scrapes them all, and another one renames labels and misses a target.

import { rm } from 'node:fs/promises'
import type { EveryOutcome, Produced } from '../every-outcome/every-outcome.ts'
import type { Outcome, OutcomeGateway } from '../every-outcome/outcome.ts'
import { pluginPart } from '../every-outcome/plugin-part.ts'
import { startEveryOutcome } from '../every-outcome/start.ts'
import { freePort } from '../free-ports.ts'
import { type GatewayProcess, startGatewayProcess } from '../gateway-process.ts'
import { httpRequest } from '../http-client.ts'
import { type InProcessGateway, startInProcessGateway } from '../in-process-gateway.ts'
import { apiProxy, mockTarget } from '../manifests.ts'
import { type PrometheusConfiguration, startPrometheus } from '../prometheus.ts'
import { tempFolder, type TempFolder } from '../temp-folder.ts'
import { waitUntil } from '../wait-until.ts'
import { type Placeholders, placeholdersOf } from './placeholders.ts'
import { WorkerLost } from './worker-lost.ts'

export interface AlertState {
  readonly gateway: OutcomeGateway
  readonly values: Placeholders
}

/** Asked for so often that it stands out from all others. */
const OFTEN = 25
/** What is to be the most frequent of its kind. */
const FREQUENT: readonly Outcome[] = ['key_missing', 'connection_refused']
/** The alerts that a gateway of the world shows when that outcome was produced on it. */
const BY_OUTCOME: Readonly<Record<string, Outcome>> = {
  'kanali-most-requests-refused.md': 'key_missing',
  'kanali-generic-reason.md': 'upstream_error',
  'kanali-api-proxy-failing.md': 'connection_refused',
  'kanali-error-budget-burn.md': 'connection_refused',
  'kanali-overloaded.md': 'overloaded_requests',
  'kanali-certificate-expiring.md': 'connection_refused',
  'kanali-none-ready.md': 'shutting_down',
  'kanali-not-ready.md': 'shutting_down',
  'kanali-snapshot-disagreement.md': 'service_missing',
  'kanali-source-stale.md': 'services_stale',
  'kanali-kind-not-synced.md': 'services_unsynced',
  'kanali-condition-false.md': 'service_missing',
  'kanali-limit-store-failing.md': 'limit_store_failed',
  'kanali-limit-fallback.md': 'limit_store_failed',
}
const BY_TROUBLED = [
  'kanali-source-problems.md',
  'kanali-event-propagation-slow.md',
  'kanali-journal-failing.md',
  'kanali-journal-records-dropped.md',
]
const BY_PROCESS = ['kanali-uncaught-exception.md', 'kanali-event-loop-lag.md', 'kanali-telemetry-dropped.md']
const BY_OTHER_PROMETHEUS = ['kanali-absent.md', 'kanali-target-down.md', 'kanali-scrape-labels-renamed.md']

export class AlertStates implements AsyncDisposable {
  readonly states = new Map<string, AlertState>()
  readonly #parts = new AsyncDisposableStack()

  /** @param binary Prometheus */
  static async start(binary: string): Promise<AlertStates> {
    const made = new AlertStates()
    try {
      await made.#start(binary)
      return made
    } catch (error) {
      await made[Symbol.asyncDispose]()
      throw error
    }
  }

  async #start(binary: string): Promise<void> {
    const world = this.#parts.use(await startEveryOutcome())
    const troubled = this.#parts.use(await Troubled.start())
    const telling = this.#parts.use(await TroubledProcess.start())
    const lost = this.#parts.use(await WorkerLost.start())
    const gateways = [...world.gateways, troubled.gateway, telling.gateway, lost.gateway]
    const targets = gateways.map(({ prometheusPort }) => `127.0.0.1:${prometheusPort}`)
    const prometheus = this.#parts.use(await startPrometheus(binary, { targets }))
    // A rise is one between two scrapes, also of a series that is new.
    for (const outcome of FREQUENT) await world.produce(outcome)
    await prometheus.nextScrape()
    const produced = await happen(world, troubled, telling)
    await lost.happen()
    await prometheus.nextScrape()
    const asked = { prometheus: prometheus.url.replace('http://', '') }
    for (const [page, outcome] of Object.entries(BY_OUTCOME)) {
      const exchange = produced.get(outcome)
      if (exchange === undefined) throw new Error(`${outcome} was not produced`)
      const more = page === 'kanali-certificate-expiring.md' ? { ...asked, secret: 'expiring' } : asked
      this.states.set(page, { gateway: exchange.gateway, values: placeholdersOf(exchange, more) })
    }
    for (const page of BY_TROUBLED) this.states.set(page, troubled.state(asked))
    for (const page of BY_PROCESS) this.states.set(page, telling.state(asked))
    this.states.set('kanali-worker-lost.md', lost.state(asked))
    await this.#otherPrometheus(binary, world)
  }

  /** It puts a label of its own on targets, and one of them is gone. */
  async #otherPrometheus(binary: string, world: EveryOutcome): Promise<void> {
    const main = world.gateway()
    const dead = `127.0.0.1:${await freePort()}`
    const targets = { kanali: [`127.0.0.1:${main.prometheusPort}`, dead] }
    const adapt = (configuration: PrometheusConfiguration): void => {
      for (const scrape of configuration.scrape_configs) {
        for (const config of scrape.static_configs) config.labels = { namespace: 'monitoring' }
      }
    }
    const other = this.#parts.use(await startPrometheus(binary, { targets, adapt }))
    await other.until('kanali_requests_total{exported_namespace!=""}')
    await other.until('up == 0')
    const values = { prometheus: other.url.replace('http://', ''), 'dead instance': dead }
    for (const page of BY_OTHER_PROMETHEUS) this.states.set(page, { gateway: main, values })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync()
  }
}

async function happen(
  world: EveryOutcome,
  troubled: Troubled,
  telling: TroubledProcess,
): Promise<Map<Outcome, Produced>> {
  const produced = new Map<Outcome, Produced>()
  await world.good(16)
  for (const outcome of new Set(Object.values(BY_OUTCOME))) {
    const times = FREQUENT.includes(outcome) ? OFTEN : 2
    for (let count = 0; count < times; count++) produced.set(outcome, await world.produce(outcome))
  }
  // The last failures of the gateway are to be the frequent ones.
  for (const outcome of FREQUENT) produced.set(outcome, await world.produce(outcome))
  await troubled.happen()
  await telling.happen()
  return produced
}

/** Its folder has a file that cannot be read, and its journal is gone. */
class Troubled implements AsyncDisposable {
  readonly gateway: OutcomeGateway
  readonly #running: InProcessGateway
  readonly #folder: TempFolder

  private constructor(running: InProcessGateway, folder: TempFolder) {
    this.#running = running
    this.#folder = folder
    const { port, profilingPort, prometheusPort } = running
    const places = { folder: `${folder.path}/manifests`, journal: `${folder.path}/journal` }
    this.gateway = { name: 'narrow', port, profilingPort, prometheusPort, places }
  }

  static async start(): Promise<Troubled> {
    const folder = await tempFolder('troubled')
    await folder.write(
      'manifests/canned.yaml',
      JSON.stringify(mockTarget('canned').route('/', 200, 'ok').build()),
    )
    const flags = {
      'source.directory': `${folder.path}/manifests`,
      'events.journal_dir': `${folder.path}/journal`,
      // Soon it needs a new file, in a folder that is gone by then.
      'events.journal_checkpoint_records': '10',
    }
    return new Troubled(await startInProcessGateway(undefined, flags), folder)
  }

  async happen(): Promise<void> {
    await rm(`${this.#folder.path}/journal`, { recursive: true })
    await this.#folder.write('manifests/broken.yaml', 'apiVersion: kanali.io/v2\nkind: [')
    let round = 0
    await waitUntil(async () => {
      round += 1
      const changed = apiProxy('changed').at(`/changed/${round}`).mock('canned').build()
      await this.#folder.write('manifests/changed.yaml', JSON.stringify(changed))
      const text = await this.#running.metrics()
      return (
        /^kanali_journal_records_dropped_total [1-9]/m.test(text) && /^kanali_source_problems 1/m.test(text)
      )
    }, 'a journal that is gone, and a file that cannot be read')
    await this.#folder.write('program.log', this.#running.log.map((line) => JSON.stringify(line)).join('\n'))
  }

  state(values: Placeholders): AlertState {
    const { folder = '', journal = '' } = this.gateway.places
    const own = { folder, journal, 'program log': `${this.#folder.path}/program.log` }
    const instance = `127.0.0.1:${this.gateway.prometheusPort}`
    return { gateway: this.gateway, values: { ...values, ...own, instance } }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.stop()
    await this.#folder.remove()
  }
}

/** Its Collector cannot be reached, one plugin throws when nobody listens any more, and another blocks the loop. */
class TroubledProcess implements AsyncDisposable {
  readonly gateway: OutcomeGateway
  readonly #running: GatewayProcess
  readonly #collector: string
  readonly #release: () => Promise<void>

  private constructor(running: GatewayProcess, collector: string, release: () => Promise<void>) {
    this.#running = running
    this.#collector = collector
    this.#release = release
    const { port, profilingPort, prometheusPort } = running
    this.gateway = { name: 'main', port, profilingPort, prometheusPort, places: {} }
  }

  static async start(): Promise<TroubledProcess> {
    const plugins = await pluginPart()
    const collector = `http://127.0.0.1:${await freePort()}`
    const running = await startGatewayProcess({
      manifests: { 'all.yaml': [mockTarget('canned').route('/', 200, 'ok').build(), ...plugins.manifests] },
      flags: plugins.flags ?? {},
      otlpUrl: collector,
      env: { OTEL_BSP_MAX_QUEUE_SIZE: '1' },
    })
    return new TroubledProcess(running, collector, () => plugins.stop())
  }

  async happen(): Promise<void> {
    const { port } = this.gateway
    for (const path of ['/strays', '/blocks', '/passes', '/passes', '/passes']) {
      await httpRequest(port, 'GET', path)
    }
    await this.#running.logLine(({ level }) => level === 'error')
    await this.#running.folder.write('program.log', this.#running.process.stderr)
  }

  state(values: Placeholders): AlertState {
    const own = { 'program log': `${this.#running.folder.path}/program.log`, collector: this.#collector }
    const instance = `127.0.0.1:${this.gateway.prometheusPort}`
    return { gateway: this.gateway, values: { ...values, ...own, instance } }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.stop()
    await this.#release()
  }
}
