// The last events that reached the pipeline, in short, each with the revision that it led to.
// It keeps no object and no value of one: what an event was about, never what was in it.

import type { ResourceEvent } from './event.ts'

export const RECENT_EVENTS_MAX = 1_000

export interface RecentEvent {
  readonly type: ResourceEvent['type']
  readonly kind?: string
  readonly namespace?: string
  readonly name?: string
  /** Number of objects, problems or plugins of a list. */
  readonly count?: number
  readonly source: string
  /** Milliseconds since the epoch. */
  readonly observedAt: number
  /** Revision of the snapshot that was live once the event had been folded in; 0 before the first. */
  readonly revision: number
}

export class RecentEvents {
  readonly #limit: number
  #events: RecentEvent[] = []

  constructor(limit: number = RECENT_EVENTS_MAX) {
    this.#limit = limit
  }

  /** Keeps a short form of the event; the oldest falls out at the limit. */
  add(event: ResourceEvent, revision: number): void {
    const { type, source, observedAt } = event
    this.#events.push({ type, ...subjectOf(event), source, observedAt, revision })
    // Cut only at twice the limit, so that a burst does not move the whole list once an event.
    if (this.#events.length >= this.#limit * 2) this.#events = this.#events.slice(-this.#limit)
  }

  /** Oldest first. */
  list(): readonly RecentEvent[] {
    return this.#events.slice(-this.#limit)
  }
}

/** What an event is about, in short. */
export function subjectOf(event: ResourceEvent): Pick<RecentEvent, 'kind' | 'namespace' | 'name' | 'count'> {
  switch (event.type) {
    case 'upserted': {
      const { kind, meta } = event.resource
      return { kind, namespace: meta.namespace, name: meta.name }
    }
    case 'deleted':
      return { kind: event.kind, namespace: event.namespace, name: event.name }
    case 'listed':
      return { kind: event.kind, count: event.resources.length }
    case 'refused':
    case 'overdue':
      return { kind: event.kind }
    case 'problems':
      return { count: event.problems.length }
    case 'plugins':
      return { count: event.plugins.length }
    case 'decrypted':
      return { kind: 'ApiKey', name: event.apiKey, count: Object.keys(event.digests).length }
    case 'stale':
    case 'decryption_key':
    case 'key_set':
    case 'restored':
    default:
      return {}
  }
}
