// One record folded into a state, where it can be: a journal may have been written by a version that knows other events.

import { apply, type State } from '../state.ts'
import type { JournalRecord } from './record.ts'
import type { Sieve } from './sieve.ts'

/**
 * The state after the record; undefined where this program does not know what it means.
 * @param sieve leaves out objects
 */
export function fold(state: State, { event }: JournalRecord, sieve?: Sieve): State | undefined {
  if (sieve !== undefined && event.type === 'upserted' && !sieve.keeps(event.resource)) return state
  const kept =
    sieve === undefined || event.type !== 'listed'
      ? event
      : { ...event, resources: event.resources.filter((resource) => sieve.keeps(resource)) }
  try {
    // For a type of event that it does not know `apply` gives nothing, whatever the compiler thinks.
    const next: State | undefined = apply(state, kept)
    return next
  } catch {
    return undefined
  }
}
