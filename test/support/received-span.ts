// A span as a receiver of OTLP sees it, flattened from the JSON form of ExportTraceServiceRequest (OTLP 1.x:
// ids in hex, 64-bit integers as strings), so that tests compare plain values.

export type AttributeValue =
  | string
  | number
  | boolean
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue }
  | undefined
export type Attributes = Readonly<Record<string, AttributeValue>>

export type SpanKind = 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer'

export interface ReceivedSpan {
  readonly name: string
  readonly kind: SpanKind
  /** 32 and 16 hex digits; `parentSpanId` is empty for a root. */
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly traceState: string
  readonly startTimeUnixNano: bigint
  readonly endTimeUnixNano: bigint
  readonly attributes: Attributes
  readonly status: { readonly code: 'unset' | 'ok' | 'error'; readonly message: string }
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[]
  readonly links: readonly {
    readonly traceId: string
    readonly spanId: string
    readonly attributes: Attributes
  }[]
  readonly resource: Attributes
  readonly scope: string
}

export interface JsonAny {
  stringValue?: string
  intValue?: string | number
  doubleValue?: number | string
  boolValue?: boolean
  arrayValue?: { values?: JsonAny[] }
  kvlistValue?: { values?: JsonKeyValue[] }
  bytesValue?: string
}
export interface JsonKeyValue {
  key: string
  value?: JsonAny
}
export interface JsonSpan {
  name?: string
  kind?: number
  traceId?: string
  spanId?: string
  parentSpanId?: string
  traceState?: string
  startTimeUnixNano?: string | number
  endTimeUnixNano?: string | number
  attributes?: JsonKeyValue[]
  status?: { code?: number; message?: string }
  events?: { name?: string; attributes?: JsonKeyValue[] }[]
  links?: { traceId?: string; spanId?: string; attributes?: JsonKeyValue[] }[]
}
export interface JsonTraces {
  resourceSpans?: {
    resource?: { attributes?: JsonKeyValue[] }
    scopeSpans?: { scope?: { name?: string }; spans?: JsonSpan[] }[]
  }[]
}

const KINDS: readonly SpanKind[] = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']
const STATUS_CODES = ['unset', 'ok', 'error'] as const

/** All spans of one export request, in order. */
export function flattenSpans(traces: JsonTraces): ReceivedSpan[] {
  return (traces.resourceSpans ?? []).flatMap(({ resource, scopeSpans = [] }) => {
    const resourceAttributes = flattenAttributes(resource?.attributes)
    return scopeSpans.flatMap(({ scope, spans = [] }) =>
      spans.map((span) => flattenSpan(span, resourceAttributes, scope?.name ?? '')),
    )
  })
}

function flattenSpan(span: JsonSpan, resource: Attributes, scope: string): ReceivedSpan {
  return {
    name: span.name ?? '',
    kind: KINDS[span.kind ?? 0] ?? 'unspecified',
    traceId: span.traceId ?? '',
    spanId: span.spanId ?? '',
    parentSpanId: span.parentSpanId ?? '',
    traceState: span.traceState ?? '',
    startTimeUnixNano: BigInt(span.startTimeUnixNano ?? 0),
    endTimeUnixNano: BigInt(span.endTimeUnixNano ?? 0),
    attributes: flattenAttributes(span.attributes),
    status: { code: STATUS_CODES[span.status?.code ?? 0] ?? 'unset', message: span.status?.message ?? '' },
    events: (span.events ?? []).map((event) => ({
      name: event.name ?? '',
      attributes: flattenAttributes(event.attributes),
    })),
    links: (span.links ?? []).map((link) => ({
      traceId: link.traceId ?? '',
      spanId: link.spanId ?? '',
      attributes: flattenAttributes(link.attributes),
    })),
    resource,
    scope,
  }
}

function flattenAttributes(pairs: readonly JsonKeyValue[] = []): Attributes {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, flattenValue(value)]))
}

function flattenValue(value: JsonAny | undefined): AttributeValue {
  if (value === undefined) return undefined
  if (value.stringValue !== undefined) return value.stringValue
  if (value.intValue !== undefined) return Number(value.intValue)
  if (value.doubleValue !== undefined) return Number(value.doubleValue)
  if (value.boolValue !== undefined) return value.boolValue
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(flattenValue)
  if (value.kvlistValue !== undefined) return flattenAttributes(value.kvlistValue.values)
  return value.bytesValue
}
