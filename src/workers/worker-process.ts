// One worker as the primary sees it: a child process, what is sent to it and how much of that it has not taken, whether
// it still answers, and how it ended. It never starts another in its place: that is the fleet's.

import { type ChildProcess, fork } from 'node:child_process'
import { serialize } from 'node:v8'
import type { FeedItem, FromWorker, Output, Question, ToWorker, WorkerStart } from './messages.ts'
import { QuestionDesk } from './question-desk.ts'

/** Why a worker is no more; a closed list: label `reason` of kanali_worker_restarts_total. */
export const WORKER_ENDS = ['exit', 'signal', 'unresponsive', 'backlog', 'start_failed'] as const
export type WorkerEnd = (typeof WORKER_ENDS)[number]

export interface EndedWorker {
  readonly reason: WorkerEnd
  /** One line for a person. */
  readonly detail: string
}

export interface WorkerEvents {
  onMessage(worker: WorkerProcess, message: FromWorker): void
  /** Once. */
  onEnd(worker: WorkerProcess, end: EndedWorker): void
}

export interface WorkerLimits {
  /** Bytes that wait for a worker; one that lets more wait is ended. */
  readonly backlogBytesMax: number
  /** Between two pings. */
  readonly pingMs: number
  /** Pings in a row without an answer; then the worker is ended. */
  readonly pingsMissedMax: number
  /** From the fork until it serves. */
  readonly startMs: number
  /** For an answer. */
  readonly answerMs: number
}

export const WORKER_LIMITS: WorkerLimits = {
  backlogBytesMax: 64 * 1024 * 1024,
  pingMs: 1_000,
  pingsMissedMax: 10,
  startMs: 120_000,
  answerMs: 2_000,
}

/** The same file name as this one's: `.ts` in the checkout, `.js` in a build. */
const SCRIPT = new URL(`./worker-main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

/** Those of the primary, but for a debugger's port, which only one process can have. */
const NODE_FLAGS = process.execArgv.filter((flag) => !flag.startsWith('--inspect'))

export class WorkerProcess {
  readonly number: number
  readonly pid: number
  /** What it said last that it serves. */
  revision = 0
  hash = ''
  serving = false
  readonly #child: ChildProcess
  readonly #events: WorkerEvents
  readonly #limits: WorkerLimits
  readonly #questions: QuestionDesk<Question>
  #waitingBytes = 0
  /** Items that came while a catch-up is on its way: undefined before it begins and once it is over. */
  #behind: Uint8Array[] | undefined
  #fed = false
  #pingsMissed = 0
  #end: EndedWorker | undefined
  #ended = false
  #timer: NodeJS.Timeout | undefined

  constructor(start: WorkerStart, events: WorkerEvents, limits: WorkerLimits) {
    this.number = start.worker
    this.#events = events
    this.#limits = limits
    this.#child = fork(SCRIPT, [], { serialization: 'advanced', stdio: 'inherit', execArgv: NODE_FLAGS })
    this.pid = this.#child.pid ?? 0
    this.#questions = new QuestionDesk({
      send: (id, question) => this.send({ type: 'question', id, question }),
      timeoutMs: limits.answerMs,
    })
    this.#child.on('message', (message) => this.#events.onMessage(this, message as FromWorker))
    this.#child.once('error', (error) => this.#over({ reason: 'start_failed', detail: error.message }))
    this.#child.once('exit', (code, signal) => this.#over(exitOf(code, signal)))
    this.send(start)
    this.#timer = setTimeout(() => {
      this.kill({ reason: 'start_failed', detail: `it did not serve within ${limits.startMs} ms` })
    }, limits.startMs)
  }

  /** False where there is nobody to take it. */
  send(message: ToWorker, bytes = 0, sent?: () => void): boolean {
    if (!this.#child.connected) return false
    this.#waitingBytes += bytes
    // An error is that the worker has gone, which its end tells.
    this.#child.send(message, () => {
      this.#waitingBytes -= bytes
      sent?.()
    })
    return true
  }

  ask(question: Question, extraMs = 0): Promise<unknown> {
    return this.#questions.ask(question, extraMs)
  }

  answered(id: number, answer: unknown): void {
    this.#questions.answered(id, answer)
  }

  /** Tells all of it, a piece at a time; what is fed meanwhile follows. */
  async catchUp(pieces: Iterable<readonly FeedItem[]>): Promise<void> {
    this.#behind = []
    this.#fed = true
    for (const piece of pieces) await this.#sent(serialize(piece))
    const behind = this.#behind
    this.#behind = undefined
    for (const items of behind) {
      this.#waitingBytes -= items.length
      this.send({ type: 'feed', items }, items.length)
    }
  }

  /** Tells what others of its kind are told too; one that has not asked for a state gets that first. */
  feed(items: Uint8Array): void {
    if (!this.#fed) return
    // Before this piece, so that one large piece ends nobody who keeps up.
    if (this.#waitingBytes > this.#limits.backlogBytesMax) {
      this.kill({ reason: 'backlog', detail: `it left ${this.#waitingBytes} bytes of changes waiting` })
    } else if (this.#behind === undefined) this.send({ type: 'feed', items }, items.length)
    else {
      this.#waitingBytes += items.length
      this.#behind.push(items)
    }
  }

  /** It serves: from now on it is asked whether it still does. */
  serves(): void {
    this.serving = true
    clearTimeout(this.#timer)
    this.#timer = setInterval(() => this.#ping(), this.#limits.pingMs)
  }

  pong(): void {
    this.#pingsMissed = 0
  }

  /** Ends it at once. */
  kill(end: EndedWorker): void {
    this.#end ??= end
    this.#child.kill('SIGKILL')
  }

  #sent(items: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (!this.send({ type: 'feed', items }, items.length, resolve)) resolve()
    })
  }

  /** Counted in pings and not in time: a primary that was held up itself must not blame its workers. */
  #ping(): void {
    if (this.#pingsMissed >= this.#limits.pingsMissedMax) {
      const detail = `it left ${this.#pingsMissed} pings unanswered: its event loop stands still`
      return this.kill({ reason: 'unresponsive', detail })
    }
    this.#pingsMissed += 1
    this.send({ type: 'ping' })
  }

  #over(end: EndedWorker): void {
    if (this.#ended) return
    this.#ended = true
    this.serving = false
    clearTimeout(this.#timer)
    this.#questions.end()
    this.#events.onEnd(this, this.#end ?? end)
  }
}

function exitOf(code: number | null, signal: NodeJS.Signals | null): EndedWorker {
  return signal === null
    ? { reason: 'exit', detail: `exit status ${code ?? 'unknown'}` }
    : { reason: 'signal', detail: `signal ${signal}` }
}

/** Writes whole lines of a worker. */
export type WriteLines = (
  output: Output,
  text: Uint8Array | string,
  written: (failed: boolean) => void,
) => void
