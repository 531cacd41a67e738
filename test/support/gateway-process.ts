// The real gateway as a user starts it: `kanali start` in a process of its own, on free loopback ports, watching a
// folder of manifests. What it says on its two outputs is collected and can be waited for.

import { rm } from 'node:fs/promises'
import path from 'node:path'
import { freePorts } from './free-ports.ts'
import { seeAccessLine, seeLogLine } from './registry/watch.ts'
import { RunningProcess, type Exit } from './running-process.ts'
import { tempFolder, type TempFolder } from './temp-folder.ts'
import { TRANSPORT_FLAGS } from './upstream-transport.ts'

/** One line of JSON on an output. */
export type LogLine = Readonly<Record<string, unknown>>

export interface GatewayOptions {
  /** File name to content: text as it is, an object as one document, a list as several documents. */
  readonly manifests?: Readonly<Record<string, string | object | readonly object[]>>
  /** More options by name, without dashes: `{ 'proxy.upstream_timeout': '2s' }`. */
  readonly flags?: Readonly<Record<string, string | number | boolean>>
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Where spans go, such as `sink.httpUrl` or `collector.httpUrl`. Absent: OTEL_SDK_DISABLED=true. */
  readonly otlpUrl?: string
  /** Default http/protobuf. */
  readonly otlpProtocol?: 'http/protobuf' | 'grpc'
  /** Put in front of the command, such as `['taskset', '-c', '0']`. */
  readonly prefix?: readonly string[]
  /** True: the access log goes to the null device. */
  readonly discardAccessLog?: boolean
  /** How long /readyz may take. Default 30 s. */
  readonly readyTimeoutMs?: number
  /** False: does not wait for /readyz. */
  readonly waitUntilReady?: boolean
  /** Called right before the process starts, once its folder is written. */
  readonly onSpawn?: () => void
}

const CLI = path.join(import.meta.dirname, '../../src/cli/kanali.ts')
const STARTS_MAX = 3

export class GatewayProcess implements AsyncDisposable {
  readonly port: number
  readonly profilingPort: number
  readonly prometheusPort: number
  readonly process: RunningProcess
  /** The watched folder. */
  readonly folder: TempFolder

  constructor(ports: GatewayPorts, running: RunningProcess, folder: TempFolder) {
    this.port = ports.server
    this.profilingPort = ports.profiling
    this.prometheusPort = ports.prometheus
    this.process = running
    this.folder = folder
  }

  /** Writes or replaces a manifest, in the forms of `GatewayOptions.manifests`. */
  async write(name: string, content: string | object | readonly object[]): Promise<void> {
    await this.folder.write(name, manifestText(content))
  }

  async remove(name: string): Promise<void> {
    await rm(path.join(this.folder.path, name))
  }

  /** Access log lines so far (standard output). Lines that are no JSON appear as `{ text }`. */
  get accessLog(): LogLine[] {
    return jsonLines(this.process.stdout)
  }

  /** The program's log so far (standard error). */
  get log(): LogLine[] {
    return jsonLines(this.process.stderr)
  }

  /** Waits for `count` access log lines that `predicate` accepts. */
  accessLines(predicate: (line: LogLine) => boolean, count = 1): Promise<LogLine[]> {
    return this.process.until(() => {
      const found = this.accessLog.filter(predicate)
      return found.length >= count && found
    }, `${count} access log lines`)
  }

  /** Waits for the first line of the program's log that `predicate` accepts. */
  logLine(predicate: (line: LogLine) => boolean): Promise<LogLine> {
    return this.process.until(() => this.log.find(predicate), 'a line of the log')
  }

