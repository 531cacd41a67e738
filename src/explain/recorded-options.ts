// The options under which a journal was written, as the build takes them. A journal of another version may lack some, or
// have others.

import { DEFAULT_OPTIONS } from '../config/options.ts'
import { BUILD_OPTION_NAMES, type BuildOptions, buildOptionsOf } from '../snapshot/build-options.ts'

/** What is not recorded, or is of another type, is as by default. */
export function recordedOptions(recorded: Readonly<Record<string, unknown>>): BuildOptions {
  const known = BUILD_OPTION_NAMES.filter(
    (name) => Object.hasOwn(recorded, name) && typeof recorded[name] === typeof DEFAULT_OPTIONS[name],
  )
  const values = Object.fromEntries(known.map((name) => [name, recorded[name]]))
  return buildOptionsOf({ ...DEFAULT_OPTIONS, ...values })
}
