// An expected failure: a returned value, never thrown. It names one reason of the catalogue and what an operator
// may read about this one case. The detail never reaches a client.

import { inspect } from 'node:util'
import { errorOf, type ErrorFact, type Reason } from './catalogue.ts'

/** The object and the field of it that a failure lies in. */
export interface FailureSite {
  /** A kind of resource, such as `ApiProxy`. */
  readonly kind: string
  readonly namespace: string
  readonly name: string
  /** Dotted, such as `spec.target.backend.service.name`. */
  readonly field: string
}

export interface Failure {
  readonly fact: ErrorFact
  /** One line for spans, logs and conditions; names objects, addresses, rules, never secrets. */
  readonly detail: string
  /** Where something was thrown: goes on the span as an exception. */
  readonly cause?: Error
  /** Present where the failure lies in a resource, and it is known in which field. */
  readonly at?: FailureSite
}

const THROWN_LENGTH_MAX = 1000

/** A failure with its catalogue entry looked up. */
export function failure(reason: Reason, detail = '', cause?: unknown): Failure {
  const fact = errorOf(reason)
  return cause === undefined ? { fact, detail } : { fact, detail, cause: errorFrom(cause) }
}

/** A failure that lies in a resource. */
export function failureAt(reason: Reason, at: FailureSite, detail = ''): Failure {
  return { ...failure(reason, detail), at }
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
