// What a person adds to the catalogue for the runbooks: who is hit, what to run, how causes are told apart, what to do.
// Only shapes live here. What the catalogue says already (means, check, blame) is never written again.

import type { CATALOGUE, Reason } from '../../src/errors/catalogue.ts'

/**
 * A command for a POSIX shell, and the sign to look for. Placeholders stand in angle brackets and are filled from the
 * failed request; a test runs every command on a gateway in the state of its page.
 */
export interface Look {
  /** What is found out by it, a few words. */
  readonly says: string
  readonly run: string
  /** Texts of its output. Empty: the exit status is the sign. */
  readonly shows: readonly string[]
  /** Exit status where it is not 0. */
  readonly exit?: number
}

export type FirstThree = readonly [Look, Look, Look]

/** A typical cause, and what to do about it. */
export type CauseAndFix = readonly [cause: string, fix: string]

export interface ReasonAdvice {
  /** What `kanali.error.detail` has of this reason, and of no other of its code. Absent: there is no knowing. */
  readonly detail?: string
  /** The reason of the conditions `Ready` of its ApiProxy, where it is known before a request comes. */
  readonly condition?: string
  /** How it is told from its neighbours beside that. */
  readonly tell: string
  readonly causes: readonly CauseAndFix[]
  readonly look?: readonly Look[]
}

type CodeOf<R extends Reason> = Extract<(typeof CATALOGUE)[number], { reasons: readonly { reason: R }[] }>
type EntryOf<C extends number> = Extract<(typeof CATALOGUE)[number], { code: C }>
export type ReasonOf<C extends number> = EntryOf<C>['reasons'][number]['reason']
export type Code = CodeOf<Reason>['code']

export interface CodeAdvice<C extends number = number> {
  /** Who feels it, and how far it reaches. */
  readonly hit: string
  /** What to do in the first minute, when it cannot wait for the cause. */
  readonly stop: string
  readonly first: FirstThree
  readonly reasons: Readonly<Record<ReasonOf<C>, ReasonAdvice>>
  /** Pages of docs/ that say more, such as `guides/limits.md`. */
  readonly more: readonly string[]
}

/** The advice on some code, for what does not depend on which. */
export type AnyCodeAdvice = Omit<CodeAdvice, 'reasons'> & {
  readonly reasons: Readonly<Record<string, ReasonAdvice>>
}

export interface AlertAdvice {
  /** In CamelCase, as in the rules. */
  readonly name: string
  /** What it says when it fires; when it does, and how urgently, is told by the rule. */
  readonly means: string
  readonly hit: string
  readonly first: FirstThree
  readonly causes: readonly CauseAndFix[]
  /** How it is told from alerts that fire beside it. */
  readonly tell: string
  /** Codes whose runbooks go on from here. */
  readonly codes?: readonly number[]
  readonly more?: readonly string[]
}
