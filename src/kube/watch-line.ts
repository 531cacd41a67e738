// One line of a watch: what the API server says of one object, or of the watch itself. Nothing it says is taken on trust:
// a line that is not what the protocol allows is `malformed`, and the caller lists anew.

import { isRecord, ownField, type Untrusted } from '../resources/fields.ts'

export type WatchLine =
  | { readonly type: 'upserted' | 'deleted'; readonly object: Untrusted; readonly resourceVersion: string }
  | { readonly type: 'bookmark'; readonly resourceVersion: string; readonly initialEnd: boolean }
  /** A Status object; `code` 0 where it has none. */
  | { readonly type: 'error'; readonly code: number; readonly message: string }
  | { readonly type: 'malformed'; readonly why: string }

const TYPES: Readonly<Record<string, 'upserted' | 'deleted' | 'bookmark' | 'error'>> = {
  ADDED: 'upserted',
  MODIFIED: 'upserted',
  DELETED: 'deleted',
  BOOKMARK: 'bookmark',
  ERROR: 'error',
}

/** The annotation of the bookmark that ends a streamed list (KEP-3157). */
const INITIAL_END = 'k8s.io/initial-events-end'

export function readWatchLine(line: string): WatchLine {
  let event: unknown
  try {
    event = JSON.parse(line)
  } catch {
    return malformed('it is no JSON')
  }
  if (!isRecord(event)) return malformed('it is no object')
  const word = ownField(event, 'type')
  const type = typeof word === 'string' && Object.hasOwn(TYPES, word) ? TYPES[word] : undefined
  const object = ownField(event, 'object')
  if (type === undefined) return malformed('its type is unknown')
  if (!isRecord(object)) return malformed('it has no object')
  if (type === 'error') return errorOf(object)
  const metadata = ownField(object, 'metadata')
  const resourceVersion = isRecord(metadata) ? ownField(metadata, 'resourceVersion') : undefined
  if (!isRecord(metadata) || typeof resourceVersion !== 'string' || resourceVersion === '') {
    return malformed('its object has no resourceVersion')
  }
  if (type !== 'bookmark') return { type, object, resourceVersion }
  const annotations = ownField(metadata, 'annotations')
  const initialEnd = isRecord(annotations) && ownField(annotations, INITIAL_END) === 'true'
  return { type, resourceVersion, initialEnd }
}

function errorOf(status: Untrusted): WatchLine {
  const code = ownField(status, 'code')
  const message = ownField(status, 'message')
  return {
    type: 'error',
    code: typeof code === 'number' ? code : 0,
    message: typeof message === 'string' ? message.slice(0, 500) : '',
  }
}

function malformed(why: string): WatchLine {
  return { type: 'malformed', why }
}
