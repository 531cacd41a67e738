// The store of limits that the primary keeps in its memory, as a worker asks it: one message for all takes of a turn, an
// answer for each in order, a deadline, and a limit on how many wait. Exact, since one process counts for all.

import type { LimitObserver } from '../plugins/limits/limit-observer.ts'
import type { LimitStore, StoreAnswer, StoreCount, TakeRequest } from '../plugins/limits/limit-store.ts'

export interface PrimaryStoreParts {
  /** Sends takes, the first of which has that number; false where there is nobody to take them. */
  readonly send: (first: number, takes: readonly TakeRequest[]) => boolean
  /** Option limits.store_timeout. */
  readonly timeoutMs: number
  readonly now: () => number
  readonly observer: Pick<LimitObserver, 'stored'>
  /** Most takes that wait for an answer. */
  readonly waitingMax?: number
}

/** As many as wait for a Redis. */
const WAITING_MAX = 4_096

interface Waiting {
  readonly settle: (answer: StoreAnswer) => void
  readonly from: number
}

export class PrimaryStore implements LimitStore {
  readonly #parts: PrimaryStoreParts
  readonly #waitingMax: number
  /** By number, the oldest first. */
  readonly #waiting = new Map<number, Waiting>()
  #next = 0
  #turn: TakeRequest[] = []
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(parts: PrimaryStoreParts) {
    this.#parts = parts
    this.#waitingMax = parts.waitingMax ?? WAITING_MAX
  }

  take(request: TakeRequest): Promise<StoreAnswer> {
    if (this.#stopped) return Promise.resolve(UNREACHABLE)
    if (this.#waiting.size >= this.#waitingMax) return Promise.resolve(OVERLOADED)
    if (this.#turn.length === 0) setImmediate(() => this.#flush())
    this.#turn.push(request)
    return new Promise((settle) => {
      this.#waiting.set(this.#next, { settle, from: this.#parts.now() })
      this.#next += 1
      this.#timer ??= setTimeout(() => this.#expire(), this.#parts.timeoutMs)
    })
  }

  /** Answers of the primary: the first is that of the take with that number. */
  answered(first: number, answers: readonly StoreAnswer[]): void {
    const now = this.#parts.now()
    for (const [index, answer] of answers.entries()) {
      const waiting = this.#waiting.get(first + index)
      if (waiting === undefined) continue
      this.#waiting.delete(first + index)
      if ('granted' in answer) this.#parts.observer.stored(now - waiting.from)
      waiting.settle(answer)
    }
  }

  stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#fail(() => UNREACHABLE)
    return Promise.resolve()
  }

  #flush(): void {
    const takes = this.#turn
    this.#turn = []
    if (takes.length === 0 || this.#stopped) return
    const first = this.#next - takes.length
    if (!this.#parts.send(first, takes)) this.#fail((number) => (number >= first ? UNSENT : UNREACHABLE))
  }

  /** One timer for all: the oldest is the first to be due. */
  #expire(): void {
    this.#timer = undefined
    const { now, timeoutMs } = this.#parts
    const dueBefore = now() - timeoutMs
    for (const [number, { settle, from }] of this.#waiting) {
      if (from > dueBefore) {
        this.#timer = setTimeout(() => this.#expire(), from - dueBefore)
        return
      }
      this.#waiting.delete(number)
      settle({ cause: 'timeout', mayHaveCounted: true })
    }
  }

  #fail(refusalOf: (number: number) => StoreAnswer): void {
    for (const [number, { settle }] of this.#waiting) {
      this.#waiting.delete(number)
      settle(refusalOf(number))
    }
  }
}

const UNREACHABLE: StoreAnswer = { cause: 'unreachable', mayHaveCounted: true }
const UNSENT: StoreAnswer = { cause: 'unreachable', mayHaveCounted: false }
const OVERLOADED: StoreAnswer = { cause: 'overloaded', mayHaveCounted: false }

/** The primary's side: counts each take of a message, in order. */
export function answerTakes(
  takes: readonly TakeRequest[],
  count: (allowance: TakeRequest['allowance'], owed: number) => StoreCount | undefined,
): readonly StoreAnswer[] {
  return takes.map(
    ({ allowance, owed }) => count(allowance, owed) ?? { cause: 'full', mayHaveCounted: false },
  )
}
