// Sends spans to a Collector as whoever a test says: another service, another replica, a gateway of an exact duration.
// OTLP as JSON over HTTP. Must never send anything that the test did not ask for but ids and times.

import { randomBytes } from 'node:crypto'
import type { JsonAny, JsonKeyValue } from './received-span.ts'

export type SentValue = string | number | boolean | readonly string[]

export interface SentSpan {
  readonly traceId: string
  readonly spanId?: string
  readonly parentSpanId?: string
  readonly name?: string
  /** Default server. */
  readonly kind?: 'internal' | 'server' | 'client'
  /** Default one millisecond. */
  readonly durationNs?: bigint
  readonly attributes?: Readonly<Record<string, SentValue>>
  readonly events?: readonly {
    readonly name: string
    readonly attributes: Readonly<Record<string, SentValue>>
  }[]
  readonly isError?: boolean
}

export interface Sender {
  /** service.name; default `kanali`, with the scope `kanali` as the gateway has it. */
  readonly service?: string
  readonly scope?: string
  /** Beside service.name. */
  readonly resource?: Readonly<Record<string, SentValue>>
}

const KINDS = { internal: 1, server: 2, client: 3 } as const

/** 32 hex digits that no trace has. */
export function newTraceId(): string {
  return randomBytes(16).toString('hex')
}

/** 16 hex digits that no span has. */
export function newSpanId(): string {
  return randomBytes(8).toString('hex')
}

/**
 * Sends them in one request and gives the status of the answer. They end now.
 * @param httpUrl without a path
 */
export async function sendSpans(
  httpUrl: string,
  spans: readonly SentSpan[],
  { service = 'kanali', scope = service, resource = {} }: Sender = {},
): Promise<number> {
  const body = {
    resourceSpans: [
      {
        resource: { attributes: keyValues({ 'service.name': service, ...resource }) },
        scopeSpans: [{ scope: { name: scope }, spans: spans.map(jsonSpan) }],
      },
    ],
  }
  const response = await fetch(`${httpUrl}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  await response.arrayBuffer()
  return response.status
}

function jsonSpan(span: SentSpan): object {
  const { kind = 'server', durationNs = 1_000_000n, attributes = {}, events = [], isError = false } = span
  const end = BigInt(Date.now()) * 1_000_000n
  return {
    traceId: span.traceId,
    spanId: span.spanId ?? newSpanId(),
    parentSpanId: span.parentSpanId ?? '',
    name: span.name ?? 'GET',
    kind: KINDS[kind],
    startTimeUnixNano: String(end - durationNs),
    endTimeUnixNano: String(end),
    attributes: keyValues(attributes),
    events: events.map((event) => ({
      name: event.name,
      timeUnixNano: String(end),
      attributes: keyValues(event.attributes),
    })),
    status: isError ? { code: 2 } : {},
  }
}

function keyValues(values: Readonly<Record<string, SentValue>>): JsonKeyValue[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: jsonValue(value) }))
}

function jsonValue(value: SentValue): JsonAny {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number')
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  return { arrayValue: { values: value.map((stringValue) => ({ stringValue })) } }
}
