// The table of options: every name under which a person can set something, and the type of what is then set.
// Loading, help and documentation read this table; none of them knows an option by name but for rules between options.

import type { Option } from './option.ts'
import { CONTROL_OPTIONS } from './options-control.ts'
import { EVENTS_OPTIONS } from './options-events.ts'
import { EXPLAIN_OPTIONS } from './options-explain.ts'
import { GUARD_OPTIONS } from './options-guards.ts'
import { KUBERNETES_OPTIONS } from './options-kubernetes.ts'
import { LIMIT_OPTIONS } from './options-limits.ts'
import { PROXY_OPTIONS } from './options-proxy.ts'
import { SERVER_OPTIONS } from './options-server.ts'

/** In the order of help and documentation. */
const TABLE = [
  ...SERVER_OPTIONS,
  ...CONTROL_OPTIONS,
  ...EVENTS_OPTIONS,
  ...GUARD_OPTIONS,
  ...LIMIT_OPTIONS,
  ...KUBERNETES_OPTIONS,
  ...PROXY_OPTIONS,
  ...EXPLAIN_OPTIONS,
] as const

type Row = (typeof TABLE)[number]

export type OptionName = Row['name']

/** Every option by its dotted name; durations are milliseconds, sizes bytes, a path that is not given is undefined. */
export type Options = {
  readonly [R in Row as R['name']]: R extends Option<R['name'], infer T> ? T : never
}

/** A row with the type of its value forgotten. Its kind must meet no value but its own: the compiler no longer sees to it. */
export type AnyOption = Option<OptionName, unknown>

/** The same table for those who treat all rows alike. */
export const ROWS: readonly AnyOption[] = TABLE

/** The options of a gateway that nothing was set for. */
export const DEFAULT_OPTIONS: Options = optionsOf((row) => row.default)

/** Options made of the value that is found for each row, which must be of the row's kind. */
export function optionsOf(valueOf: (row: AnyOption) => unknown): Options {
  // Built row by row from the table that Options is mapped from, so every name is there.
  return Object.freeze(Object.fromEntries(ROWS.map((row) => [row.name, valueOf(row)]))) as Options
}
