// Time that passes only when a test says so.

import type { KeySetClock } from '../../src/plugins/jwt/key-set-clock.ts'

interface Timer {
  readonly at: number
  readonly run: () => void
}

export class ManualClock implements KeySetClock {
  #now = 0
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#now
  }

  random(): number {
    return 1
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** How long it is until each timer, the next first. */
  pendingMs(): number[] {
    return [...this.#timers].map(({ at }) => at - this.#now).sort((a, b) => a - b)
  }

  advance(ms: number): void {
    this.#now += ms
    for (const timer of [...this.#timers].sort((a, b) => a.at - b.at)) {
      if (timer.at > this.#now) continue
      this.#timers.delete(timer)
      timer.run()
    }
  }
}
