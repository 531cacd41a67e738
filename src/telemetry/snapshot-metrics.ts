// What a scrape gets of the configuration: the snapshot that is live, since when, what its source knows and lacks, and
// how long events took to become part of it. Labels come from the snapshot's own closed sets.

import { KINDS } from '../resources/resource.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { counter, type Family, gauge, histogram, NO_LABELS, one, type Sample } from './exposition.ts'
import { METRIC } from './names.ts'
import { DURATION_BOUNDS, TypedHistogram } from './typed-histogram.ts'

export class SnapshotMetrics {
  readonly #source: string
  readonly #propagation = new TypedHistogram(DURATION_BOUNDS)
  #live: Snapshot | undefined
  /** Milliseconds since the epoch. */
  #publishedAt = 0
  #buildFailures = 0

  /** @param source label `source` of kanali_source_synced */
  constructor(source: string) {
    this.#source = source
  }

  /** The snapshot that is live; undefined before the first. */
  get live(): Snapshot | undefined {
    return this.#live
  }

  /** Takes the snapshot that is live now. Times are milliseconds since the epoch: the swap, and the oldest event in it. */
  published(snapshot: Snapshot, at: number, observedAtOldest: number): void {
    this.#live = snapshot
    this.#publishedAt = at
    this.#propagation.observe((at - observedAtOldest) / 1000)
  }

  /** Counts a build that failed: what was live stays so. */
  buildFailed(): void {
    this.#buildFailures++
  }

  families(): Family[] {
    return [...this.#ofSnapshot(), ...this.#ofSource(), ...this.#ofObjects()]
  }

  #ofSnapshot(): Family[] {
    return [
      gauge(METRIC.snapshotRevision, 'Revision of the live snapshot; 0 before the first.', () =>
        one(this.#live?.revision ?? 0),
      ),
      gauge(
        METRIC.snapshotInfo,
        'Hash of the content of the live snapshot: replicas that know the same objects have the same.',
        this.#with(({ hash }) => [{ labels: { hash }, value: 1 }]),
      ),
      gauge(
        METRIC.snapshotPublished,
        'When the live snapshot became so, in seconds since the epoch; 0 before the first.',
        () => one(this.#publishedAt / 1000),
      ),
      counter(METRIC.snapshotBuildFailures, 'Builds that failed: the last good snapshot stayed.', () =>
        one(this.#buildFailures),
      ),
      histogram(
        METRIC.eventPropagation,
        'From the arrival of an event to the swap of the snapshot that has it.',
        () => this.#propagation.samples(METRIC.eventPropagation, NO_LABELS),
      ),
    ]
  }

  #ofSource(): Family[] {
    return [
      gauge(
        METRIC.sourceSynced,
        '1 where the source has listed the kind.',
        this.#with(({ kinds }) =>
          KINDS.map((kind) => ({
            labels: { source: this.#source, kind },
            value: kinds[kind] === 'synced' ? 1 : 0,
          })),
        ),
      ),
      gauge(METRIC.sourceStale, 'Since when the source has not been heard; 0 while it is.', () =>
        one(secondsSince(this.#live?.staleSince)),
      ),
      gauge(METRIC.sourceProblems, 'Problems that the source has with files or lists now.', () =>
        one(sum(this.#failing().filter(({ labels }) => labels['kind'] === 'File'))),
      ),
    ]
  }

  #ofObjects(): Family[] {
    return [
      gauge(
        METRIC.apiKeyRevisions,
        'Revisions of ApiKeys by what became of decrypting them.',
        this.#with(({ keys }) =>
          Object.entries(keys.counts).map(([state, value]) => ({ labels: { state }, value })),
        ),
      ),
      gauge(METRIC.resourceConditions, 'Conditions that are False.', () => this.#failing()),
    ]
  }

  #with(read: (snapshot: Snapshot) => Sample[]): () => Sample[] {
    return () => (this.#live === undefined ? [] : read(this.#live))
  }

  #failing(): Sample[] {
    const samples: Sample[] = []
    for (const { kind, type, status, reason, count } of this.#live?.conditionCounts ?? []) {
      if (status === 'False') samples.push({ labels: { kind, condition: type, reason }, value: count })
    }
    return samples
  }
}

function sum(samples: readonly Sample[]): number {
  return samples.reduce((total, { value }) => total + value, 0)
}

function secondsSince(epoch: number | undefined): number {
  return epoch === undefined ? 0 : Math.max(0, (Date.now() - epoch) / 1000)
}
