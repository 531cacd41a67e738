// What the `apikey` guard says of a request: a pure function of the snapshot and the request. That a request is counted
// against a limit is an effect, and stands apart. No value of a key may ever be in what leaves here.

import { failure, type Failure, failureAt, type FailureSite } from '../../errors/failure.ts'
import type { ApiKeyGuard } from '../../snapshot/compile-api-key-guard.ts'
import type { CompiledGrant } from '../../snapshot/compile-binding.ts'
import { holderOf, type KeyTable } from '../../snapshot/key-table.ts'
import { judgePath } from './judge-path.ts'

/** What the verdict depends on beside the snapshot. */
export interface KeyRequest {
  readonly method: string
  /** Path that the upstream will see. */
  readonly targetPath: string
  /** Every value of the header that carries api keys, in order. */
  readonly presented: readonly string[]
  /** The digest of a key under the decryption key of that id; undefined where that key is not there. */
  digestOf(keyId: string, key: string): string | undefined
}

export interface KeyVerdict {
  /** Undefined: the request may go on. */
  readonly failure: Failure | undefined
  /** Name of the ApiKey, where it is known. */
  readonly apiKey?: string
  /** The rule that decided, as a person finds it. */
  readonly rule?: string
  /** What the key may do; what is to be counted is in it. */
  readonly grant?: CompiledGrant
}

const UNCHECKED: KeyVerdict = { failure: undefined, rule: 'OPTIONS' }
const MISSING: KeyVerdict = { failure: failure('key_missing', 'no header that carries an api key is there') }
const EMPTY: KeyVerdict = { failure: failure('key_empty', 'the header that carries the api key is empty') }

/** In the order in which a person would look for the cause. */
export function judgeKey(guard: ApiKeyGuard, keys: KeyTable, request: KeyRequest): KeyVerdict {
  // As the original: a preflight carries no key (Fetch standard, CORS protocol).
  if (request.method === 'OPTIONS') return UNCHECKED
  const { presented } = request
  const [key = ''] = presented
  if (presented.length === 0) return MISSING
  if (presented.length > 1) {
    return {
      failure: failure(
        'key_repeated',
        `the header that carries the api key is there ${presented.length} times`,
      ),
    }
  }
  if (key === '') return EMPTY
  if (guard.failure !== undefined) return { failure: guard.failure }
  const digest = request.digestOf(keys.keyId, key)
  const holder = digest === undefined ? undefined : holderOf(keys, digest)
  if (holder === undefined) return { failure: unknown(keys, digest) }
  const { apiKey } = holder
  if (!holder.active) {
    const detail = `revision ${holder.revision} of ApiKey ${apiKey} is Inactive`
    const at = {
      kind: 'ApiKey',
      namespace: '',
      name: apiKey,
      field: `spec.revisions[${holder.revision}].status`,
    }
    return { apiKey, failure: failureAt('key_revision_inactive', at, detail) }
  }
  const grant = guard.grants.get(apiKey)
  if (grant === undefined) {
    const detail = `ApiKeyBinding ${guard.binding} has no entry for ApiKey ${apiKey}`
    return { apiKey, failure: failureAt('key_not_bound', bindingSite(guard, 'keys'), detail) }
  }
  const judged = judgePath(grant, request.method, request.targetPath)
  const rule = `${guard.binding} ${judged.place}`
  if (judged.reason === undefined) return { failure: undefined, apiKey, rule, grant }
  const detail = `ApiKeyBinding ${guard.binding}, ${judged.place}: ${judged.detail} (ApiKey ${apiKey})`
  const field = judged.reason === 'rule_expression_invalid' ? `${judged.place}.path` : judged.place
  return { apiKey, rule, failure: failureAt(judged.reason, bindingSite(guard, field), detail) }
}

/** @param field below `spec` of the ApiKeyBinding */
export function bindingSite({ binding }: ApiKeyGuard, field: string): FailureSite {
  const [namespace = '', name = ''] = binding.split('/')
  return { kind: 'ApiKeyBinding', namespace, name, field: `spec.${field}` }
}

function unknown({ counts }: KeyTable, digest: string | undefined): Failure {
  if (digest === undefined) {
    return failure('keys_not_loaded', 'the private key that the snapshot was made with is gone')
  }
  if (counts.pending > 0) {
    return failure('keys_not_loaded', `${counts.pending} revisions of ApiKeys are still being decrypted`)
  }
  return failure('key_unknown', 'no revision of any ApiKey is this key')
}
