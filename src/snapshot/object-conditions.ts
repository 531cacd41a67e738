// What the owner of an object other than an ApiProxy is told of it; nothing where nothing is wrong with it.

import { codeText, errorOf, type Reason } from '../errors/catalogue.ts'
import type { Decryption } from '../events/state.ts'
import { isInvalid, type Resource } from '../resources/resource.ts'
import { compileBinding } from './compile-binding.ts'
import { invalidCondition, notAccepted } from './conditions.ts'
import { digestsOf } from './key-draft.ts'
import { undecryptableRevisions } from './key-table.ts'
import type { Condition } from './snapshot.ts'

const NAMED_MAX = 3
const NONE: readonly Condition[] = []

export function objectConditions(
  resource: Resource | undefined,
  decryption: Decryption,
): readonly Condition[] {
  if (resource === undefined) return NONE
  if (isInvalid(resource)) return [invalidCondition(resource)]
  if (resource.kind === 'ApiKeyBinding') {
    const { faults } = compileBinding(resource)
    if (faults.length === 0) return NONE
    const named = faults.map(({ field, fault }) => `${field} ${fault}`)
    const message = `${listed(named)}; what it could have meant is denied`
    return [about(resource, 'ExpressionInvalid', message, 'rule_expression_invalid')]
  }
  if (resource.kind !== 'ApiKey') return NONE
  const undecryptable = undecryptableRevisions(resource, digestsOf(resource, decryption))
  if (undecryptable.length === 0) return NONE
  const named = undecryptable.map((index) => `spec.revisions[${index}]`)
  const message = `${listed(named)} cannot be decrypted with the private key of the gateway: requests with such a key are answered with code ${codeText(errorOf('key_unknown').code)}`
  return [about(resource, 'RevisionUndecryptable', message, 'key_unknown')]
}

function about(resource: Resource, reason: string, message: string, cause: Reason): Condition {
  return { ...notAccepted(resource, reason, message), code: errorOf(cause).codeText }
}

function listed(all: readonly string[]): string {
  const named = all.slice(0, NAMED_MAX).join('; ')
  return all.length > NAMED_MAX ? `${named}; and ${all.length - NAMED_MAX} more` : named
}
