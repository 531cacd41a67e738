// What `kanali check` finds in a folder of manifests: one thing that is wrong or may surprise, and where it stands.

export interface Finding {
  /** Relative to the folder. */
  readonly file: string
  /** Both count from 1. */
  readonly line: number
  readonly column: number
  /** A warning is about what works and may surprise. */
  readonly severity: 'error' | 'warning'
  /** Absent where a file cannot be read. */
  readonly object?: { readonly kind: string; readonly namespace: string; readonly name: string }
  /** Dotted; empty for the whole object. */
  readonly field: string
  /** CamelCase, as in conditions. */
  readonly reason: string
  /** Code that requests would get because of it, two digits. */
  readonly code?: string
  readonly message: string
}

/** By file, line and column. */
export function byPlace(a: Finding, b: Finding): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.line - b.line || a.column - b.column
}

/** As compilers say it: `shop.yaml:12:5: error: ...`. */
export function findingLine({
  file,
  line,
  column,
  severity,
  object,
  field,
  reason,
  code,
  message,
}: Finding): string {
  const namespaced = object?.namespace === '' ? object.name : `${object?.namespace}/${object?.name}`
  const who = object === undefined ? '' : `${object.kind} ${namespaced}: `
  const where = field === '' ? '' : `${field}: `
  const why = code === undefined ? reason : `${reason}, code ${code}`
  return `${file}:${line}:${column}: ${severity}: ${who}${where}${message} [${why}]`
}
