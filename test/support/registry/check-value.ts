// Whether a value is of the type and among the values that the registry has for it.

import type { FieldRow, ValueType } from './registry.ts'

/** What is wrong with the value, or undefined. */
export function valueProblem({ type, values, nullable }: FieldRow, value: unknown): string | undefined {
  if (value === null && nullable) return undefined
  if (!IS[type](value)) return `is no ${type}: ${shown(value)}`
  if (values === undefined) return undefined
  const wrong = (Array.isArray(value) ? value : [value]).find((each) => !values.has(String(each)))
  return wrong === undefined ? undefined : `is not in ${values.name}: ${shown(wrong)}`
}

const IS: Readonly<Record<ValueType, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  int: (value) => Number.isSafeInteger(value),
  double: (value) => typeof value === 'number' && Number.isFinite(value),
  boolean: (value) => typeof value === 'boolean',
  'string[]': (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
  object: isObject,
  'object[]': (value) => Array.isArray(value) && value.every(isObject),
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 100)
}
