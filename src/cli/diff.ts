// `kanali diff`: which routes differ between two revisions of a journal, in what, and through which changes.

import { JournalReader } from '../events/journal/reader.ts'
import { diffRoutes } from '../explain/route-diff.ts'
import { documentText, type OutputFormat } from './document-output.ts'
import type { Printer } from './replay.ts'

export interface DiffOptions {
  readonly journal: string
  readonly output: OutputFormat
}

/** @returns the exit status */
export function diff(from: string, to: string, { journal, output }: DiffOptions, printer: Printer): number {
  const [older, newer] = [from, to].map((text) => (/^\d{1,15}$/.test(text) ? Number(text) : Number.NaN))
  if (older === undefined || newer === undefined || !(older < newer)) {
    printer.say('kanali diff: two revisions are needed, the older one first\n')
    return 2
  }
  const reader = JournalReader.open(journal)
  const found = 'problem' in reader ? reader : diffRoutes(reader, older, newer)
  if ('problem' in found) {
    printer.say(`kanali diff: ${found.problem}\n`)
    return 1
  }
  printer.out(documentText(found, output))
  if (!('problem' in reader)) for (const damage of reader.damage) printer.say(`kanali diff: ${damage}\n`)
  return 0
}
