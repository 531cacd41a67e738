// The one holder of the snapshot that new requests pin. A swap is one assignment; requests in flight keep theirs.

import { INITIAL_SNAPSHOT } from './build.ts'
import type { Snapshot } from './snapshot.ts'

/** Told of each swap, in the order of subscription, after the swap. */
export type SnapshotListener = (next: Snapshot, previous: Snapshot) => void

export class Current {
  #snapshot: Snapshot
  readonly #listeners = new Set<SnapshotListener>()

  constructor(first: Snapshot = INITIAL_SNAPSHOT) {
    this.#snapshot = first
  }

  get snapshot(): Snapshot {
    return this.#snapshot
  }

  /**
   * Makes it the snapshot of all requests from now on; the same snapshot again is no news.
   * A listener that throws keeps no other from being told; what was thrown is thrown again at the end.
   */
  swap(next: Snapshot): void {
    const previous = this.#snapshot
    if (next === previous) return
    this.#snapshot = next
    const thrown: unknown[] = []
    for (const listener of this.#listeners) {
      try {
        listener(next, previous)
      } catch (error) {
        thrown.push(error)
      }
    }
    if (thrown.length > 0) throw new AggregateError(thrown, 'a listener of the snapshot failed')
  }

  /** @returns ends the subscription */
  subscribe(listener: SnapshotListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
