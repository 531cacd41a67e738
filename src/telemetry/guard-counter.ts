// Decisions of the built-in guards: one series for each guard and reason of the codes 12 to 14, and one for what passed.
// All are there from the start; none is made of anything that a request carries.

import { ERROR_FACTS } from '../errors/catalogue.ts'
import { guardOf, type GuardName } from '../errors/guard-of.ts'
import type { Witness } from './exemplars.ts'
import type { ExchangeRecord } from './exchange-record.ts'
import type { Sample } from './exposition.ts'
import { TypedCounter } from './typed-counter.ts'

/** Label `reason` of what passed. */
const NO_REASON = 'none'
const FIRST_CODE = 12

export class GuardCounter {
  readonly #counter = new TypedCounter()
  readonly #passed: Readonly<Record<GuardName, number>>
  readonly #denied = new Map<string, number>()

  constructor() {
    const slotOf = (guard: GuardName, decision: 'pass' | 'deny', reason: string) =>
      this.#counter.slot({ guard, decision, reason })
    this.#passed = {
      apikey: slotOf('apikey', 'pass', NO_REASON),
      jwt: slotOf('jwt', 'pass', NO_REASON),
    }
    for (const { code, reason } of ERROR_FACTS) {
      if (code >= FIRST_CODE) this.#denied.set(reason, slotOf(guardOf(reason), 'deny', reason))
    }
  }

  count({ guardsPassed, outcome, failure }: ExchangeRecord, witness: Witness): void {
    for (const guard of guardsPassed) this.#counter.add(this.#passed[guard], 1, witness)
    if (outcome !== 'error' || failure === undefined || failure.fact.code < FIRST_CODE) return
    const slot = this.#denied.get(failure.fact.reason)
    if (slot !== undefined) this.#counter.add(slot, 1, witness)
  }

  samples(): Sample[] {
    return this.#counter.samples()
  }
}
