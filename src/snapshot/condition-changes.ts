// Keeps the counts of conditions and notes which ones went bad or good in one build.
// It must never be handed what did not change: its cost is in proportion to what it is handed.

import type { Map } from 'immutable'
import { isGood, type Reasons } from './conditions.ts'
import type { Condition, ConditionChange, ConditionCount } from './snapshot.ts'

/** How many changes one build names; the rest is only counted. */
export const CONDITION_CHANGES_MAX = 1000

const TYPES = ['Accepted', 'ResolvedRefs', 'Ready'] as const

export class ConditionChanges {
  #counts: Map<string, ConditionCount>
  readonly #changes: ConditionChange[] = []
  #cut = 0

  constructor(counts: Map<string, ConditionCount>) {
    this.#counts = counts.asMutable()
  }

  /** The conditions of one ApiProxy before and after, by their reasons alone. */
  countReasons(before: Reasons | undefined, after: Reasons | undefined): void {
    for (const type of TYPES) {
      if (before?.[type] === after?.[type]) continue
      if (before !== undefined) this.#count('ApiProxy', type, before[type], -1)
      if (after !== undefined) this.#count('ApiProxy', type, after[type], 1)
    }
  }

  /** Conditions of anything else before and after. */
  countConditions(before: readonly Condition[], after: readonly Condition[]): void {
    for (const { kind, type, reason } of before) this.#count(kind, type, reason, -1)
    for (const { kind, type, reason } of after) this.#count(kind, type, reason, 1)
  }

  /** Notes the conditions of one object that are or were bad and are not the same now. */
  note(before: readonly Condition[], after: readonly Condition[]): void {
    for (const now of after) {
      const old = before.find((condition) => sameSubject(condition, now))
      if (now.status === 'True' && old?.status !== 'False') continue
      if (old !== undefined && old.reason === now.reason && old.message === now.message) continue
      this.#add(old === undefined ? { after: now } : { before: old, after: now })
    }
    for (const old of before) {
      if (old.status === 'True' || after.some((condition) => sameSubject(condition, old))) continue
      this.#add({ before: old })
    }
  }

  /** The counts, immutable again. */
  counts(): Map<string, ConditionCount> {
    return this.#counts.asImmutable()
  }

  get noted(): readonly ConditionChange[] {
    return this.#changes
  }

  get cut(): number {
    return this.#cut
  }

  #add(change: ConditionChange): void {
    if (this.#changes.length < CONDITION_CHANGES_MAX) this.#changes.push(change)
    else this.#cut += 1
  }

  #count(kind: Condition['kind'], type: Condition['type'], reason: string, change: 1 | -1): void {
    const key = `${kind}/${type}/${reason}`
    const count = (this.#counts.get(key)?.count ?? 0) + change
    const status = isGood(reason) ? 'True' : 'False'
    this.#counts =
      count === 0 ? this.#counts.delete(key) : this.#counts.set(key, { kind, type, status, reason, count })
  }
}

/** A file can have several conditions of one type; they are told apart by their reasons. */
function sameSubject(a: Condition, b: Condition): boolean {
  if (a.type !== b.type || a.name !== b.name || a.namespace !== b.namespace) return false
  return a.kind !== 'File' || a.reason === b.reason
}
