// Of several objects that changed at once the one that a decision turns on: they are put back as they were, half of them at
// a time, so that a list of thousands costs few builds.

import type { State } from '../events/state.ts'
import { KINDS } from '../resources/resource.ts'
import { kindIn } from './request-history.ts'

/** Keys of the objects that differ. */
export function differingKeys(was: State, is: State): string[] {
  return KINDS.flatMap((kind) => {
    const [older, newer] = [was.kinds[kind].objects, is.kinds[kind].objects]
    const all = [...new Set([...older.keys(), ...newer.keys()])].sort()
    return all.filter((key) => older.get(key)?.digest !== newer.get(key)?.digest)
  })
}

/**
 * The one object with which the decision became what it is, one after the other in the order given. None where it became
 * so without any of them; all where there is nothing to choose from.
 * @param isReached whether the decision under a state is the one in the end
 */
export function decidingKeys(
  was: State,
  now: State,
  keys: readonly string[],
  isReached: (state: State) => boolean,
): readonly string[] {
  if (keys.length <= 1) return keys
  const objects = keys.filter((key) => kindIn(key) !== undefined)
  const isReachedBy = (count: number): boolean => isReached(putBack(now, was, objects.slice(count)))
  if (isReachedBy(0)) return []
  let [before, reached] = [0, objects.length]
  while (reached - before > 1) {
    const middle = Math.floor((before + reached) / 2)
    if (isReachedBy(middle)) reached = middle
    else before = middle
  }
  return objects.slice(before, reached)
}

/** The state with these objects as they were. */
function putBack(now: State, was: State, keys: readonly string[]): State {
  const kinds = { ...now.kinds }
  for (const key of keys) {
    const kind = kindIn(key)
    if (kind === undefined) continue
    const entry = was.kinds[kind].objects.get(key)
    const { objects } = kinds[kind]
    kinds[kind] = {
      ...kinds[kind],
      objects: entry === undefined ? objects.delete(key) : objects.set(key, entry),
    }
  }
  return { ...now, kinds }
}
