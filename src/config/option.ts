// One row of the table of options, and the names under which its value can be given.

import type { ValueKind } from './value-kind.ts'

export interface Option<Name extends string, T> {
  /** Dotted; the part before the first dot is the group under which it is documented. */
  readonly name: Name
  readonly kind: ValueKind<T>
  readonly default: T
  /** One or two sentences for help and documentation. */
  readonly doc: string
  /** Text that the kind allows, as it would stand behind the flag. */
  readonly example: string
}

/** A row whose value has the kind's type. */
export function option<const Name extends string, T>(
  name: Name,
  kind: ValueKind<T>,
  preset: NoInfer<T>,
  doc: string,
  example: string,
): Option<Name, T> {
  return { name, kind, default: preset, doc, example }
}

/** `proxy.upstream_timeout` is given by the variable `KANALI_PROXY_UPSTREAM_TIMEOUT`. */
export function variableOf(name: string): string {
  return `KANALI_${name.toUpperCase().replaceAll('.', '_')}`
}
