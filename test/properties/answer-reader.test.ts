// The reader of answers gives the same whatever pieces the bytes come in, and however often the taker pauses; and it
// never gives anything beyond the end of an answer.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AnswerReader, type AnswerSink } from '../../src/proxy/upstream/answer-reader.ts'
import { answerText, cuts, piecesOf } from '../support/mutated-answers.ts'

class Gathering implements AnswerSink {
  readonly seen: unknown[] = []
  text = ''
  isStopped = false
  readonly #pauses: boolean

  constructor(pauses: boolean) {
    this.#pauses = pauses
  }

  informational(status: number, rawHeaders: string[]): void {
    this.seen.push([status, rawHeaders])
    this.isStopped = this.#pauses
  }
  head(status: number, statusText: string, rawHeaders: string[]): void {
    this.seen.push([status, statusText, rawHeaders])
    this.isStopped = this.#pauses
  }
  data(chunk: Buffer): void {
    this.text += chunk.toString('latin1')
    this.isStopped = this.#pauses
  }
}

function read(pieces: readonly Buffer[], method: string, pauses: boolean, owned: boolean) {
  const reader = new AnswerReader()
  const sink = new Gathering(pauses)
  reader.begin(method)
  let used = 0
  for (const piece of pieces) {
    // As from a socket: the same memory is written over by the next read.
    const shared = Buffer.from(piece)
    let at = 0
    do {
      sink.isStopped = false
      at = reader.read(shared, at, shared.length, owned, sink)
    } while (sink.isStopped && at < shared.length)
    used += at
    if (!owned) shared.fill(0x2a)
    if (reader.ended || reader.fault !== undefined) break
  }
  const ended = reader.ended || (reader.fault === undefined && reader.closed())
  return {
    seen: sink.seen,
    text: sink.text,
    ended,
    keeps: ended && reader.keeps,
    trailers: ended ? reader.trailers : [],
    // Of a line that never ends, what is wrong with it is seen early in one piece and late in others.
    used: ended ? used : 0,
  }
}

test('pieces and pauses make no difference', () => {
  fc.assert(
    fc.property(
      answerText,
      cuts,
      fc.constantFrom('GET', 'HEAD'),
      fc.boolean(),
      (text, places, method, owned) => {
        const whole = read([Buffer.from(text, 'latin1')], method, false, true)
        const octets = read(
          piecesOf(
            text,
            Array.from(text, (_, index) => index / text.length),
          ),
          method,
          false,
          owned,
        )
        expect(read(piecesOf(text, places), method, true, owned)).toEqual(whole)
        expect(octets).toEqual(whole)
      },
    ),
    { numRuns: 5000 },
  )
}, 60_000)
