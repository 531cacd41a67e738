// Api keys by digest: which ApiKey a presented key is, whatever the number of keys. Persistent; it holds digests and
// never a key. A digest is an HMAC under a secret key, so that a lookup that takes longer for a longer common prefix
// tells nobody anything about a key.

import { hash } from 'node:crypto'
import { replaceDigest } from '../events/content.ts'
import type { KeyDigests } from '../events/event.ts'
import { type ApiKey, isInvalid, type Resource } from '../resources/resource.ts'
import { byAge } from './age.ts'
import { deleteText, findText, setText, type TextMap } from '../events/text-map.ts'

/** One revision that a key can be. */
export interface KeyHolder {
  /** Name of the ApiKey. */
  readonly apiKey: string
  /** Index of the revision. */
  readonly revision: number
  readonly active: boolean
}

/** Revisions by what became of them. */
export interface RevisionCounts {
  readonly decrypted: number
  readonly undecryptable: number
  readonly pending: number
}

export interface KeyTable {
  /** Under which digests mean something; empty where there is no decryption key. */
  readonly keyId: string
  readonly holders: TextMap<readonly Placed[]>
  readonly counts: RevisionCounts
  /** Of all that was decrypted, whatever the order in which it came. */
  readonly digest: bigint
}

/** A holder with what decides between several of one digest. */
interface Placed extends KeyHolder {
  readonly meta: ApiKey['meta']
}

const DIGEST_BITS = 128
const CIPHER_ID_CHARS = 22

/** No keys. */
export const EMPTY_KEY_TABLE: KeyTable = {
  keyId: '',
  holders: undefined,
  counts: { decrypted: 0, undecryptable: 0, pending: 0 },
  digest: 0n,
}

/** What a cipher text is remembered by: 132 bits of its SHA-256. */
export function cipherId(data: string): string {
  return hash('sha256', data, 'base64url').slice(0, CIPHER_ID_CHARS)
}

/** The revision that has this digest; of several an active one, then that of the oldest ApiKey. */
export function holderOf(table: KeyTable, digest: string): KeyHolder | undefined {
  return findText(table.holders, digest)?.[0]
}

/** The revisions of an ApiKey that nobody has tried to decrypt so far. */
export function pendingRevisions(apiKey: ApiKey, digests: KeyDigests): ApiKey['revisions'] {
  return apiKey.revisions.filter(({ data }) => digests[cipherId(data)] === undefined)
}

/** The revisions (index) of an ApiKey that could not be decrypted. */
export function undecryptableRevisions(apiKey: ApiKey, digests: KeyDigests): readonly number[] {
  return apiKey.revisions.flatMap(({ data }, index) => (digests[cipherId(data)] === null ? [index] : []))
}

/** What is known of an object that is or was an ApiKey. */
export interface KnownKey {
  readonly resource: Resource | undefined
  readonly digests: KeyDigests
}

/** The table after an ApiKey or what was decrypted of it changed. */
export function replaceKey(table: KeyTable, before: KnownKey, after: KnownKey): KeyTable {
  const without = change(table, before, -1)
  return change(without, after, 1)
}

/** An empty table for digests of that key. */
export function keyTableOf(keyId: string): KeyTable {
  return { ...EMPTY_KEY_TABLE, keyId }
}

function change(table: KeyTable, { resource, digests }: KnownKey, by: 1 | -1): KeyTable {
  if (resource === undefined || resource.kind !== 'ApiKey' || isInvalid(resource)) return table
  let { holders, digest } = table
  const counts = { ...table.counts }
  for (const [revision, { data, status }] of resource.revisions.entries()) {
    const id = cipherId(data)
    const found = digests[id]
    counts[found === undefined ? 'pending' : found === null ? 'undecryptable' : 'decrypted'] += by
    if (found === undefined) continue
    const fact = factDigest(`${resource.meta.name} ${revision} ${id} ${found}`)
    digest = by === 1 ? replaceDigest(digest, 0n, fact) : replaceDigest(digest, fact, 0n)
    if (found === null) continue
    const placed: Placed = {
      apiKey: resource.meta.name,
      revision,
      active: status === 'Active',
      meta: resource.meta,
    }
    holders = by === 1 ? withHolder(holders, found, placed) : withoutHolder(holders, found, placed)
  }
  return { ...table, holders, counts, digest }
}

function withHolder(holders: KeyTable['holders'], digest: string, placed: Placed): KeyTable['holders'] {
  const others = findText(holders, digest) ?? []
  return setText(holders, digest, [...others, placed].sort(byPrecedence))
}

function withoutHolder(holders: KeyTable['holders'], digest: string, placed: Placed): KeyTable['holders'] {
  const kept = (findText(holders, digest) ?? []).filter(
    ({ apiKey, revision }) => apiKey !== placed.apiKey || revision !== placed.revision,
  )
  return kept.length === 0 ? deleteText(holders, digest) : setText(holders, digest, kept)
}

function byPrecedence(a: Placed, b: Placed): number {
  if (a.active !== b.active) return a.active ? -1 : 1
  return byAge(a.meta, b.meta) || a.revision - b.revision
}

function factDigest(text: string): bigint {
  return BigInt(`0x${hash('sha256', text, 'hex').slice(0, DIGEST_BITS / 4)}`)
}
