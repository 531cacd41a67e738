// What becomes of a state that a former process left behind: it is served as stale until each kind is heard of anew, and
// Secrets are unread until each is seen again, changed or not, since their bytes were kept nowhere.

import { Map, Set as PersistentSet } from 'immutable'
import { KINDS, type Kind } from '../resources/resource.ts'
import type { State } from './state.ts'
import { touch, touchAll } from './touched.ts'

/** Under this source's name a restored state is stale. */
const JOURNAL = 'journal'

/** What a source said of itself goes with the process that heard it; what it said of the world stays until it is heard. */
export function restore(state: State, since: number): State {
  const restored = KINDS.filter((kind) => state.kinds[kind].status !== 'pending')
  const secrets: string[] = []
  for (const [key, { resource }] of state.kinds.Secret.objects) {
    if ('tls' in resource && resource.tls.handle !== undefined) secrets.push(key)
  }
  const next: State = {
    ...state,
    restored,
    unread: PersistentSet(secrets),
    problems: Map(),
    stale: restored.length === 0 ? Map() : Map({ [JOURNAL]: { since, expired: [] } }),
  }
  const expired = new Set(state.stale.valueSeq().flatMap((staleness) => staleness.expired))
  const kinds = Array.from(expired.add('Secret'), (kind) => `Kind/${kind}`)
  return touchAll(next, ['Problems', 'Stale', ...kinds])
}

/** The kind is known from a source of this process; once that holds of all, nothing is stale for being restored. */
export function heardAgain(state: State, kind: Kind): State {
  if (!state.restored.includes(kind)) return state
  const restored = state.restored.filter((other) => other !== kind)
  const before = state.kinds[kind]
  const heard = { ...state, restored, kinds: { ...state.kinds, [kind]: { ...before, refusedIn: Map() } } }
  const next = before.refusedIn.isEmpty() ? heard : touch(heard, `Kind/${kind}`)
  return restored.length > 0 ? next : touch({ ...next, stale: next.stale.delete(JOURNAL) }, 'Stale')
}

/** Without those keys among the unread Secrets. */
export function withRead(state: State, keys: Iterable<string>): State {
  if (state.unread.isEmpty()) return state
  const read = Array.from(keys).filter((key) => state.unread.has(key))
  if (read.length === 0) return state
  return touchAll({ ...state, unread: state.unread.subtract(read) }, read)
}
