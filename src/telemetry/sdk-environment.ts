// What the OTEL_* variables ask for where no configuration file is given: exporter, protocol, sampler, queue. Reads the
// variables as the SDK does, with larger queues, and says what it does not know instead of going on without it.

import type { Sampler, SpanExporter } from '@opentelemetry/sdk-trace'
import type { QueueLimits } from './bounded-span-processor.ts'
import { HeadSampler } from './head-sampler.ts'
import { SCOPE } from './names.ts'
import type { Inbound } from './tracing.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Problem {
  readonly problem: string
}

/** `ours`: OTLP through our bounded queue. `sdk`: other exporters, which the SDK makes. `none`: no spans are kept. */
export type TraceExport = 'ours' | 'sdk' | 'none'

export const OTLP_PROTOCOLS = ['http/protobuf', 'grpc', 'http/json'] as const
export type OtlpProtocol = (typeof OTLP_PROTOCOLS)[number]

const SAMPLERS = ['always_on', 'always_off', 'traceidratio']

/** OTEL_SDK_DISABLED. */
export function isDisabled(environment: Environment): boolean {
  return read(environment, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true'
}

/** OTEL_TRACES_EXPORTER; unset means otlp. */
export function traceExport(environment: Environment): TraceExport {
  const names = listOf(read(environment, 'OTEL_TRACES_EXPORTER'))
  if (names.includes('none')) return 'none'
  return names.every((name) => name === 'otlp') ? 'ours' : 'sdk'
}

/** OTEL_EXPORTER_OTLP_TRACES_PROTOCOL, else OTEL_EXPORTER_OTLP_PROTOCOL, else http/protobuf. */
export function otlpProtocol(environment: Environment): OtlpProtocol | Problem {
  const names = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL']
  const name = names.find((candidate) => read(environment, candidate) !== undefined)
  if (name === undefined) return 'http/protobuf'
  const value = read(environment, name)
  const known = OTLP_PROTOCOLS.find((protocol) => protocol === value)
  return known ?? { problem: `${name} is ${JSON.stringify(value)}; known are ${OTLP_PROTOCOLS.join(', ')}` }
}

/** The OTLP exporter of a protocol, which reads its endpoint and headers from the variables itself. */
export async function otlpExporter(protocol: OtlpProtocol): Promise<SpanExporter> {
  switch (protocol) {
    case 'http/protobuf':
      return new (await import('@opentelemetry/exporter-trace-otlp-proto')).OTLPTraceExporter()
    case 'grpc':
      return new (await import('@opentelemetry/exporter-trace-otlp-grpc')).OTLPTraceExporter()
    case 'http/json':
      return new (await import('@opentelemetry/exporter-trace-otlp-http')).OTLPTraceExporter()
  }
}

/** OTEL_BSP_*, with defaults for thousands of requests a second: the SDK's own lose spans there. */
export function queueLimits(environment: Environment): QueueLimits {
  return {
    spansMax: numberOf(environment, 'OTEL_BSP_MAX_QUEUE_SIZE', 16_384),
    batchSpansMax: numberOf(environment, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 1024),
    delayMs: numberOf(environment, 'OTEL_BSP_SCHEDULE_DELAY', 1000),
    exportTimeoutMs: numberOf(environment, 'OTEL_BSP_EXPORT_TIMEOUT', 30_000),
  }
}

/**
 * The sampler of OTEL_TRACES_SAMPLER. With `continue` a trace that a client began is sampled like one that begins here:
 * the client's flag decides nothing.
 */
export async function samplerOf(environment: Environment, inbound: Inbound): Promise<HeadSampler | Problem> {
  const {
    AlwaysOffSampler,
    AlwaysOnSampler,
    ParentBasedSampler,
    SamplingDecision: decisions,
    TraceIdRatioBasedSampler,
  } = await import('@opentelemetry/sdk-trace')
  const name = read(environment, 'OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on'
  const isParentBased = name.startsWith('parentbased_')
  const rootName = isParentBased ? name.slice('parentbased_'.length) : name
  if (!SAMPLERS.includes(rootName)) {
    const known = SAMPLERS.flatMap((sampler) => [sampler, `parentbased_${sampler}`]).join(', ')
    return { problem: `OTEL_TRACES_SAMPLER is ${JSON.stringify(name)}; known are ${known}` }
  }
  let root: Sampler = rootName === 'always_on' ? new AlwaysOnSampler() : new AlwaysOffSampler()
  if (rootName === 'traceidratio') {
    const text = read(environment, 'OTEL_TRACES_SAMPLER_ARG') ?? '1'
    const ratio = Number(text)
    if (!(ratio >= 0 && ratio <= 1)) {
      return {
        problem: `OTEL_TRACES_SAMPLER_ARG is ${JSON.stringify(text)}; it must be a number from 0 to 1`,
      }
    }
    root = new TraceIdRatioBasedSampler(ratio)
  }
  if (!isParentBased) return new HeadSampler({ root, sdk: root, followsParent: false, decisions })
  const followsParent = inbound !== 'continue'
  const remote = followsParent ? {} : { remoteParentSampled: root, remoteParentNotSampled: root }
  return new HeadSampler({ root, sdk: new ParentBasedSampler({ root, ...remote }), followsParent, decisions })
}

/** All but `process`: it would send the command line with every span, and passwords stand on command lines. */
const DETECTORS = 'env,host,os,serviceinstance'

/** What describes this process to the SDK, as variables, where nobody has set them. */
export function resourceDefaults(environment: Environment, version: string): Record<string, string> {
  const attributes = listOf(read(environment, 'OTEL_RESOURCE_ATTRIBUTES'))
  const has = (name: string): boolean => attributes.some((pair) => pair.split('=')[0]?.trim() === name)
  const isNamed = read(environment, 'OTEL_SERVICE_NAME') !== undefined || has('service.name')
  if (!isNamed) attributes.push(`service.name=${SCOPE}`)
  if (!has('service.version')) attributes.push(`service.version=${encodeURIComponent(version)}`)
  return {
    OTEL_RESOURCE_ATTRIBUTES: attributes.join(','),
    OTEL_NODE_RESOURCE_DETECTORS: read(environment, 'OTEL_NODE_RESOURCE_DETECTORS') ?? DETECTORS,
  }
}

/** The value of a variable, trimmed; undefined where it is empty, as the specification of OTEL_* demands. */
export function read(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim()
  return value === undefined || value === '' ? undefined : value
}

/** A comma-separated list without empty items. */
export function listOf(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function numberOf(environment: Environment, name: string, otherwise: number): number {
  const value = Number(read(environment, name) ?? Number.NaN)
  return Number.isSafeInteger(value) && value > 0 ? value : otherwise
}
