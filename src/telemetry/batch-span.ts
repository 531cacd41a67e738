// A span per batch of events: what arrived, from where, and which revision came of it. The same revision stands on the
// spans of requests, so that a request leads to the change of configuration that it ran under.

import type { Span, SpanContext, Tracer } from '@opentelemetry/api'
import type { ResourceEvent } from '../events/event.ts'
import { hrTimeOf } from './clock.ts'
import { ATTRIBUTE, SPAN } from './names.ts'
import { ROOT_CONTEXT, SpanKind } from './opentelemetry.ts'

/** Events that a span tells one by one; a first list can have 100,000. */
export const BATCH_EVENTS_MAX = 32

export interface Batch {
  readonly revision: number
  readonly hash: string
  /** In the order in which they were applied. */
  readonly events: readonly ResourceEvent[]
  /** How many more there were. */
  readonly eventsCut: number
  /** Milliseconds since the epoch, fractional: the build began, the snapshot was swapped. */
  readonly startedAt: number
  readonly endedAt: number
}

/** Writes the span whole, it begins and ends here, and returns what a link to it needs. */
export function writeBatchSpan(tracer: Tracer, batch: Batch): SpanContext {
  const span = tracer.startSpan(
    SPAN.batch,
    {
      kind: SpanKind.INTERNAL,
      startTime: hrTimeOf(batch.startedAt),
      attributes: {
        [ATTRIBUTE.snapshotRevision]: batch.revision,
        [ATTRIBUTE.snapshotHash]: batch.hash,
        [ATTRIBUTE.batchEvents]: batch.events.length + batch.eventsCut,
        [ATTRIBUTE.batchSources]: [...new Set(batch.events.map(({ source }) => source))],
      },
    },
    ROOT_CONTEXT,
  )
  if (span.isRecording()) for (const event of batch.events.slice(0, BATCH_EVENTS_MAX)) addEvent(span, event)
  span.end(hrTimeOf(batch.endedAt))
  return span.spanContext()
}

function addEvent(span: Span, event: ResourceEvent): void {
  const { kind, namespace, name } = subjectOf(event)
  span.addEvent(
    SPAN.sourceEvent,
    {
      [ATTRIBUTE.eventType]: event.type,
      [ATTRIBUTE.eventSource]: event.source,
      ...(kind === undefined ? {} : { [ATTRIBUTE.eventKind]: kind }),
      ...(namespace === undefined ? {} : { [ATTRIBUTE.eventNamespace]: namespace }),
      ...(name === undefined ? {} : { [ATTRIBUTE.eventName]: name }),
    },
    hrTimeOf(event.observedAt),
  )
}

interface Subject {
  readonly kind?: string
  readonly namespace?: string
  readonly name?: string
}

function subjectOf(event: ResourceEvent): Subject {
  switch (event.type) {
    case 'upserted':
      return {
        kind: event.resource.kind,
        namespace: event.resource.meta.namespace,
        name: event.resource.meta.name,
      }
    case 'deleted':
      return { kind: event.kind, namespace: event.namespace, name: event.name }
    case 'listed':
    case 'refused':
    case 'overdue':
      return { kind: event.kind }
    case 'stale':
    case 'problems':
    case 'plugins':
    case 'decryption_key':
    case 'key_set':
    case 'restored':
      return {}
    case 'decrypted':
      return { kind: 'ApiKey', name: event.apiKey }
  }
}
