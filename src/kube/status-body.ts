// What the status of an object is to be, from the conditions of a snapshot and from the status that is there: a pure
// function, so that it can be told that nothing needs to be written.

import { isRecord, ownField } from '../resources/fields.ts'
import type { ApiProxyStatus } from '../resources/crds/crds.ts'
import type { Condition } from '../snapshot/snapshot.ts'

export type StatusCondition = NonNullable<ApiProxyStatus['conditions']>[number]

/** The part of a status that is ours; conditions sorted by type. */
export interface WrittenStatus {
  readonly code?: string
  readonly observedGeneration?: number
  readonly conditions: readonly StatusCondition[]
}

const MESSAGE_LENGTH_MAX = 4096

/** @param at RFC 3339; the time of a transition where a condition's status is another than before */
export function statusOf(
  conditions: readonly Condition[],
  before: WrittenStatus | undefined,
  at: string,
): WrittenStatus {
  const generation = conditions[0]?.generation
  const code = conditions.find(({ type }) => type === 'Ready')?.code
  return {
    ...(code !== undefined && { code }),
    ...(generation !== undefined && { observedGeneration: generation }),
    conditions: conditions
      .map((condition) => conditionOf(condition, before, at))
      .toSorted((a, b) => (a.type < b.type ? -1 : 1)),
  }
}

/** True where the two say the same; the times of transitions follow from the rest. */
export function sameStatus(a: WrittenStatus, b: WrittenStatus | undefined): boolean {
  if (b === undefined || a.code !== b.code || a.conditions.length !== b.conditions.length) return false
  if (a.observedGeneration !== b.observedGeneration) return false
  return a.conditions.every((condition, index) => {
    const other = b.conditions[index]
    return (
      other !== undefined &&
      condition.type === other.type &&
      condition.status === other.status &&
      condition.reason === other.reason &&
      condition.message === other.message &&
      condition.observedGeneration === other.observedGeneration
    )
  })
}

/** The status of an object as the API server has it; undefined where it has none. */
export function readStatus(object: unknown): WrittenStatus | undefined {
  const status = isRecord(object) ? ownField(object, 'status') : undefined
  const conditions = isRecord(status) ? ownField(status, 'conditions') : undefined
  if (!isRecord(status) || !Array.isArray(conditions)) return undefined
  const code = ownField(status, 'code')
  const observedGeneration = ownField(status, 'observedGeneration')
  return {
    ...(typeof code === 'string' && { code }),
    ...(typeof observedGeneration === 'number' && { observedGeneration }),
    // Written by us and checked by the schema of the definition.
    conditions: (conditions as StatusCondition[]).toSorted((a, b) => (a.type < b.type ? -1 : 1)),
  }
}

function conditionOf(
  { type, status, reason, message, generation }: Condition,
  before: WrittenStatus | undefined,
  at: string,
): StatusCondition {
  const old = before?.conditions.find((condition) => condition.type === type)
  return {
    type,
    status,
    reason,
    message: message.slice(0, MESSAGE_LENGTH_MAX),
    ...(generation !== undefined && { observedGeneration: generation }),
    lastTransitionTime: old?.status === status ? old.lastTransitionTime : at,
  }
}
