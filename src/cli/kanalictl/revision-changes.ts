// What has to be written into an ApiKey so that revisions end, now or on a date. It touches their status and our own
// annotations, and nothing else.

import { isRecord, ownField, type Untrusted } from '../../resources/fields.ts'
import type { ApiKey } from '../../resources/resource.ts'
import { type End, endAnnotation } from './end-dates.ts'
import type { Change } from './manifest-text.ts'

/**
 * @param object as the ApiKey was read from
 * @param ends by the revision's place in the list
 * @param idle annotations that are not needed any more
 */
export function revisionChanges(
  object: Untrusted,
  { revisions }: ApiKey,
  ends: ReadonlyMap<number, End>,
  idle: readonly string[],
): Change[] {
  const statuses: Change[] = []
  const annotations = new Map<string, string | undefined>(idle.map((name) => [name, undefined]))
  for (const [index, end] of ends) {
    annotations.set(endAnnotation(revisions[index]?.data ?? ''), end === 'now' ? undefined : end)
    if (end === 'now') statuses.push({ path: ['spec', 'revisions', index, 'status'], value: 'Inactive' })
  }
  return [...statuses, ...annotationChanges(object, annotations)]
}

/** @param wanted undefined takes one away */
function annotationChanges(object: Untrusted, wanted: ReadonlyMap<string, string | undefined>): Change[] {
  const path = ['metadata', 'annotations']
  const metadata = ownField(object, 'metadata')
  const found = isRecord(metadata) ? ownField(metadata, 'annotations') : undefined
  const before = isRecord(found) ? found : {}
  const after = Object.fromEntries(
    [...Object.entries(before), ...wanted].filter(
      ([name]) => !wanted.has(name) || wanted.get(name) !== undefined,
    ),
  )
  if (Object.keys(before).length === 0) {
    return Object.keys(after).length === 0 ? [] : [{ path, value: after }]
  }
  if (Object.keys(after).length === 0) return [{ path, value: undefined }]
  return [...wanted]
    .filter(([name, value]) => before[name] !== value)
    .map(([name, value]) => ({ path: [...path, name], value }))
}
