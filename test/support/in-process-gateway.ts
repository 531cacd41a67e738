// A gateway inside the test, on real sockets of free ports: for what no manifest and no upstream can cause, such as
// events of a source that is refused, or a transport that throws. OpenTelemetry's variables are set while it runs.

import { vi } from 'vitest'
import { loadOptions } from '../../src/config/load.ts'
import { createGateway, type GatewayOverrides } from '../../src/gateway.ts'
import type { LogLine } from './gateway-process.ts'
import type { ObservedGateway } from './observed.ts'
import type { OtlpSink } from './otlp-sink.ts'
import { waitUntil } from './wait-until.ts'

export interface InProcessGateway extends ObservedGateway, AsyncDisposable {
  readonly port: number
  readonly profilingPort: number
  /** Both outputs so far. */
  readonly accessLog: readonly LogLine[]
  readonly log: readonly LogLine[]
  stop(): Promise<void>
}

/** Starts one; throws where it does not start. @param flags options by name, without dashes */
export async function startInProcessGateway(
  sink: OtlpSink,
  flags: Readonly<Record<string, string>>,
  overrides: Pick<GatewayOverrides, 'sources' | 'transport'> = {},
): Promise<InProcessGateway> {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', sink.httpUrl)
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '100')
  const local = {
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
    stdout: {
      write(chunk, done) {
        accessLog.push(...linesOf(chunk.toString()))
        done()
      },
      on: () => undefined,
    },
    stderr: {
      write(text) {
        log.push(...linesOf(text))
        return true
      },
    },
  })
  const stop = async (): Promise<void> => {
    await gateway.stop()
    vi.unstubAllEnvs()
  }
  const started = await gateway.start()
  if ('problem' in started) throw new Error(started.problem)
  const portOf = (option: string): number => started.ports.get(option) ?? 0
  return {
    port: portOf('server.insecure_port'),
    profilingPort: portOf('profiling.insecure_port'),
    accessLog,
    log,
    accessLines: (predicate, count = 1) =>
      waitUntil(() => {
        const found = accessLog.filter(predicate)
        return found.length >= count && found
      }, `${count} access log lines`),
    metrics: async () =>
      (await fetch(`http://127.0.0.1:${portOf('prometheus.insecure_port')}/metrics`)).text(),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Every write is of whole lines. */
function linesOf(text: string): LogLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogLine)
}
