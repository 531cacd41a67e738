// Where the attributes of a span are put. The SDK's `setAttribute` makes a WeakSet for each value, to look for cycles in
// objects, before it has looked at its type: for the thirty plain values of an exchange that costs as much as the rest of
// both spans. So plain values go straight into the span's own attributes, unless limits were set, which only the SDK knows.

import type { Attributes, Span } from '@opentelemetry/api'
import { type Environment, read } from './sdk-environment.ts'

/** Values that need no check. */
export type PlainAttributes = Record<string, string | number | boolean | string[]>

const LIMITS = [
  'OTEL_ATTRIBUTE_COUNT_LIMIT',
  'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT',
  'OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT',
  'OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT',
  'OTEL_SPAN_EVENT_COUNT_LIMIT',
  'OTEL_SPAN_LINK_COUNT_LIMIT',
  'OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT',
  'OTEL_LINK_ATTRIBUTE_COUNT_LIMIT',
] as const

/** True where a variable limits what spans may hold. */
export function limitsSpans(environment: Environment): boolean {
  return LIMITS.some((name) => read(environment, name) !== undefined)
}

/** What to put a span's attributes into; `setAll` must follow. @param checked the SDK is to check each value */
export function attributesFor(span: Span, checked: boolean): PlainAttributes {
  return (!checked && ownAttributes(span)) || {}
}

/** Hands over what is not in the span already. */
export function setAll(span: Span, attributes: PlainAttributes): void {
  if (attributes !== ownAttributes(span)) span.setAttributes(attributes)
}

/** Undefined where the span is not one of the SDK's. */
function ownAttributes(span: Span & { attributes?: Attributes }): PlainAttributes | undefined {
  return span.attributes as PlainAttributes | undefined
}
