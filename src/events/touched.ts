// Which keys a state's changes have touched, so that a build looks at those and at nothing else.
// A list that only grows at its head: states share it, and each build reads back to the version it was last built from.
// It is a help, never a truth: where the list does not reach back far enough, the build starts from scratch.

/**
 * One change: `keyOf` of an object, `Kind/<kind>` for a kind's status, `KeySet/<url>`, `Plugins`,
 * `DecryptionKey`, `Problems` or `Stale`.
 */
export interface Touched {
  readonly key: string
  /** The version that the change made. */
  readonly version: number
  readonly earlier: Touched | undefined
}

export interface TouchedKeys {
  /** How many changes led here; states of one line with equal versions have equal content. */
  readonly version: number
  readonly touched: Touched | undefined
  /** Changes up to this version are no longer in the list. */
  readonly settledAt: number
}

/** The next version, with this key at the head of the list. */
export function touch<S extends TouchedKeys>(state: S, key: string): S {
  return touchAll(state, [key])
}

/** A version for each of these keys, the last one at the head of the list; the same state for none. */
export function touchAll<S extends TouchedKeys>(state: S, keys: Iterable<string>): S {
  let { version, touched } = state
  for (const key of keys) {
    version += 1
    touched = { key, version, earlier: touched }
  }
  return version === state.version ? state : { ...state, version, touched }
}

/** Forgets what has been touched so far; call it once a snapshot has been built, or the list grows for ever. */
export function settle<S extends TouchedKeys>(state: S): S {
  if (state.touched === undefined) return state
  return { ...state, touched: undefined, settledAt: state.version }
}

/**
 * The keys touched since that version of the same line of states, each once.
 * @returns undefined where the list does not reach back that far
 */
export function touchedSince(state: TouchedKeys, version: number): ReadonlySet<string> | undefined {
  if (version < state.settledAt || version > state.version) return undefined
  const keys = new Set<string>()
  for (
    let touched = state.touched;
    touched !== undefined && touched.version > version;
    touched = touched.earlier
  ) {
    keys.add(touched.key)
  }
  return keys
}