  /** The metrics as text, or as OpenMetrics where `accept` asks for it. */
  async metrics(accept = 'text/plain'): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.prometheusPort}/metrics`, { headers: { accept } })
    return response.text()
  }

  /** /readyz as it answers now. */
  async readiness(): Promise<{ status: number; text: string }> {
    const response = await fetch(`http://127.0.0.1:${this.prometheusPort}/readyz`)
    return { status: response.status, text: await response.text() }
  }

  /** SIGTERM, then the end; SIGKILL after `killAfterMs`. The folder is removed. */
  async stop(killAfterMs = 15_000): Promise<Exit> {
    const exit = await this.process.stop('SIGTERM', killAfterMs)
    await this.folder.remove()
    return exit
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

interface GatewayPorts {
  readonly server: number
  readonly profiling: number
  readonly prometheus: number
}

/** Starts the gateway and waits until /readyz answers 200; fails with its output where it ends before. */
export async function startGatewayProcess(options: GatewayOptions = {}): Promise<GatewayProcess> {
  for (let start = 1; ; start++) {
    const [server = 0, profiling = 0, prometheus = 0] = await freePorts(3)
    const ports = { server, profiling, prometheus }
    const folder = await tempFolder('gateway')
    for (const [name, content] of Object.entries(options.manifests ?? {})) {
      await folder.write(name, manifestText(content))
    }
    const flags = { ...defaultFlags(folder.path, ports), ...options.flags }
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
    const env = { ...telemetryEnv(options), ...options.env }
    const [file = process.execPath, ...rest] = [
      ...(options.prefix ?? []),
      process.execPath,
      CLI,
      'start',
      ...args,
    ]
    options.onSpawn?.()
    const running = new RunningProcess(file, rest, {
      env,
      discardStdout: options.discardAccessLog ?? false,
      onStdoutLine: seeAccessLine,
      onStderrLine: seeLogLine,
    })
    const gateway = new GatewayProcess(ports, running, folder)
    if (options.waitUntilReady === false) return gateway
    try {
      await running.until(() => isReady(gateway), 'the gateway is ready', {
        timeoutMs: options.readyTimeoutMs ?? 30_000,
      })
      return gateway
    } catch (error) {
      await gateway.stop()
      if (!/EADDRINUSE|in use/.test(running.stderr) || start === STARTS_MAX) throw error
    }
  }
}

function defaultFlags(folder: string, ports: GatewayPorts): Record<string, string | number> {
  return {
    ...TRANSPORT_FLAGS,
    'source.directory': folder,
    'server.insecure_port': ports.server,
    'server.insecure_bind_address': '127.0.0.1',
    'profiling.insecure_port': ports.profiling,
    'prometheus.insecure_port': ports.prometheus,
    'prometheus.insecure_bind_address': '127.0.0.1',
  }
}

/** What the person who runs the tests has set for OpenTelemetry or Kanali must not reach the gateway. */
function telemetryEnv({
  otlpUrl,
  otlpProtocol = 'http/protobuf',
}: GatewayOptions): Record<string, string | undefined> {
  const inherited = Object.keys(process.env).filter((name) => /^(OTEL|KANALI)_/.test(name))
  const cleared = Object.fromEntries(inherited.map((name) => [name, undefined]))
  if (otlpUrl === undefined) return { ...cleared, OTEL_SDK_DISABLED: 'true' }
  return {
    ...cleared,
    OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl,
    OTEL_EXPORTER_OTLP_PROTOCOL: otlpProtocol,
    OTEL_BSP_SCHEDULE_DELAY: '100',
  }
}

async function isReady(gateway: GatewayProcess): Promise<boolean> {
  try {
    return (await gateway.readiness()).status === 200
  } catch {
    return false
  }
}

/** JSON is YAML, so objects need no serialiser of their own. */
function manifestText(content: string | object | readonly object[]): string {
  if (typeof content === 'string') return content
  const documents = Array.isArray(content) ? content : [content]
  return documents.map((document) => JSON.stringify(document, undefined, 2)).join('\n---\n')
}

/** The last piece may be half a line that is still being written. */
function jsonLines(text: string): LogLine[] {
  const lines = text.split('\n').slice(0, -1)
  return lines.filter((line) => line !== '').map(parseLine)
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine
  } catch {
    return { text: line }
  }
}
