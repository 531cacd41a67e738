// Sends heads of answers whose content did not come along with them: a head waits for its first content only until
// the end of the event loop's turn, so that small answers leave in one write and slow ones are not held back.

/** An answer whose head is known and not sent. */
export interface WaitingHead {
  flushHead(): void
}

/** One `setImmediate` for all heads of a turn. */
export class HeadFlusher {
  #waiting: WaitingHead[] = []
  #scheduled = false

  add(head: WaitingHead): void {
    this.#waiting.push(head)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      const waiting = this.#waiting
      this.#waiting = []
      this.#scheduled = false
      for (const one of waiting) one.flushHead()
    })
  }
}
