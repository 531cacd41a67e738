// Who last changed an object, from its managedFields: the manager of the newest entry that is about more than the status.
// An object is never refused for what stands there, and the word of its writer is not proof of who it was.

import { isRecord, ownField, type Untrusted } from './fields.ts'
import { escapeText } from './problems.ts'
import type { ChangedBy } from './resource.ts'
import { normaliseTimestamp } from './timestamp.ts'

/** More entries are not looked at: the API server merges them far below that. */
const ENTRIES_MAX = 1_000
/** What only a controller says of an object, under whatever name it writes. */
const STATUS_FIELDS = 'f:status'

/** Undefined where the object does not say. */
export function readChangedBy(managedFields: unknown): ChangedBy | undefined {
  if (!Array.isArray(managedFields)) return undefined
  let newest: ChangedBy | undefined
  for (const entry of managedFields.slice(0, ENTRIES_MAX)) {
    const found = isRecord(entry) && isOfTheObject(entry) ? readEntry(entry) : undefined
    // Times have whole seconds: of two in one second the later entry counts.
    if (found !== undefined && (newest === undefined || (found.time ?? '') >= (newest.time ?? ''))) {
      newest = found
    }
  }
  return newest
}

function readEntry(entry: Untrusted): ChangedBy | undefined {
  const manager = ownField(entry, 'manager')
  if (typeof manager !== 'string' || manager === '') return undefined
  const time = normaliseTimestamp(ownField(entry, 'time'))
  return { manager: escapeText(manager), ...(time !== undefined && { time }) }
}

/** Our own conditions come back as entries of the subresource `status`. */
function isOfTheObject(entry: Untrusted): boolean {
  if ((ownField(entry, 'subresource') ?? '') !== '') return false
  const fields = ownField(entry, 'fieldsV1')
  if (!isRecord(fields)) return true
  return Object.keys(fields).some((name) => name !== STATUS_FIELDS)
}
