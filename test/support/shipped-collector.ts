// The Collector as an operator starts it: the very files of otel/, with nothing changed but their variables, on loopback
// ports. Whoever stops one is told where its log has a word of deprecation. Must never hold a piece of configuration.

import path from 'node:path'
import { Exposition } from './exposition.ts'
import { freePorts } from './free-ports.ts'
import { RunningProcess } from './running-process.ts'
import { tempFolder, type TempFolder } from './temp-folder.ts'
import { waitUntil } from './wait-until.ts'

export const OTEL_FOLDER = path.join(import.meta.dirname, '../../otel')

export interface ShippedOptions {
  /**
   * Files of otel/, absolute paths, or a document behind `yaml:`, merged by the Collector in this order. Default
   * collector.yaml alone.
   */
  readonly files?: readonly string[]
  /** COLLECTOR_BACKEND_ENDPOINT. */
  readonly backendUrl?: string
  /** More variables. */
  readonly env?: Readonly<Record<string, string>>
  /** Folder of the persistent queue, which outlives the Collector; a folder of its own where absent. */
  readonly storage?: string
  /** Those of a Collector that ran before; free ones where absent. */
  readonly ports?: ShippedPorts
}

export interface ShippedPorts {
  readonly grpc: number
  readonly http: number
  readonly health: number
  readonly metrics: number
  readonly spanMetrics: number
}

export class ShippedCollector implements AsyncDisposable {
  readonly ports: ShippedPorts
  readonly process: RunningProcess
  readonly #folder: TempFolder

  constructor(ports: ShippedPorts, running: RunningProcess, folder: TempFolder) {
    this.ports = ports
    this.process = running
    this.#folder = folder
  }

  /** For OTEL_EXPORTER_OTLP_ENDPOINT with http/protobuf. */
  get httpUrl(): string {
    return `http://127.0.0.1:${this.ports.http}`
  }

  /** host:port of OTLP over gRPC. */
  get grpcAddress(): string {
    return `127.0.0.1:${this.ports.grpc}`
  }

  /** What it counts of itself. */
  async metrics(): Promise<Exposition> {
    return scrape(this.ports.metrics)
  }

  /** Sum of one of its own counters or gauges over all series whose labels include these; 0 without one. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    return (await this.metrics()).samples(name, labels).reduce((sum, { value }) => sum + value, 0)
  }

  /** The span metrics, with their exemplars. */
  async spanMetrics(): Promise<Exposition> {
    return scrape(this.ports.spanMetrics)
  }

  /**
   * Waits until every trace that was received is judged, and all that was kept is with the back end. A gateway must have
   * sent its spans before, a stopped one has.
   */
  async untilDelivered(timeoutMs = 20_000): Promise<void> {
    await waitUntil(
      async () => {
        const metrics = await this.metrics()
        const sum = (name: string, labels = {}): number =>
          metrics.samples(name, labels).reduce((total, { value }) => total + value, 0)
        const judged = sum('otelcol_processor_tail_sampling_global_count_traces_sampled_total')
        const kept =
          sum('otelcol_processor_outgoing_items_total', { processor: 'filter/failures' }) +
          sum('otelcol_processor_outgoing_items_total', { processor: 'filter/not_failures' })
        return (
          judged === sum('otelcol_processor_tail_sampling_new_trace_id_received_total') &&
          kept === sum('otelcol_exporter_sent_spans_total')
        )
      },
      () => `everything to be judged and delivered; ${this.process.describe()}`,
      { timeoutMs, everyMs: 50 },
    )
  }

  /** SIGTERM, as an operator ends it; throws where its log said that something is deprecated. */
  async stop(): Promise<void> {
    await this.process.stop('SIGTERM', 30_000)
    await this.#folder.remove()
    const deprecated = this.process.stderr.split('\n').filter((line) => /deprecat/i.test(line))
    if (deprecated.length > 0) throw new Error(`the Collector says: ${deprecated.join('\n')}`)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

const STARTS_MAX = 3

/** Starts `binary` (see describeWithTools) and waits until it says that it is ready; fails with its own words. */
export async function startShippedCollector(
  binary: string,
  options: ShippedOptions = {},
): Promise<ShippedCollector> {
  for (let start = 1; ; start++) {
    const ports = options.ports ?? (await somePorts())
    const folder = await tempFolder('shipped-collector')
    const running = runShipped(binary, options, ports, options.storage ?? folder.path)
    try {
      await running.until(() => isHealthy(ports.health), 'the Collector is ready', { timeoutMs: 30_000 })
      return new ShippedCollector(ports, running, folder)
    } catch (error) {
      await running.stop()
      await folder.remove()
      const portWasTaken = options.ports === undefined && running.stderr.includes('address already in use')
      if (!portWasTaken || start === STARTS_MAX) throw error
    }
  }
}

/** Runs it with variables that need not be good, and gives what it said when it ended; throws where it becomes ready. */
export async function refusalOf(binary: string, options: ShippedOptions): Promise<string> {
  const ports = await somePorts()
  await using folder = await tempFolder('shipped-collector')
  await using running = runShipped(binary, options, ports, options.storage ?? folder.path)
  const ready = waitUntil(() => running.exit !== undefined || isHealthy(ports.health), 'an end or a start')
  await Promise.race([running.exited, ready])
  if (running.exit === undefined) throw new Error(`it started: ${running.describe()}`)
  return running.stderr
}

function runShipped(
  binary: string,
  { files = ['collector.yaml'], backendUrl, env = {} }: ShippedOptions,
  ports: ShippedPorts,
  storage: string,
): RunningProcess {
  const configs = files.map((file) => (file.startsWith('yaml:') ? file : path.resolve(OTEL_FOLDER, file)))
  const args = configs.flatMap((config) => ['--config', config])
  const inherited = Object.keys(process.env).filter((name) => name.startsWith('COLLECTOR_'))
  return new RunningProcess(binary, args, {
    env: {
      ...Object.fromEntries(inherited.map((name) => [name, undefined])),
      COLLECTOR_LISTEN_HOST: '127.0.0.1',
      COLLECTOR_OTLP_GRPC_PORT: String(ports.grpc),
      COLLECTOR_OTLP_HTTP_PORT: String(ports.http),
      COLLECTOR_HEALTH_PORT: String(ports.health),
      COLLECTOR_METRICS_PORT: String(ports.metrics),
      COLLECTOR_SPAN_METRICS_PORT: String(ports.spanMetrics),
      COLLECTOR_STORAGE: storage,
      ...(backendUrl !== undefined && { COLLECTOR_BACKEND_ENDPOINT: backendUrl }),
      ...env,
    },
  })
}

async function somePorts(): Promise<ShippedPorts> {
  const [grpc = 0, http = 0, health = 0, metrics = 0, spanMetrics = 0] = await freePorts(5)
  return { grpc, http, health, metrics, spanMetrics }
}

async function isHealthy(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`)
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

async function scrape(port: number): Promise<Exposition> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, {
    headers: { accept: 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5' },
  })
  return new Exposition(await response.text(), response.headers.get('content-type') ?? '')
}
