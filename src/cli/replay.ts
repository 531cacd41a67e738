// `kanali replay`: the state and the snapshot at a point of a journal, and, followed, each record behind it.

import { setTimeout } from 'node:timers/promises'
import { snapshotView } from '../admin/snapshot-view.ts'
import { JournalReader, type Moment, type Target } from '../events/journal/reader.ts'
import { allSettled } from '../events/state.ts'
import { recordedOptions } from '../explain/recorded-options.ts'
import { recordView } from '../explain/record-view.ts'
import { stateView } from '../explain/state-view.ts'
import { build } from '../snapshot/build.ts'
import { documentText, type OutputFormat, streamedText } from './document-output.ts'

export interface ReplayOptions {
  readonly journal: string
  readonly at?: string
  readonly output: OutputFormat
  readonly state?: boolean
  readonly snapshot?: boolean
  readonly follow?: boolean
}

export interface Printer {
  /** False: what follows should wait for `drain`. */
  out(text: string): unknown
  say(text: string): void
}

const LOOK_EVERY_MS = 200

/** @param until when following ends. @returns the exit status */
export async function replay(
  options: ReplayOptions,
  printer: Printer,
  until: () => AbortSignal,
): Promise<number> {
  const target = targetOf(options.at)
  if (target === undefined) {
    printer.say('kanali replay: --at needs a revision or a time such as 2026-01-31T12:00:00Z\n')
    return 2
  }
  const reader = JournalReader.open(options.journal)
  const moment = 'problem' in reader ? reader : reader.at(target)
  if ('problem' in reader || 'problem' in moment) {
    const { problem } = 'problem' in reader ? reader : (moment as { problem: string })
    printer.say(`kanali replay: ${problem}\n`)
    return 1
  }
  const view = momentView(moment, options)
  if (options.follow !== true) printer.out(documentText(view, options.output))
  else await follow(reader, moment, view, options.output, printer, until())
  for (const damage of reader.damage) printer.say(`kanali replay: ${damage}\n`)
  return 0
}

/** Undefined where it is neither a revision nor a time. */
export function targetOf(at: string | undefined): Target | undefined {
  if (at === undefined) return 'end'
  if (/^\d{1,15}$/.test(at)) return { revision: Number(at) }
  const time = /^\d{4}-\d\d-\d\d/.test(at) ? Date.parse(at) : Number.NaN
  return Number.isNaN(time) ? undefined : { time }
}

function momentView(moment: Moment, { state, snapshot }: Pick<ReplayOptions, 'state' | 'snapshot'>): object {
  const both = state === snapshot
  const options = recordedOptions(moment.options)
  const built = build(moment.state, options)
  const { revision: _, ...view } = snapshotView(built, { limit: Number.MAX_SAFE_INTEGER })
  return {
    revision: moment.revision,
    hash: built.hash,
    time: new Date(moment.observedAt).toISOString(),
    // Before that nothing is served, whatever is known.
    served: allSettled(moment.state),
    ...((both || state === true) && { state: stateView(moment.state) }),
    ...((both || snapshot === true) && { options, snapshot: view }),
  }
}

async function follow(
  reader: JournalReader,
  start: Moment,
  view: object,
  output: OutputFormat,
  printer: Printer,
  over: AbortSignal,
): Promise<void> {
  printer.out(streamedText(view, output))
  let moment = start
  while (!over.aborted) {
    for (const step of reader.steps(moment)) {
      moment = step.after
      printer.out(streamedText(recordView(step.record), output))
    }
    await setTimeout(LOOK_EVERY_MS, undefined, { signal: over }).catch(() => undefined)
  }
}
