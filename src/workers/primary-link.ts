// The channel of a worker to its primary: what it sends, whether that was taken, and the outputs that go by it. Lines of
// several processes that wrote to one pipe by themselves would end up inside one another.

import type { KeySetWord } from '../plugins/jwt/remote-key-set.ts'
import type { StoreAnswer } from '../plugins/limits/limit-store.ts'
import type { AccessLogOutput } from '../telemetry/access-log.ts'
import type { LogOutput } from '../telemetry/log.ts'
import type { FromWorker, KeySetQuestion, Output } from './messages.ts'
import { QuestionDesk, UNANSWERED } from './question-desk.ts'

/** The part of `process` that is used. */
export interface Channel {
  readonly connected?: boolean
  send?(message: unknown, handle: undefined, options: undefined, sent: (error: Error | null) => void): boolean
}

/** A key set that has to be fetched first takes as long as that may take, and the way there and back. */
const ON_THE_WAY_MS = 1_000

export class PrimaryLink {
  /** Gets the answers to takes; the limiter sets it. */
  onTakes: (first: number, answers: readonly StoreAnswer[]) => void = () => undefined
  readonly #channel: Channel
  readonly #gone = new AbortController()
  readonly #questions: QuestionDesk<KeySetQuestion>
  /** Lines that the primary has not handed on yet; their writers bound them. */
  readonly #unwritten = new Map<number, (failed: boolean) => void>()
  #lastLines = 0
  #waitingChars = 0

  /** @param fetchTimeoutMs option plugins.jwt.fetch_timeout */
  constructor(channel: Channel, fetchTimeoutMs: number) {
    this.#channel = channel
    this.#questions = new QuestionDesk({
      send: (id, question) => this.send({ type: 'question', id, question }),
      timeoutMs: fetchTimeoutMs + ON_THE_WAY_MS,
    })
  }

  /** Aborted once there is no primary any more. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** False where there is nobody to take it. */
  send(message: FromWorker, sent: (error: Error | null) => void = () => undefined): boolean {
    if (this.#channel.connected !== true || this.#channel.send === undefined) return false
    this.#channel.send(message, undefined, undefined, sent)
    return true
  }

  /** Resolves once it is on its way, or cannot be. */
  sent(message: FromWorker): Promise<void> {
    return new Promise((resolve) => {
      if (!this.send(message, () => resolve())) resolve()
    })
  }

  async askKeySet(url: string, refetch: boolean): Promise<KeySetWord | undefined> {
    const answer = await this.#questions.ask({ about: 'key_set', url, refetch })
    return answer === UNANSWERED ? undefined : (answer as KeySetWord | undefined)
  }

  answered(id: number, answer: unknown): void {
    this.#questions.answered(id, answer)
  }

  /** The primary has gone. */
  end(): void {
    this.#gone.abort()
    this.#questions.end()
    for (const id of this.#unwritten.keys()) this.written(id, true)
  }

  /** Standard output of the primary. What it cannot take is counted as lost by whoever writes. */
  accessLogOutput(isTTY: boolean): AccessLogOutput {
    return {
      isTTY,
      write: (chunk, done) => this.#write('stdout', chunk, (failed) => done(failed ? NOT_WRITTEN : null)),
      on: () => undefined,
    }
  }

  /** Standard error of the primary. */
  logOutput(isTTY: boolean): LogOutput {
    const waiting = (): number => this.#waitingChars
    return {
      isTTY,
      get writableLength() {
        return waiting()
      },
      write: (text) => {
        this.#waitingChars += text.length
        this.#write('stderr', text, (failed) => {
          this.#waitingChars -= text.length
          // Where there is no primary any more, whoever reads its output may still read this one's.
          if (failed) process.stderr.write(text)
        })
      },
    }
  }

  /** Lines were handed on, or could not be. */
  written(id: number, failed: boolean): void {
    this.#unwritten.get(id)?.(failed)
    this.#unwritten.delete(id)
  }

  /** @param done once the primary has handed them on */
  #write(output: Output, text: Uint8Array | string, done: (failed: boolean) => void): void {
    const id = ++this.#lastLines
    this.#unwritten.set(id, done)
    if (!this.send({ type: 'lines', id, output, text })) this.written(id, true)
  }
}

const NOT_WRITTEN = new Error('the primary did not write it')
