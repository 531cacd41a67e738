// A real OpenTelemetry Collector on loopback ports: OTLP in (grpc and http), what comes through its processors
// out as flattened spans. Fails, with the Collector's own words, where it does not start.

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { freePorts } from './free-ports.ts'
import { flattenSpans, type ReceivedSpan } from './received-span.ts'
import { RunningProcess } from './running-process.ts'
import { tempFolder, type TempFolder } from './temp-folder.ts'
import { waitUntil } from './wait-until.ts'

export interface CollectorConfig {
  receivers: Record<string, unknown>
  processors: Record<string, unknown>
  exporters: Record<string, unknown>
  connectors: Record<string, unknown>
  extensions: Record<string, unknown>
  service: {
    extensions: string[]
    pipelines: Record<string, { receivers: string[]; processors: string[]; exporters: string[] }>
    telemetry: Record<string, unknown>
  }
}

const STARTS_MAX = 3

export class Collector implements AsyncDisposable {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT with http/protobuf. */
  readonly httpUrl: string
  /** For OTEL_EXPORTER_OTLP_ENDPOINT with grpc. */
  readonly grpcUrl: string
  readonly process: RunningProcess
  readonly #folder: TempFolder
  readonly #output: string

  constructor(ports: CollectorPorts, running: RunningProcess, folder: TempFolder, output: string) {
    this.httpUrl = `http://127.0.0.1:${ports.http}`
    this.grpcUrl = `http://127.0.0.1:${ports.grpc}`
    this.process = running
    this.#folder = folder
    this.#output = output
  }

  /** What its file exporter writes: a message a line. */
  get file(): string {
    return this.#output
  }

  /** Every span that has come out so far, in the order in which it came. */
  async allSpans(): Promise<ReceivedSpan[]> {
    const text = await readFile(this.#output, 'utf8').catch(() => '')
    const complete = text.slice(0, text.lastIndexOf('\n') + 1)
    return complete
      .split('\n')
      .filter((line) => line !== '')
      .flatMap((line) => flattenSpans(JSON.parse(line)))
  }

  /** Waits until at least `count` spans that `predicate` accepts have come out, and gives all of those. */
  async spans(
    predicate: (span: ReceivedSpan) => boolean,
    { count = 1, timeoutMs = 20_000 }: { count?: number; timeoutMs?: number } = {},
  ): Promise<ReceivedSpan[]> {
    let seen: ReceivedSpan[] = []
    return waitUntil(
      async () => {
        seen = await this.allSpans()
        const found = seen.filter(predicate)
        return found.length >= count && found
      },
      () => `${count} spans from the Collector; it gave: ${JSON.stringify(seen.map((span) => span.name))}`,
      { timeoutMs, everyMs: 50 },
    )
  }

  async stop(): Promise<void> {
    await this.process.stop()
    await this.#folder.remove()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

interface CollectorPorts {
  readonly grpc: number
  readonly http: number
  readonly health: number
}

/**
 * Starts `binary` (see requireTool) and waits until it is ready. `adapt` may change the configuration before the
 * start: add a processor and name it in `service.pipelines.traces.processors`, for example.
 */
export async function startCollector(
  binary: string,
  adapt: (config: CollectorConfig) => void = () => undefined,
): Promise<Collector> {
  for (let start = 1; ; start++) {
    const [grpc = 0, http = 0, health = 0] = await freePorts(3)
    const ports = { grpc, http, health }
    const folder = await tempFolder('collector')
    const output = path.join(folder.path, 'out.jsonl')
    const config = defaultConfig(ports, output)
    adapt(config)
    const running = new RunningProcess(binary, [
      '--config',
      await folder.write('config.yaml', JSON.stringify(config)),
    ])
    try {
      await running.until(() => isHealthy(health), 'the Collector is ready', { timeoutMs: 30_000 })
      return new Collector(ports, running, folder, output)
    } catch (error) {
      await running.stop()
      await folder.remove()
      const portWasTaken = running.stderr.includes('address already in use')
      if (!portWasTaken || start === STARTS_MAX) throw error
    }
  }
}

function defaultConfig(ports: CollectorPorts, output: string): CollectorConfig {
  return {
    receivers: {
      otlp: {
        protocols: {
          grpc: { endpoint: `127.0.0.1:${ports.grpc}` },
          http: { endpoint: `127.0.0.1:${ports.http}` },
        },
      },
    },
    processors: {},
    exporters: { file: { path: output, format: 'json', flush_interval: '20ms' } },
    connectors: {},
    extensions: { health_check: { endpoint: `127.0.0.1:${ports.health}` } },
    service: {
      extensions: ['health_check'],
      pipelines: { traces: { receivers: ['otlp'], processors: [], exporters: ['file'] } },
      telemetry: { metrics: { level: 'none' }, logs: { level: 'info' } },
    },
  }
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
