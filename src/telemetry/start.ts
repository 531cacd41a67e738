// Starts OpenTelemetry's SDK: from a configuration file where one is named, else from the OTEL_* variables with a queue
// of our own. It never goes on silently without a tracer: where none is registered, the start has failed and says why.
// Imported only where spans are made (signals.ts).

import type { Tracer } from '@opentelemetry/api'
import { namedInstrumentations } from './instrumentations.ts'
import type { Log } from './log.ts'
import { SCOPE } from './names.ts'
import { context, diag, isSpanContextValid, load, metrics, propagation, trace } from './opentelemetry.ts'
import { SdkDiagnostics } from './sdk-diagnostics.ts'
import { configFileOf, type Problem } from './sdk-environment.ts'
import { limitsSpans } from './span-attributes.ts'
import { type ByteExport, type Started, startFromVariables, withVariables } from './start-from-variables.ts'
import type { Inbound } from './tracing.ts'

export interface SdkInputs {
  /** Option tracing.config_file; wins over OTEL_CONFIG_FILE. */
  readonly configFile: string | undefined
  /** Option tracing.inbound. */
  readonly inbound: Inbound
  /** `service.version`. */
  readonly version: string
  readonly log: Log
  /** Called with the number of spans that were lost. */
  readonly onDropped: (spans: number) => void
}

export interface Sdk {
  readonly tracer: Tracer
  /** The sampler is a configuration file's and not ours. */
  readonly foreignSampler: boolean
  /** Limits on spans were set, or may have been in a configuration file. */
  readonly limitsSpans: boolean
  /** Present where exchanges' spans are written as bytes, and not by the tracer. */
  readonly bytes?: ByteExport
  /** Sends what is queued, for at most `timeoutMs`; what is left then is counted as dropped. Never rejects. */
  stop(timeoutMs: number): Promise<void>
}

/** What this process has running: OpenTelemetry's globals admit one, so that several gateways share it. */
interface Shared extends Started {
  users: number
  readonly foreignSampler: boolean
  readonly listeners: Set<(spans: number) => void>
}
let shared: Shared | undefined
/** Starts and ends happen one after the other: two that overlap would each have half of what the process has once. */
let lastTurn: Promise<unknown> = Promise.resolve()

/**
 * Starts the SDK, or joins the one that this process has already, ours or one that `--import` brought.
 * `problem` is one line for a person.
 */
export async function startSdk(inputs: SdkInputs): Promise<Sdk | Problem> {
  return inTurn(() => startOrJoin(inputs, configFileOf(process.env, inputs.configFile)))
}

async function startOrJoin(inputs: SdkInputs, file: string | undefined): Promise<Sdk | Problem> {
  if (hasTracer()) return join(inputs)
  const diagnostics = new SdkDiagnostics(inputs.log)
  const listeners = new Set([inputs.onDropped])
  const onDropped = (spans: number): void => {
    for (const listener of listeners) listener(spans)
  }
  const started = start({ ...inputs, onDropped }, file, diagnostics)
  if ('problem' in started) return started
  shared = { ...started, users: 1, foreignSampler: file !== undefined, listeners }
  if (hasTracer()) return use(shared, inputs)
  await shutDown(shared, 0)
  const where = file === undefined ? 'the OTEL_* variables' : `the file ${file}`
  const cause = diagnostics.lastError === '' ? '' : `: ${diagnostics.lastError}`
  return {
    problem: `OpenTelemetry registered no tracer provider from ${where}${cause}. OTEL_SDK_DISABLED=true starts without one`,
  }
}

function join(inputs: SdkInputs): Sdk {
  if (shared !== undefined) {
    shared.users++
    shared.listeners.add(inputs.onDropped)
    return use(shared, inputs)
  }
  inputs.log.info({}, 'OpenTelemetry was started before this program: its tracer provider is used')
  return {
    tracer: trace.getTracer(SCOPE, inputs.version),
    foreignSampler: true,
    limitsSpans: true,
    stop: () => Promise.resolve(),
  }
}

function use(running: Shared, { version, onDropped }: SdkInputs): Sdk {
  return {
    tracer: trace.getTracer(SCOPE, version),
    foreignSampler: running.foreignSampler,
    limitsSpans: running.foreignSampler || limitsSpans(process.env),
    ...(running.bytes === undefined ? {} : { bytes: running.bytes }),
    stop: async (timeoutMs) => {
      running.users--
      await inTurn(async () => {
        if (running.users === 0 && running === shared) await shutDown(running, timeoutMs)
      })
      running.listeners.delete(onDropped)
    },
  }
}

function start(inputs: SdkInputs, file: string | undefined, diagnostics: SdkDiagnostics): Started | Problem {
  try {
    const instrumentations = namedInstrumentations(process.env, inputs.log)
    if (file === undefined) return startFromVariables(inputs, instrumentations, diagnostics)
    const { startNodeSDK } = load('@opentelemetry/sdk-node')
    const sdk = withVariables({ OTEL_CONFIG_FILE: file }, () =>
      diagnostics.during(() => startNodeSDK({ instrumentations })),
    )
    return { shutdown: () => sdk.shutdown() }
  } catch (error) {
    return {
      problem: `OpenTelemetry could not be started: ${error instanceof Error ? error.message : String(error)}`,
    }
  }
}

function inTurn<T>(act: () => Promise<T>): Promise<T> {
  const turn = lastTurn.then(act)
  lastTurn = turn.catch(() => undefined)
  return turn
}

/** Ends it within the time, counts what is left, and leaves the globals as they were before the start. */
async function shutDown(running: Shared, timeoutMs: number): Promise<void> {
  const { promise: timedOut, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, timeoutMs)
  // Why a Collector could not be reached has been logged by then.
  await Promise.race([running.shutdown().catch(() => undefined), timedOut])
  clearTimeout(timer)
  running.processor?.abandon()
  shared = undefined
  for (const api of [trace, context, metrics, propagation, diag]) api.disable()
}

/** True where spans get ids: the provider that stands there before any is registered gives none. */
function hasTracer(): boolean {
  const span = trace.getTracer(SCOPE).startSpan('probe', { root: true })
  return isSpanContextValid(span.spanContext())
}
