// What is written in one turn of the event loop leaves together at its end. A write to a peer that sleeps wakes it, which
// costs more than the write; with writes side by side it finds the rest when it is awake. It also lets a head wait for its
// first content no longer than that turn (docs/decisions/0023-writes-of-a-turn.md).

/** Somebody with something to write. */
export interface BatchedWrite {
  /** Writes what is still to be written: nothing, where it has been given up or has gone out already. */
  writeNow(): void
}

/** One `setImmediate` for all writes of a turn: of each request under way two at most. */
export class WriteBatch {
  #writes: BatchedWrite[] = []
  #scheduled = false

  add(write: BatchedWrite): void {
    this.#writes.push(write)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#flush)
  }

  readonly #flush = (): void => {
    const writes = this.#writes
    this.#writes = []
    this.#scheduled = false
    let at = 0
    try {
      for (; at < writes.length; at++) writes[at]?.writeNow()
    } finally {
      // One that throws is a bug, and must not take the others along.
      for (const left of writes.slice(at + 1)) this.add(left)
    }
  }
}
