// The page of a scrape as a sequence of pieces, with a turn of the event loop behind each: however many series there are,
// no request waits for longer than one piece takes. A series is never torn apart by such a pause.

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ExpositionFormat, Family } from './exposition.ts'
import { headLines, sampleLine } from './sample-lines.ts'

/** A piece is handed on once it has so many characters: a fraction of a millisecond's work. */
export const PIECE_CHARS = 32 * 1024

/**
 * The whole page. Every family is asked for its series at the first step, and read while the page goes on: what comes or
 * goes in between is not torn in two. What is not asked for is not made, so that a slow reader costs one piece.
 */
export async function* expositionPieces(
  families: readonly Family[],
  format: ExpositionFormat,
): AsyncGenerator<Buffer> {
  const opened = families.map((family) => ({ family, readings: family.readings() }))
  let text = ''
  for (const [index, { family, readings: ofFamily }] of opened.entries()) {
    // As prom-client has it, families are told apart by an empty line in the text format; OpenMetrics forbids one.
    if (index > 0 && format === 'text') text += '\n'
    text += headLines(family, format)
    for (const next of ofFamily) {
      const reading = next instanceof Promise ? await next : next
      for (const sample of reading) text += sampleLine(sample, family, format)
      if (text.length >= PIECE_CHARS) {
        yield Buffer.from(text)
        text = ''
      } else if (reading === next && reading.length > 0) continue
      await nextTurn()
    }
  }
  if (format === 'openmetrics') text += '# EOF\n'
  yield Buffer.from(text)
}
