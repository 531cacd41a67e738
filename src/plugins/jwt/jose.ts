// The library that checks signatures, loaded with the first key set: 60 ms and 16 MB that a world without tokens does not
// need. It must never be imported in any other way.

import type * as Jose from 'jose'

let loading: Promise<typeof Jose> | undefined

/** The library; the same promise each time. */
export function jose(): Promise<typeof Jose> {
  return (loading ??= import('jose'))
}
