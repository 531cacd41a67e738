// Time and chance as key sets see them; tests bring their own.

export interface KeySetClock {
  /** Milliseconds that never go back. */
  now(): number
  /** Calls back once, later; what it gives cancels that. It does not keep the process alive. */
  after(ms: number, run: () => void): () => void
  /** From 0 to below 1. */
  random(): number
}

export const SYSTEM_CLOCK: KeySetClock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref()
    return () => clearTimeout(timer)
  },
  random: Math.random,
}
