// Starts the SDK from the OTEL_* variables: sampler, resource, and a queue of our own in front of the OTLP exporter, of
// bytes where the exchanges' spans can be written as such, else of the SDK's spans (docs/decisions/0018).

import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node'
import { BoundedSpanProcessor, type QueueLimits } from './bounded-span-processor.ts'
import { type HeadSampler, PROBE } from './head-sampler.ts'
import { PooledIds } from './ids.ts'
import { SCOPE } from './names.ts'
import { load, trace } from './opentelemetry.ts'
import { type BinaryProtocol, spanTransport } from './otlp-transport.ts'
import { isPlain, PlainSdk } from './plain-sdk.ts'
import type { SdkDiagnostics } from './sdk-diagnostics.ts'
import {
  otlpProtocol,
  type OtlpProtocol,
  type Problem,
  queueLimits,
  read,
  resourceDefaults,
  traceExport,
} from './sdk-environment.ts'
import { otlpExporter, samplerOf } from './sdk-parts.ts'
import { limitsSpans } from './span-attributes.ts'
import { BatchSerializer } from './span-batch.ts'
import { SpanQueue } from './span-queue.ts'
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
export function startFromVariables(
  { inbound, version, onDropped }: VariablesInputs,
  instrumentations: NonNullable<NodeSDKConfiguration['instrumentations']>,
  diagnostics: SdkDiagnostics,
): Started | Problem {
  const { env } = process
  const sampler = samplerOf(env, inbound)
  if ('problem' in sampler) return sampler
  const settings: Partial<NodeSDKConfiguration> = { instrumentations, sampler, idGenerator: new PooledIds() }
  // The SDK sends metrics and logs over OTLP unless told not to; ours are scraped and written to standard error.
  if (read(env, 'OTEL_METRICS_EXPORTER') === undefined) settings.metricReaders = []
  if (read(env, 'OTEL_LOGS_EXPORTER') === undefined) settings.logRecordProcessors = []
  let queue: ReturnType<typeof queueFor> | undefined
  if (traceExport(env) === 'ours') {
    const protocol = otlpProtocol(env)
    if (typeof protocol === 'object') return protocol
    queue = queueFor(protocol, onDropped)
    settings.spanProcessors = [queue.processor]
  }
  const plain = queue !== undefined && instrumentations.length === 0 && isPlain(env)
  const sdk = withVariables(resourceDefaults(env, version), () =>
    diagnostics.during(() => {
      const created =
        plain && queue !== undefined
          ? new PlainSdk(sampler, queue.processor)
          : new (load('@opentelemetry/sdk-node').NodeSDK)(settings)
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
function queueFor(
  protocol: OtlpProtocol,
  onDropped: (spans: number) => void,
): { readonly processor: BoundedSpanProcessor | SpanQueue; readonly bytes?: SpanQueue } {
  const { env } = process
  const limits = queueLimits(env)
  if (protocol !== 'http/json' && !limitsSpans(env)) {
    const bytes = spanQueue(protocol, limits, onDropped)
    return { processor: bytes, bytes }
  }
  const { BatchSpanProcessor } = load('@opentelemetry/sdk-trace')
  const exporter = otlpExporter(protocol)
  return { processor: new BoundedSpanProcessor(BatchSpanProcessor, exporter, limits, onDropped) }
}

function spanQueue(
  protocol: BinaryProtocol,
  limits: QueueLimits,
  onDropped: (spans: number) => void,
): SpanQueue {
  const serializer = new BatchSerializer(
    () => load('@opentelemetry/otlp-transformer').ProtobufTraceSerializer,
  )
  return new SpanQueue({ limits, serializer, transport: spanTransport(protocol, serializer), onDropped })
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
