// A histogram in one Float64Array: an observation is a linear scan over at most twenty bounds and three stores, where
// the stock one hashes its labels. Cumulative counts are made at the scrape.

import { Exemplars, type Witness } from './exemplars.ts'
import { type Labels, NO_LABELS, type Sample } from './exposition.ts'

/** Seconds, from the HTTP semantic conventions (`http.server.request.duration`). */
export const DURATION_BOUNDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]

/** Seconds, for what the gateway itself takes: from 50 microseconds. */
export const FINE_BOUNDS: readonly number[] = [
  0.000_05, 0.000_1, 0.000_2, 0.000_3, 0.000_5, 0.000_75, 0.001, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1,
  0.25, 1,
]

/** The labels of the buckets, the same objects for all histograms of the same bounds. */
const bucketLabels = new Map<readonly number[], readonly Labels[]>()

export class TypedHistogram {
  readonly #bounds: readonly number[]
  /** Not cumulative; the last is above every bound. */
  readonly #buckets: Float64Array
  #sum = 0
  readonly #exemplars: Exemplars

  /** @param bounds upper bounds, inclusive, ascending, without infinity; one of the lists above, which are kept */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#buckets = new Float64Array(bounds.length + 1)
    this.#exemplars = new Exemplars(bounds.length + 1)
  }

  /** A value that is no number is not counted; a negative one (a clock set back) counts as 0. */
  observe(value: number, witness?: Witness): void {
    if (Number.isNaN(value)) return
    const counted = value < 0 ? 0 : value
    let bucket = 0
    while (bucket < this.#bounds.length && counted > (this.#bounds[bucket] ?? 0)) bucket++
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1
    this.#sum += counted
    if (witness !== undefined) this.#exemplars.note(bucket, counted, witness)
  }

  /** Buckets, sum and count under the family's name. */
  samples(name: string, sharedLabels: Labels): Sample[] {
    let total = 0
    const metricName = `${name}_bucket`
    const samples: Sample[] = labelsOf(this.#bounds).map((labels, bucket) => {
      total += this.#buckets[bucket] ?? 0
      return { metricName, labels, sharedLabels, value: total, exemplar: this.#exemplars.at(bucket) }
    })
    samples.push({ metricName: `${name}_sum`, labels: NO_LABELS, sharedLabels, value: this.#sum })
    samples.push({ metricName: `${name}_count`, labels: NO_LABELS, sharedLabels, value: total })
    return samples
  }
}

function labelsOf(bounds: readonly number[]): readonly Labels[] {
  const known = bucketLabels.get(bounds)
  if (known !== undefined) return known
  const made: Labels[] = [...bounds.map((le) => ({ le })), { le: '+Inf' }]
  bucketLabels.set(bounds, made)
  return made
}
