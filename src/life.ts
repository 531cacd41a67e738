// The life of the process from its start to its exit: signals, the drain, and what becomes of exceptions nobody caught.
// It knows no server: what is done on the way down are steps that it is given. It never exits but through `exit`.
//
// An exception that nobody caught does not end the process once it has started. It is a bug in one exchange or one
// plugin, found by a request that anybody can send again: if it ended the process, one request could end all the
// others in flight, on every replica in turn. What they share is an immutable snapshot that is replaced whole, so a
// half-done exchange leaves little behind to be wrong. It is logged with its stack and counted, and the count has an
// alert. Before `started` it ends the process: a gateway that came up in part would look like one that works.

import type { LogFields } from './telemetry/names.ts'

export interface LifeStep {
  /** For the log: `stop accepting`, `flush telemetry`. */
  readonly name: string
  /** The signal aborts when the time for the whole drain is over. */
  run(signal: AbortSignal): Promise<void> | void
}

/** The part of `process` that is listened to. */
interface ProcessEvents {
  on(event: string, listener: (value: unknown) => void): unknown
  off(event: string, listener: (value: unknown) => void): unknown
}

export interface LifeInputs {
  readonly log: {
    info(fields: LogFields, message: string): void
    warn(fields: LogFields, message: string): void
    error(fields: LogFields, message: string): void
  }
  /** Run in this order, each after the one before has ended. */
  readonly steps: readonly LifeStep[]
  /** For all steps together: option server.shutdown_timeout. */
  readonly timeoutMs: number
  /** Ends the process: 0 after a clean drain, 1 where something failed or was cut off. */
  exit(status: number): void
  /** Called once for every exception or rejection that nobody caught. */
  onFault(): void
  readonly process: ProcessEvents
}

export interface Life {
  /** From here on an uncaught exception is survived. */
  started(): void
  /** True from the first signal on. */
  readonly draining: boolean
  /** Drains and exits, as a signal does; further calls return the same promise. */
  stop(why: string): Promise<void>
  /** Stops listening to the process; what runs goes on. */
  detach(): void
}

/** What a step still gets once the time is over, so that the last spans and log lines leave in any case. */
const LAST_MS = 1_000

const SIGNALS = ['SIGTERM', 'SIGINT'] as const
const FAULTS = ['uncaughtException', 'unhandledRejection'] as const

/** Listens to the process at once; call `started` when the start is complete. */
export function createLife(inputs: LifeInputs): Life {
  return new ProcessLife(inputs)
}

class ProcessLife implements Life {
  readonly #inputs: LifeInputs
  readonly #listeners: (readonly [event: string, listener: (value: unknown) => void])[]
  #started = false
  #drain: Promise<void> | undefined

  constructor(inputs: LifeInputs) {
    this.#inputs = inputs
    this.#listeners = [
      ...SIGNALS.map((signal) => [signal, () => this.#onSignal(signal)] as const),
      ...FAULTS.map((event) => [event, (fault: unknown) => this.#onFault(event, fault)] as const),
    ]
    for (const [event, listener] of this.#listeners) inputs.process.on(event, listener)
  }

  get draining(): boolean {
    return this.#drain !== undefined
  }

  started(): void {
    this.#started = true
  }

  stop(why: string): Promise<void> {
    this.#drain ??= this.#run(why)
    return this.#drain
  }

  detach(): void {
    for (const [event, listener] of this.#listeners) this.#inputs.process.off(event, listener)
  }

  #onSignal(signal: string): void {
    if (this.#drain === undefined) {
      void this.stop(signal)
      return
    }
    this.#inputs.log.warn({ signal }, 'Second signal: ending at once')
    this.#inputs.exit(1)
  }

  #onFault(event: (typeof FAULTS)[number], fault: unknown): void {
    const err = fault instanceof Error ? fault : new Error(`thrown without an Error: ${String(fault)}`)
    quietly(() => this.#inputs.onFault())
    // A log whose reader has gone fails with this very error; to log it would go round for ever.
    if (!isBrokenPipe(err)) {
      quietly(() =>
        this.#inputs.log.error({ err, event }, 'An exception was caught by nobody; this is a bug'),
      )
    }
    if (!this.#started && this.#drain === undefined) this.#inputs.exit(1)
  }

  async #run(why: string): Promise<void> {
    const { log, steps, timeoutMs } = this.#inputs
    log.info({ why, timeout_ms: timeoutMs }, 'Shutting down')
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(), timeoutMs)
    let clean = true
    for (const step of steps) {
      const problem = await runStep(step, deadline.signal)
      if (problem === undefined) continue
      clean = false
      log.warn({ step: step.name, ...problem }, 'A step of the shutdown did not end well')
    }
    clearTimeout(timer)
    log.info({ clean }, 'Shut down')
    this.#inputs.exit(clean ? 0 : 1)
  }
}

/** What was wrong with the step, or undefined. Returns in any case, though a step that hangs is left behind. */
async function runStep(step: LifeStep, deadline: AbortSignal): Promise<object | undefined> {
  const given = Promise.withResolvers<object>()
  let last: NodeJS.Timeout | undefined
  const cutOff = () => {
    last = setTimeout(() => given.resolve({ problem: 'did not end in time' }), LAST_MS)
  }
  if (deadline.aborted) cutOff()
  else deadline.addEventListener('abort', cutOff, { once: true })
  try {
    return await Promise.race([attempt(step, deadline), given.promise])
  } finally {
    deadline.removeEventListener('abort', cutOff)
    clearTimeout(last)
  }
}

async function attempt(step: LifeStep, deadline: AbortSignal): Promise<object | undefined> {
  try {
    await step.run(deadline)
    return undefined
  } catch (err) {
    return { err }
  }
}

function isBrokenPipe(err: Error & { code?: unknown }): boolean {
  return err.code === 'EPIPE'
}

function quietly(call: () => void): void {
  try {
    call()
  } catch {
    // Nothing is left to report to.
  }
}
