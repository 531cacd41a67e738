// Which batch of events made a revision: the spans of exchanges link to its span, so that a trace leads straight to the
// change of configuration that it ran under.

import type { SpanContext } from '@opentelemetry/api'
import type { ExchangeRecord } from './exchange-record.ts'

/** Revisions that are remembered, the youngest: an exchange that pins an older one goes without a link. */
export const REVISIONS_MAX = 256

/** What a link needs to know of a span; plain data, so that another process can be told. */
export type BatchSpan = Pick<SpanContext, 'traceId' | 'spanId' | 'traceFlags'>

export class BatchLinks {
  readonly #batches = new Map<number, BatchSpan>()

  /** From now on exchanges under that revision link to that span. */
  set(revision: number, context: BatchSpan): void {
    this.#batches.set(revision, context)
    if (this.#batches.size <= REVISIONS_MAX) return
    for (const oldest of this.#batches.keys()) {
      this.#batches.delete(oldest)
      return
    }
  }

  /** The span of the batch that made the revision of an exchange, where that is still known. */
  of(record: Pick<ExchangeRecord, 'snapshot'>): BatchSpan | undefined {
    return record.snapshot === undefined ? undefined : this.#batches.get(record.snapshot.revision)
  }
}
