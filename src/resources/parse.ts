// Turns whatever a manifest holds into resources. It never throws, whatever it is given, and never keeps a reference
// to its input. One bad object becomes an invalid resource of its own and touches no other.

import { readApiKeyBinding } from './api-key-binding.ts'
import { readApiKey } from './api-key.ts'
import { readApiProxy } from './api-proxy.ts'
import { readEndpointSlice } from './endpoint-slice.ts'
import { Fields, isRecord, ownField, type Untrusted } from './fields.ts'
import { readMeta } from './meta.ts'
import { readMockTarget } from './mock-target.ts'
import { escapeText, Problems, showValue } from './problems.ts'
import type { ReadKind } from './reading.ts'
import {
  type InvalidResource,
  isKind,
  type Kind,
  type Meta,
  type Problem,
  type Resource,
} from './resource.ts'
import { readSecret } from './secret.ts'
import { readService } from './service.ts'
import type { SecretMaterial } from './vault.ts'

export type ParseResult =
  /** `material` goes to the vault under the resource's handle, and nowhere else. */
  | { readonly type: 'resource'; readonly resource: Resource; readonly material?: SecretMaterial }
  /** Not ours. `kind` is escaped. */
  | { readonly type: 'ignored'; readonly kind: string }
  /** Cannot be named, so nothing can be said of it but this. */
  | { readonly type: 'unidentified'; readonly problem: Problem }

interface KindEntry {
  readonly group: string
  readonly apiVersion: string
  readonly read: ReadKind
}

const ENTRIES: Readonly<Record<Kind, KindEntry>> = {
  ApiProxy: { group: 'kanali.io', apiVersion: 'kanali.io/v2', read: readApiProxy },
  MockTarget: { group: 'kanali.io', apiVersion: 'kanali.io/v2', read: readMockTarget },
  ApiKey: { group: 'kanali.io', apiVersion: 'kanali.io/v2', read: readApiKey },
  ApiKeyBinding: { group: 'kanali.io', apiVersion: 'kanali.io/v2', read: readApiKeyBinding },
  Service: { group: '', apiVersion: 'v1', read: readService },
  Secret: { group: '', apiVersion: 'v1', read: readSecret },
  EndpointSlice: { group: 'discovery.k8s.io', apiVersion: 'discovery.k8s.io/v1', read: readEndpointSlice },
}

interface TypeMeta {
  readonly kind: unknown
  readonly apiVersion: unknown
}

type ListType = TypeMeta & { readonly kind: string }

/** A list object that holds more is not read. */
export const OBJECTS_MAX = 100_000
const LIST = 'List'

/**
 * @param raw one document of a file or one object of an API, already parsed
 * @param defaultNamespace for namespaced objects that name none
 * @returns one result, several for a list object, none for an empty document (null or undefined)
 */
export function parseManifest(raw: unknown, defaultNamespace: string): ParseResult[] {
  if (raw === undefined || raw === null) return []
  if (!isRecord(raw)) return [unidentified('', showType(raw), 'must be an object')]
  const type = typeOf(raw)
  if (!isListObject(type, raw)) return [parseOne(raw, type, defaultNamespace)]
  const items = ownField(raw, 'items') ?? []
  if (!Array.isArray(items)) return [unidentified('items', showType(items), 'must be a list')]
  if (items.length > OBJECTS_MAX) {
    return [unidentified('items', String(items.length), `must have at most ${OBJECTS_MAX} items`)]
  }
  return Array.from(items, (item: unknown, index) =>
    parseItem(item, `items[${index}]`, type, defaultNamespace),
  )
}

function parseItem(item: unknown, field: string, list: ListType, defaultNamespace: string): ParseResult {
  if (!isRecord(item)) return unidentified(field, showType(item ?? null), 'must be an object')
  const own = typeOf(item)
  // In answers of an API the items of a typed list carry no type of their own.
  const type =
    list.kind === LIST
      ? own
      : { kind: own.kind ?? list.kind.slice(0, -LIST.length), apiVersion: own.apiVersion ?? list.apiVersion }
  // Objects from YAML can hold themselves: lists in lists would have no end.
  if (isListObject(type, item))
    return unidentified(`${field}.kind`, escapeText(type.kind), 'must be no list in a list')
  return parseOne(item, type, defaultNamespace)
}

function parseOne(raw: Untrusted, { kind, apiVersion }: TypeMeta, defaultNamespace: string): ParseResult {
  if (kind === undefined || kind === '') return unidentified('kind', '', 'is required')
  if (typeof kind !== 'string') return unidentified('kind', showValue(kind), 'must be a string')
  if (!isKind(kind) || isOfAnotherGroup(apiVersion, ENTRIES[kind].group)) {
    return { type: 'ignored', kind: escapeText(kind) }
  }
  const entry = ENTRIES[kind]
  const problems = new Problems(kind === 'Secret')
  const manifest = new Fields(raw, '', problems)
  const meta = readMeta(manifest, kind, defaultNamespace)
  if ('rule' in meta) return { type: 'unidentified', problem: meta }
  if (apiVersion !== entry.apiVersion) {
    // The fields of another version mean other things: nothing more can be said of them.
    const other = new Problems()
    other.add(
      'apiVersion',
      apiVersion,
      apiVersion === undefined ? 'is required' : `must be ${entry.apiVersion}`,
    )
    return invalid(kind, meta, other)
  }
  const { resource, claim, material } = entry.read(manifest, meta)
  if (problems.all() !== undefined || resource === undefined) return invalid(kind, meta, problems, claim)
  return material === undefined ? { type: 'resource', resource } : { type: 'resource', resource, material }
}

function invalid(kind: Kind, meta: Meta, problems: Problems, claim?: InvalidResource['claim']): ParseResult {
  const found = problems.all() ?? [{ field: '', value: '', rule: 'could not be read' }]
  const resource = { kind, meta, problems: found }
  return { type: 'resource', resource: claim === undefined ? resource : { ...resource, claim } }
}

function unidentified(field: string, value: string, rule: string): ParseResult {
  return { type: 'unidentified', problem: { field, value, rule } }
}

/** Of a text only that it is one: nobody knows yet whether it belongs to a Secret. */
function showType(value: unknown): string {
  return typeof value === 'string' ? 'a string' : showValue(value)
}

function typeOf(raw: Untrusted): TypeMeta {
  return { kind: ownField(raw, 'kind'), apiVersion: ownField(raw, 'apiVersion') }
}

/** `List`, a list of one of our kinds, or what looks like a list of another's (a kind can just be called so). */
function isListObject(type: TypeMeta, raw: Untrusted): type is ListType {
  if (typeof type.kind !== 'string' || !type.kind.endsWith(LIST)) return false
  return (
    type.kind === LIST || isKind(type.kind.slice(0, -LIST.length)) || Array.isArray(ownField(raw, 'items'))
  )
}

/** Something that is no text is of no other group: it is a problem of ours to report. */
function isOfAnotherGroup(apiVersion: unknown, group: string): boolean {
  if (typeof apiVersion !== 'string') return false
  const slash = apiVersion.indexOf('/')
  return (slash === -1 ? '' : apiVersion.slice(0, slash)) !== group
}
