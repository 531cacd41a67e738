// Starts the SDK from the OTEL_* variables: sampler, resource, and a queue of our own in front of the OTLP exporter, of
// bytes where the exchanges' spans can be written as such, else of the SDK's spans (docs/decisions/0018).

import { trace } from '@opentelemetry/api'
import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node'
import { BoundedSpanProcessor, type QueueLimits } from './bounded-span-processor.ts'
import { type HeadSampler, PROBE } from './head-sampler.ts'
import { PooledIds } from './ids.ts'
import { SCOPE } from './names.ts'
import { type BinaryProtocol, spanTransport } from './otlp-transport.ts'
import type { SdkDiagnostics } from './sdk-diagnostics.ts'
import {
  otlpExporter,
  otlpProtocol,
  type OtlpProtocol,
  type Problem,
  queueLimits,
  read,
  resourceDefaults,
  samplerOf,
  traceExport,
} from './sdk-environment.ts'
import { limitsSpans } from './span-attributes.ts'
import { BatchSerializer } from './span-batch.ts'
import type { SpanQueue } from './span-queue.ts'
import type { Inbound } from './tracing.ts'

export interface VariablesInputs {
  readonly inbound: Inbound
  /** `service.version`. */
  readonly version: string
  /** Called with the number of spans that were lost. */
  readonly onDropped: (spans: number) => void
}

/** What spans as bytes are written with. */
export interface ByteExport {
  readonly queue: SpanQueue
  readonly sampler: HeadSampler
}

export interface Started {
  readonly shutdown: () => Promise<void>
  readonly processor?: BoundedSpanProcessor | SpanQueue
  readonly bytes?: ByteExport
}

/** Starts it; throws or gives a problem where it cannot. */
export async function startFromVariables(
  { inbound, version, onDropped }: VariablesInputs,
  instrumentations: NodeSDKConfiguration['instrumentations'],
  diagnostics: SdkDiagnostics,
): Promise<Started | Problem> {
  const { env } = process
  const sampler = await samplerOf(env, inbound)
  if ('problem' in sampler) return sampler
  const { NodeSDK } = await import('@opentelemetry/sdk-node')
  const settings: Partial<NodeSDKConfiguration> = { instrumentations, sampler, idGenerator: new PooledIds() }
  // The SDK sends metrics and logs over OTLP unless told not to; ours are scraped and written to standard error.
  if (read(env, 'OTEL_METRICS_EXPORTER') === undefined) settings.metricReaders = []
  if (read(env, 'OTEL_LOGS_EXPORTER') === undefined) settings.logRecordProcessors = []
  let queue: Awaited<ReturnType<typeof queueFor>> | undefined
  if (traceExport(env) === 'ours') {
    const protocol = otlpProtocol(env)
    if (typeof protocol === 'object') return protocol
    queue = await queueFor(protocol, onDropped)
    settings.spanProcessors = [queue.processor]
  }
  const sdk = withVariables(resourceDefaults(env, version), () =>
    diagnostics.during(() => {
      const created = new NodeSDK(settings)
      created.start()
      return created
    }),
  )
  if (queue === undefined) return { shutdown: () => sdk.shutdown() }
  const { processor, bytes } = queue
  if (bytes !== undefined) trace.getTracer(SCOPE, version).startSpan(PROBE, { root: true })
  return {
    shutdown: () => sdk.shutdown(),
    processor,
    // Not taught where the provider that was registered is not this one: its tracer makes the spans then.
    ...(bytes?.isTaught === true ? { bytes: { queue: bytes, sampler } } : {}),
  }
}

/** `bytes` is the same queue where it takes bytes. */
async function queueFor(
  protocol: OtlpProtocol,
  onDropped: (spans: number) => void,
): Promise<{ readonly processor: BoundedSpanProcessor | SpanQueue; readonly bytes?: SpanQueue }> {
  const { env } = process
  const limits = queueLimits(env)
  if (protocol !== 'http/json' && !limitsSpans(env)) {
    const bytes = await spanQueue(protocol, limits, onDropped)
    return { processor: bytes, bytes }
  }
  const { BatchSpanProcessor } = await import('@opentelemetry/sdk-trace')
  const exporter = await otlpExporter(protocol)
  return { processor: new BoundedSpanProcessor(BatchSpanProcessor, exporter, limits, onDropped) }
}

async function spanQueue(
  protocol: BinaryProtocol,
  limits: QueueLimits,
  onDropped: (spans: number) => void,
): Promise<SpanQueue> {
  const { ProtobufTraceSerializer } = await import('@opentelemetry/otlp-transformer')
  const { SpanQueue } = await import('./span-queue.ts')
  const serializer = new BatchSerializer(ProtobufTraceSerializer)
  return new SpanQueue({
    limits,
    serializer,
    transport: await spanTransport(protocol, serializer),
    onDropped,
  })
}

/** Runs `act` with these variables set; the SDK reads its settings from the environment and from nowhere else. */
export function withVariables<T>(variables: Readonly<Record<string, string>>, act: () => T): T {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, variables)
  try {
    return act()
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}
