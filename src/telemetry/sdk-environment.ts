// What the OTEL_* variables ask for where no configuration file is given: exporter, protocol, queue, resource. Reads the
// variables as the SDK does, with larger queues, and says what it does not know instead of going on without it.

import type { QueueLimits } from './bounded-span-processor.ts'
import { SCOPE } from './names.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Problem {
  readonly problem: string
}

/** `ours`: OTLP through our bounded queue. `sdk`: other exporters, which the SDK makes. `none`: no spans are kept. */
export type TraceExport = 'ours' | 'sdk' | 'none'

export const OTLP_PROTOCOLS = ['http/protobuf', 'grpc', 'http/json'] as const
export type OtlpProtocol = (typeof OTLP_PROTOCOLS)[number]

/** OTEL_SDK_DISABLED. */
function isDisabled(environment: Environment): boolean {
  return read(environment, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true'
}

/** The SDK's configuration file: option tracing.config_file, else OTEL_CONFIG_FILE. */
export function configFileOf(environment: Environment, option: string | undefined): string | undefined {
  return option ?? read(environment, 'OTEL_CONFIG_FILE')
}

/** False where the SDK is not needed at all. */
export function makesSpans(environment: Environment, configFile: string | undefined): boolean {
  if (isDisabled(environment)) return false
  return configFileOf(environment, configFile) !== undefined || traceExport(environment) !== 'none'
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

/** OTEL_BSP_*, with defaults for thousands of requests a second: the SDK's own lose spans there. */
export function queueLimits(environment: Environment): QueueLimits {
  return {
    spansMax: numberOf(environment, 'OTEL_BSP_MAX_QUEUE_SIZE', 16_384),
    batchSpansMax: numberOf(environment, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 1024),
    delayMs: numberOf(environment, 'OTEL_BSP_SCHEDULE_DELAY', 1000),
    exportTimeoutMs: numberOf(environment, 'OTEL_BSP_EXPORT_TIMEOUT', 30_000),
  }
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
