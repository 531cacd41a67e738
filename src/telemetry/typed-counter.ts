// Counters in one Float64Array, addressed by slot: adding costs one store. Who uses it bounds the number of slots.

import { Exemplars, type Witness } from './exemplars.ts'
import type { Labels, Sample } from './exposition.ts'

export class TypedCounter {
  readonly #labels: Labels[] = []
  #values = new Float64Array(4)
  readonly #exemplars = new Exemplars(0)

  /** One slot for each of these label sets, in order, all there from the start. */
  constructor(labels: readonly Labels[] = []) {
    for (const set of labels) this.slot(set)
  }

  get size(): number {
    return this.#labels.length
  }

  /** A new slot at 0. The caller sees to it that no two slots have equal labels. */
  slot(labels: Labels): number {
    const slot = this.#labels.length
    if (slot === this.#values.length) {
      const grown = new Float64Array(slot * 2)
      grown.set(this.#values)
      this.#values = grown
    }
    this.#labels.push(labels)
    this.#exemplars.grow()
    return slot
  }

  add(slot: number, amount: number, witness?: Witness): void {
    this.#values[slot] = (this.#values[slot] ?? 0) + amount
    if (witness !== undefined) this.#exemplars.note(slot, amount, witness)
  }

  /** @param sharedLabels of all of them */
  samples(sharedLabels?: Labels): Sample[] {
    return this.#labels.map((labels, slot) => ({
      labels,
      sharedLabels,
      value: this.#values[slot] ?? 0,
      exemplar: this.#exemplars.at(slot),
    }))
  }
}
