// Reads an ApiKey (kanali.io/v2, cluster-scoped): the encrypted revisions of one key.
// Their data is never shown in a problem: somebody may have put the clear key there.

import type { Fields } from './fields.ts'
import type { Reading } from './reading.ts'
import type { ApiKeyRevision, Meta } from './resource.ts'
import { KEY_CIPHER_TEXT, type TextRule, withoutSpace } from './text-rules.ts'
import { readTimestamp } from './timestamp.ts'

const STATUS: TextRule = { says: 'must be Active or Inactive', holds: isStatus }

export function readApiKey(manifest: Fields, meta: Meta): Reading {
  const items = manifest.requiredObject('spec')?.requiredObjects('revisions') ?? []
  return { resource: { kind: 'ApiKey', meta, revisions: items.map(readRevision) } }
}

function readRevision(item: Fields): ApiKeyRevision {
  const data = withoutSpace(item.requiredText('data', KEY_CIPHER_TEXT) ?? '')
  const text = item.requiredText('status', STATUS)
  const status = text !== undefined && isStatus(text) ? text : 'Inactive'
  const lastUsed = readTimestamp(item, 'lastUsed')
  return lastUsed === undefined ? { data, status } : { data, status, lastUsed }
}

function isStatus(text: string): text is ApiKeyRevision['status'] {
  return text === 'Active' || text === 'Inactive'
}
