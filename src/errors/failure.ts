// An expected failure: a returned value, never thrown. It names one reason of the catalogue and what an operator
// may read about this one case. The detail never reaches a client.

import { inspect } from 'node:util'
import { errorOf, type ErrorFact, type Reason } from './catalogue.ts'

export interface Failure {
  readonly fact: ErrorFact
  /** One line for spans, logs and conditions; names objects, addresses, rules, never secrets. */
  readonly detail: string
  /** Where something was thrown: goes on the span as an exception. */
  readonly cause?: Error
}

const THROWN_LENGTH_MAX = 1000

/** A failure with its catalogue entry looked up. */
export function failure(reason: Reason, detail = '', cause?: unknown): Failure {
  const fact = errorOf(reason)
  return cause === undefined ? { fact, detail } : { fact, detail, cause: errorFrom(cause) }
}

// Plugins throw what they like, and neither looking at it nor describing it may throw again.
function errorFrom(thrown: unknown): Error {
  try {
    if (thrown instanceof Error) return thrown
    if (typeof thrown === 'string') return new Error(thrown.slice(0, THROWN_LENGTH_MAX))
    const described = inspect(thrown, {
      depth: 1,
      customInspect: false,
      breakLength: Number.POSITIVE_INFINITY,
    })
    return new Error(described.slice(0, THROWN_LENGTH_MAX))
  } catch {
    return new Error('something was thrown that cannot be described')
  }
}
