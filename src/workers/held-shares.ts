// What a worker holds of server.max_requests and server.max_connections. Who comes when it is used up waits until the
// primary has said whether others can spare a place; the way of everybody else is one comparison of two numbers.

import type { Limited, Load } from '../proxy/exchange-services.ts'

export interface HeldSharesParts {
  readonly load: Load
  /** Asks the primary for so many more; false where it cannot be asked. */
  readonly ask: (what: Limited, wanted: number) => boolean
}

/** Who waits beyond that is refused at once. */
export const WAITING_MAX = 1_000
/** What is asked for beyond what is needed, as a part of what is held: so that a busy worker asks rarely. */
const AHEAD = 1 / 16

type Waiter = (given: boolean) => void

export class HeldShares {
  readonly #parts: HeldSharesParts
  readonly #waiting: Readonly<Record<Limited, Waiter[]>> = { requests: [], connections: [] }
  /** Waiters that the question under way was asked for; 0: none is. */
  readonly #askedFor: Record<Limited, number> = { requests: 0, connections: 0 }

  constructor(parts: HeldSharesParts) {
    this.#parts = parts
  }

  /** A place beyond the share, or the word that there is none; undefined where too many wait for that already. */
  readonly more = (what: Limited): Promise<boolean> | undefined => {
    const waiting = this.#waiting[what]
    if (waiting.length >= WAITING_MAX) return undefined
    return new Promise((resolve) => {
      waiting.push(resolve)
      this.#ask(what)
    })
  }

  /** The answer of the primary to what was asked. */
  granted(what: Limited, amount: number): void {
    const { load } = this.#parts
    const waiting = this.#waiting[what]
    const asked = this.#askedFor[what]
    this.#askedFor[what] = 0
    load[`${what}Max`] += amount
    // Those who wait are counted as if they were let in: some of the others may have gone meanwhile.
    const over = Math.max(0, load[what] - load[`${what}Max`])
    const places = Math.max(0, waiting.length - over)
    const answered = waiting.splice(0, Math.max(places, Math.min(asked, waiting.length)))
    for (const [index, tell] of answered.entries()) tell(index < places)
    this.#ask(what)
  }

  /** Up to so much of what is not used, for others. @returns how much is given back */
  spare(what: Limited, wanted: number): number {
    const { load } = this.#parts
    const given = Math.max(0, Math.min(wanted, load[`${what}Max`] - load[what]))
    load[`${what}Max`] -= given
    return given
  }

  #ask(what: Limited): void {
    const waiting = this.#waiting[what]
    if (waiting.length === 0 || this.#askedFor[what] > 0) return
    const ahead = Math.floor(this.#parts.load[`${what}Max`] * AHEAD)
    this.#askedFor[what] = waiting.length
    if (this.#parts.ask(what, waiting.length + ahead)) return
    this.#askedFor[what] = 0
    for (const tell of waiting.splice(0)) tell(false)
  }
}
