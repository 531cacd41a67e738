// The one list of every error that the gateway itself answers: fifteen codes, and the reasons that tell causes apart.
// Bodies, signals, documentation, alerts and dashboards are derived from it; none of them writes a text twice.
// It must never hold what HTTP itself refuses (rejections.ts): the fifteen are not stretched.

import type { Blame, CatalogueEntry, ProxyStatusToken } from './catalogue-entry.ts'
import { CODE_01, CODE_09 } from './codes-gateway.ts'
import { CODE_12, CODE_13, CODE_14 } from './codes-guards.ts'
import { CODE_03, CODE_04, CODE_05, CODE_11 } from './codes-plugins.ts'
import { CODE_00, CODE_02, CODE_10 } from './codes-routing.ts'
import { CODE_06, CODE_07 } from './codes-secrets.ts'
import { CODE_08 } from './codes-upstream.ts'

export type { Blame } from './catalogue-entry.ts'

/** In the order of the codes: the index is the code. */
export const CATALOGUE = [
  CODE_00,
  CODE_01,
  CODE_02,
  CODE_03,
  CODE_04,
  CODE_05,
  CODE_06,
  CODE_07,
  CODE_08,
  CODE_09,
  CODE_10,
  CODE_11,
  CODE_12,
  CODE_13,
  CODE_14,
] as const satisfies readonly CatalogueEntry[]

/** Every reason of every code. */
export type Reason = (typeof CATALOGUE)[number]['reasons'][number]['reason']

/** All that the signals of one reason are made of. */
export interface ErrorFact {
  readonly code: number
  /** Two digits: the form on every signal but the body. */
  readonly codeText: string
  readonly status: number
  readonly message: string
  readonly reason: Reason
  readonly blame: Blame
  readonly means: string
  readonly check: string
  /** Error token of RFC 9209 section 2.3. */
  readonly proxyStatus: ProxyStatusToken
  /** The cause was not foreseen and stands in a text alone. */
  readonly generic?: true
}

/** Every fact, in the order of the catalogue. */
export const ERROR_FACTS: readonly ErrorFact[] = CATALOGUE.flatMap((entry) =>
  entry.reasons.map((cause) =>
    Object.freeze({
      code: entry.code,
      codeText: codeText(entry.code),
      status: entry.status,
      message: entry.message,
      ...cause,
    }),
  ),
)

const BY_REASON = new Map<Reason, ErrorFact>(ERROR_FACTS.map((fact) => [fact.reason, fact]))

/** The one shared, frozen fact of a reason. */
export function errorOf(reason: Reason): ErrorFact {
  const found = BY_REASON.get(reason)
  if (found === undefined) throw new Error(`no entry of the catalogue has the reason ${reason}`)
  return found
}

/** A code as text: two digits. */
export function codeText(code: number): string {
  return String(code).padStart(2, '0')
}
