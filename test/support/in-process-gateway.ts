// A gateway in the process that asks for it, on real sockets of free ports: for what no manifest and no upstream can
// cause, such as events of a source that is refused, or a transport that throws. Several may run at once; they share
// one OpenTelemetry, whose variables are set while any of them runs. Must not import the test runner: scripts use it too.

import { loadOptions } from '../../src/config/load.ts'
import { createGateway, type Gateway, type GatewayOverrides } from '../../src/gateway.ts'
import type { LogLine } from './gateway-process.ts'
import type { ObservedGateway } from './observed.ts'
import { seeAccessLine, seeLogLine } from './registry/watch.ts'
import { TRANSPORT_FLAGS } from './upstream-transport.ts'
import { waitUntil } from './wait-until.ts'

export interface InProcessGateway extends ObservedGateway, AsyncDisposable {
  readonly port: number
  readonly profilingPort: number
  readonly prometheusPort: number
  /** Both outputs so far. */
  readonly accessLog: readonly LogLine[]
  readonly log: readonly LogLine[]
  /** The composition itself, such as for single steps of a drain. */
  readonly gateway: Gateway
  stop(): Promise<void>
}

/**
 * Starts one; throws where it does not start.
 * @param sink where spans go, such as an OtlpSink or a Collector; absent: tracing is off
 * @param flags options by name, without dashes
 */
export async function startInProcessGateway(
  sink: { readonly httpUrl: string } | undefined,
  flags: Readonly<Record<string, string>>,
  overrides: Pick<GatewayOverrides, 'sources' | 'transport' | 'workerLimits'> = {},
): Promise<InProcessGateway> {
  const local = {
    ...TRANSPORT_FLAGS,
    'server.insecure_bind_address': '127.0.0.1',
    'prometheus.insecure_bind_address': '127.0.0.1',
    ...flags,
  }
  const loaded = loadOptions({
    argv: Object.entries(local).map(([name, value]) => `--${name}=${value}`),
    env: {},
  })
  if ('problem' in loaded) throw new Error(loaded.problem)
  const accessLog: LogLine[] = []
  const log: LogLine[] = []
  const gateway = createGateway(loaded.options, {
    ...overrides,
    freePorts: true,
    ...collecting(accessLog, log),
  })
  const release = setVariables(sink?.httpUrl)
  const stop = async (): Promise<void> => {
    await gateway.stop()
    release()
  }
  const started = await gateway.start()
  if ('problem' in started) {
    release()
    throw new Error(started.problem)
  }
  const portOf = (option: string): number => started.ports.get(option) ?? 0
  const prometheusPort = portOf('prometheus.insecure_port')
  return {
    port: portOf('server.insecure_port'),
    profilingPort: portOf('profiling.insecure_port'),
    prometheusPort,
    accessLog,
    log,
    gateway,
    accessLines: (predicate, count = 1) =>
      waitUntil(() => {
        const found = accessLog.filter(predicate)
        return found.length >= count && found
      }, `${count} access log lines`),
    metrics: async () => (await fetch(`http://127.0.0.1:${prometheusPort}/metrics`)).text(),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function collecting(
  accessLog: LogLine[],
  log: LogLine[],
): Required<Pick<GatewayOverrides, 'stdout' | 'stderr'>> {
  return {
    stdout: {
      write(chunk, done) {
        accessLog.push(...linesOf(chunk.toString(), seeAccessLine))
        done()
      },
      on: () => undefined,
    },
    stderr: {
      write(text, done) {
        log.push(...linesOf(text, seeLogLine))
        done?.()
        return true
      },
    },
  }
}

/** The variables as they were before the first of the gateways that run now. */
const before = new Map<string, string | undefined>()
let users = 0

/** Sets them until the function that it gives was called; the last to call it puts back what was there before. */
function setVariables(otlpUrl: string | undefined): () => void {
  const variables: Readonly<Record<string, string>> =
    otlpUrl === undefined
      ? { OTEL_SDK_DISABLED: 'true' }
      : { OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl, OTEL_BSP_SCHEDULE_DELAY: '100' }
  users += 1
  for (const [name, value] of Object.entries(variables)) {
    if (!before.has(name)) before.set(name, process.env[name])
    process.env[name] = value
  }
  let released = false
  return () => {
    if (released) return
    released = true
    users -= 1
    if (users > 0) return
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    before.clear()
  }
}

/** Every write is of whole lines. */
function linesOf(text: string, see: (line: string) => void): LogLine[] {
  const lines = text.split('\n').filter((line) => line !== '')
  lines.forEach(see)
  return lines.map((line) => JSON.parse(line) as LogLine)
}
