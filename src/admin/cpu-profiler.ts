// Takes CPU profiles of this process, one at a time.
// It must never leave the profiler running: whatever ends the wait, the session is closed.

import { type Profiler, Session } from 'node:inspector/promises'
import { setTimeout as wait } from 'node:timers/promises'

export type ProfileResult =
  | { readonly type: 'profile'; readonly profile: Profiler.Profile }
  /** Another one is being taken. */
  | { readonly type: 'busy' }
  /** The signal ended it. */
  | { readonly type: 'aborted' }

export class CpuProfiler {
  #running = false

  /** Profiles for `durationMs`, or until the signal aborts, in which case there is no profile. */
  async take(durationMs: number, signal: AbortSignal): Promise<ProfileResult> {
    if (this.#running) return { type: 'busy' }
    if (signal.aborted) return { type: 'aborted' }
    this.#running = true
    const session = new Session()
    try {
      session.connect()
      await session.post('Profiler.enable')
      await session.post('Profiler.start')
      if (!(await waited(durationMs, signal))) return { type: 'aborted' }
      const { profile } = await session.post('Profiler.stop')
      return { type: 'profile', profile }
    } finally {
      // Closing the session ends its profiler with it, also where `stop` was not reached.
      session.disconnect()
      this.#running = false
    }
  }
}

async function waited(durationMs: number, signal: AbortSignal): Promise<boolean> {
  try {
    await wait(durationMs, undefined, { signal })
    return true
  } catch {
    return false
  }
}
