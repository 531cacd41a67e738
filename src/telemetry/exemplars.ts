// The latest exemplar of each slot of a metric: the trace and span of one observation that landed there.
// Kept as columns, so that noting one costs four stores. Only sampled spans may be noted: the others cannot be looked up.

import type { Exemplar } from './exposition.ts'

/** Who made an observation. `traceId` is empty where there is no sampled span to point to. */
export interface Witness {
  traceId: string
  spanId: string
  /** Seconds since the epoch. */
  at: number
}

export class Exemplars {
  readonly #traceIds: string[] = []
  readonly #spanIds: string[] = []
  readonly #values: number[] = []
  readonly #times: number[] = []

  constructor(slots: number) {
    for (let slot = 0; slot < slots; slot++) this.grow()
  }

  /** Adds one slot. */
  grow(): void {
    this.#traceIds.push('')
    this.#spanIds.push('')
    // Fractions from the start: the arrays then hold doubles and are never converted.
    this.#values.push(0.5)
    this.#times.push(0.5)
  }

  note(slot: number, value: number, witness: Witness): void {
    if (witness.traceId === '') return
    this.#traceIds[slot] = witness.traceId
    this.#spanIds[slot] = witness.spanId
    this.#values[slot] = value
    this.#times[slot] = witness.at
  }

  at(slot: number): Exemplar | undefined {
    const traceId = this.#traceIds[slot]
    if (traceId === undefined || traceId === '') return undefined
    return {
      labelSet: { trace_id: traceId, span_id: this.#spanIds[slot] ?? '' },
      value: this.#values[slot] ?? 0,
      timestamp: Math.round((this.#times[slot] ?? 0) * 1000) / 1000,
    }
  }
}
