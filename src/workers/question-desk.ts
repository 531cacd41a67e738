// Questions to another process of this gateway, and their answers: each settles, whatever becomes of the other process.
// Both ends use it; what is asked is none of its business.

/** A question was not answered in time, could not be sent, or there are too many. */
export const UNANSWERED = Symbol('unanswered')

export interface QuestionDeskParts<Q> {
  /** False where it cannot be sent. */
  readonly send: (id: number, question: Q) => boolean
  readonly timeoutMs: number
}

/** Questions that wait; one more is not asked. */
const WAITING_MAX = 1_000

export class QuestionDesk<Q> {
  readonly #parts: QuestionDeskParts<Q>
  readonly #waiting = new Map<number, (answer: unknown) => void>()
  #last = 0

  constructor(parts: QuestionDeskParts<Q>) {
    this.#parts = parts
  }

  /** @param extraMs beyond the usual time */
  ask(question: Q, extraMs = 0): Promise<unknown> {
    if (this.#waiting.size >= WAITING_MAX) return Promise.resolve(UNANSWERED)
    const id = ++this.#last
    if (!this.#parts.send(id, question)) return Promise.resolve(UNANSWERED)
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(UNANSWERED), this.#parts.timeoutMs + extraMs)
      const settle = (answer: unknown): void => {
        clearTimeout(timer)
        this.#waiting.delete(id)
        resolve(answer)
      }
      this.#waiting.set(id, settle)
    })
  }

  /** An answer has come; one that nobody waits for any more is dropped. */
  answered(id: number, answer: unknown): void {
    this.#waiting.get(id)?.(answer)
  }

  /** The other process has gone. */
  end(): void {
    for (const settle of this.#waiting.values()) settle(UNANSWERED)
  }
}
