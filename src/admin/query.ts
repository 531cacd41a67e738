// Reads the query of an admin page: only known parameters, each within its bounds.
// A parameter that is not known is refused rather than ignored: a filter that silently does nothing misleads.

import { type Answer, refusal } from './answer.ts'

export interface IntegerRange {
  readonly min: number
  readonly max: number
  readonly fallback: number
}

/** The answer 400 where the query has a parameter outside `known` or one twice. */
export function refuseUnknown(query: URLSearchParams, known: readonly string[]): Answer | undefined {
  const seen = new Set<string>()
  for (const name of query.keys()) {
    if (!known.includes(name)) {
      return badQuery(`There is no such query parameter here.`, { allowed: known })
    }
    if (seen.has(name)) return badQuery(`The query parameter ${name} is given more than once.`)
    seen.add(name)
  }
  return undefined
}

/** The number, `fallback` where the parameter is absent, or the answer 400 where it is not a number in range. */
export function integerOf(query: URLSearchParams, name: string, range: IntegerRange): number | Answer {
  const text = query.get(name)
  if (text === null) return range.fallback
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= range.min && value <= range.max) return value
  return badQuery(`The query parameter ${name} must be a whole number from ${range.min} to ${range.max}.`)
}

/** The value, undefined where absent, or the answer 400 where it is not one of `allowed`. */
export function choiceOf<T extends string>(
  query: URLSearchParams,
  name: string,
  allowed: readonly T[],
): { readonly value: T | undefined } | Answer {
  const text = query.get(name)
  if (text === null) return { value: undefined }
  const value = allowed.find((entry) => entry === text)
  return value === undefined
    ? badQuery(`The query parameter ${name} is not one of those allowed.`, { allowed })
    : { value }
}

function badQuery(message: string, fields: object = {}): Answer {
  return refusal(400, 'bad_query', message, { fields })
}
