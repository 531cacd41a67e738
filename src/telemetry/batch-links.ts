// Which batch of events made a revision: the spans of exchanges link to its span, so that a trace leads straight to the
// change of configuration that it ran under.

import type { Span, SpanContext } from '@opentelemetry/api'
import type { ExchangeRecord } from './exchange-record.ts'

/** Revisions that are remembered, the youngest: an exchange that pins an older one goes without a link. */
export const REVISIONS_MAX = 256

export class BatchLinks {
  readonly #links = new Map<number, { readonly context: SpanContext }>()

  /** From now on exchanges under that revision link to that span. */
  set(revision: number, context: SpanContext): void {
    this.#links.set(revision, { context })
    if (this.#links.size <= REVISIONS_MAX) return
    for (const oldest of this.#links.keys()) {
      this.#links.delete(oldest)
      return
    }
  }

  /** Links the span of an exchange to the batch that made its revision, where that is still known. */
  link(record: ExchangeRecord, span: Span): void {
    if (record.snapshot === undefined || !span.isRecording()) return
    const link = this.#links.get(record.snapshot.revision)
    if (link !== undefined) span.addLink(link)
  }
}
