// Says in the log what became of a plugin's call after its deadline, when nobody waits for it any more.
// At most one line a file in ten seconds: a plugin that fails late fails so for every request.

import type { PluginLog } from './plugin-log.ts'

const QUIET_MS = 10_000

export class LateReports {
  readonly #log: PluginLog
  readonly #now: () => number
  /** One entry for each plugin file at most. */
  readonly #byFile = new Map<string, { saidAt: number; unsaid: number }>()

  /** `now` gives milliseconds that never go back. */
  constructor(log: PluginLog, now: () => number = () => performance.now()) {
    this.#log = log
    this.#now = now
  }

  /** `what` completes "plugin FILE ... after its deadline". */
  report(file: string, method: string, traceId: string, what: string): void {
    const now = this.#now()
    const before = this.#byFile.get(file)
    if (before !== undefined && now - before.saidAt < QUIET_MS) {
      before.unsaid += 1
      return
    }
    const fields = { plugin: file, method, trace_id: traceId, suppressed: before?.unsaid ?? 0 }
    this.#byFile.set(file, { saidAt: now, unsaid: 0 })
    this.#log.warn(fields, `plugin ${file} ${what} after its deadline`)
  }
}
