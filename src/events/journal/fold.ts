// One record folded into a state, where it can be: a journal may have been written by a version that knows other events.

import { apply, type State } from '../state.ts'
import type { JournalRecord } from './record.ts'

/** The state after the record; undefined where this program does not know what it means. */
export function fold(state: State, { event }: JournalRecord): State | undefined {
  try {
    // For a type of event that it does not know `apply` gives nothing, whatever the compiler thinks.
    const next: State | undefined = apply(state, event)
    return next
  } catch {
    return undefined
  }
}
