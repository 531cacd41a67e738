// Walks a collection of the API server page by page; nothing of it is kept.

import { isRecord, ownField, type Untrusted } from '../resources/fields.ts'
import { type ApiClient, statusText } from './api-client.ts'

const PAGE_LIMIT = 500

/** A page of a list answer; undefined where it is none. */
export interface Page {
  readonly items: readonly Untrusted[]
  readonly resourceVersion: string
  /** Token of the next page. */
  readonly from: string | undefined
}

export function readPage(body: unknown): Page | undefined {
  if (!isRecord(body)) return undefined
  const metadata = ownField(body, 'metadata')
  const items = ownField(body, 'items') ?? []
  if (!isRecord(metadata) || !Array.isArray(items) || !items.every(isRecord)) return undefined
  const resourceVersion = ownField(metadata, 'resourceVersion')
  const from = ownField(metadata, 'continue')
  if (typeof resourceVersion !== 'string') return undefined
  return { items, resourceVersion, from: typeof from === 'string' && from !== '' ? from : undefined }
}

/** Why a collection could not be walked to its end. */
export interface Unwalked {
  readonly why: string
  /** The server does not let us, or does not know the kind. */
  readonly refused: boolean
}

export interface Identity {
  readonly namespace: string
  readonly name: string
  readonly uid: string | undefined
}

/** @returns undefined once all of it was visited */
export async function forEachObject(
  client: Pick<ApiClient, 'request'>,
  path: string,
  visit: (object: Untrusted, identity: Identity) => void,
): Promise<Unwalked | undefined> {
  let from: string | undefined
  do {
    const query = { limit: PAGE_LIMIT, continue: from }
    const answer = await client.request({ method: 'GET', path, query })
    if (answer.type === 'unreachable') return { why: answer.why, refused: false }
    if (answer.status !== 200) {
      return { why: statusText(answer), refused: answer.status === 403 || answer.status === 404 }
    }
    const page = readPage(answer.body)
    if (page === undefined) return { why: 'the answer to a list is no list', refused: false }
    for (const item of page.items) {
      const identity = identityOf(item)
      if (identity !== undefined) visit(item, identity)
    }
    if (page.from !== undefined && page.from === from) {
      return { why: 'the list has no end', refused: false }
    }
    from = page.from
  } while (from !== undefined)
  return undefined
}

/** Undefined for what has no name. */
function identityOf(item: Untrusted): Identity | undefined {
  const metadata = ownField(item, 'metadata')
  if (!isRecord(metadata)) return undefined
  const [namespace, name, uid] = ['namespace', 'name', 'uid'].map((field) => {
    const value = ownField(metadata, field)
    return typeof value === 'string' ? value : undefined
  })
  return name === undefined ? undefined : { namespace: namespace ?? '', name, uid }
}
