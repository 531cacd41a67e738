// The library that checks signatures, loaded with the first key set: 60 ms and 16 MB that a world without tokens does not
// need. It must never be imported in any other way.

let loading: Promise<typeof import('jose')> | undefined

/** The library; the same promise each time. */
export function jose(): Promise<typeof import('jose')> {
  return (loading ??= import('jose'))
}
