// What the admission webhook says of one AdmissionReview (admission.k8s.io/v1): a pure function of what is known and of
// the request. It judges with the very functions that the gateway builds with: the object is put into the state, the
// state is built, and what the build says of the object is the answer.

import { apply, type State } from '../events/state.ts'
import { isRecord, ownField, type Untrusted } from '../resources/fields.ts'
import { parseManifest } from '../resources/parse.ts'
import { keyOf, type Resource } from '../resources/resource.ts'
import type { BuildOptions } from '../snapshot/build-options.ts'
import { build } from '../snapshot/build.ts'
import { placeOf } from '../snapshot/claims.ts'
import type { Condition, Snapshot } from '../snapshot/snapshot.ts'
import { headerText } from './header-text.ts'

/** What is known of the world. */
export interface Known {
  readonly state: State
  /** Built from an ancestor of the state. */
  readonly snapshot: Snapshot
  readonly options: BuildOptions
}

export interface ReviewResponse {
  readonly uid: string
  readonly allowed: boolean
  readonly status?: { readonly code: number; readonly reason: string; readonly message: string }
  readonly warnings?: readonly string[]
}

type Verdict = Omit<ReviewResponse, 'uid'>

const GROUP = 'kanali.io'
/** The API server cuts a warning at 256 characters and all of them at 4096. */
const WARNINGS_MAX = 8
const MESSAGE_LENGTH_MAX = 2000

/** In the place of the name that the API server will make of `generateName`. */
const TO_BE_GENERATED = 'name-to-be-generated'

const ALLOWED: Verdict = { allowed: true }

/** @returns undefined where the body is no AdmissionReview that can be answered */
export function review(body: unknown, known: Known | undefined): ReviewResponse | undefined {
  const request = isRecord(body) ? ownField(body, 'request') : undefined
  const uid = isRecord(request) ? ownField(request, 'uid') : undefined
  if (!isRecord(request) || typeof uid !== 'string' || uid.length > 256) return undefined
  return { uid, ...verdictOn(request, known) }
}

function verdictOn(request: Untrusted, known: Known | undefined): Verdict {
  const operation = ownField(request, 'operation')
  const object = ownField(request, 'object')
  if (!isOurs(request) || (operation !== 'CREATE' && operation !== 'UPDATE') || !isRecord(object))
    return ALLOWED
  const before = ownField(request, 'oldObject')
  // Finalizers and labels must be free to change, whatever else is wrong with the object.
  if (operation === 'UPDATE' && isRecord(before) && sameSpec(before, object)) return ALLOWED
  if (known === undefined) {
    return warned(['the validator has not heard the API server out yet: this object was not looked at'])
  }
  const resource = read(object, request)
  if (resource === undefined) return ALLOWED
  const own = read(before, request)
  const conditions = judge(isNewPlace(resource, own) ? asYoungest(resource) : resource, known)
  return verdictBy(conditions)
}

/** The conditions that the object would have. */
function judge(resource: Resource, { state, snapshot, options }: Known): readonly Condition[] {
  const { kind, meta } = resource
  const judged = apply(state, { type: 'upserted', source: 'admission', observedAt: 0, resource })
  return build(judged, options, snapshot).conditionsOf(keyOf(kind, meta.namespace, meta.name))
}

function verdictBy(conditions: readonly Condition[]): Verdict {
  const accepted = conditions.find(({ type }) => type === 'Accepted')
  if (accepted?.status === 'False') {
    const invalid = accepted.reason === 'Invalid'
    const message = `${accepted.reason}: ${accepted.message}`.slice(0, MESSAGE_LENGTH_MAX)
    return {
      allowed: false,
      status: { code: invalid ? 422 : 409, reason: invalid ? 'Invalid' : 'Conflict', message },
    }
  }
  const ready = conditions.find(({ type }) => type === 'Ready')
  return warned([...(ready?.status === 'False' ? [ready.message] : []), ...(accepted?.surprises ?? [])])
}

/** The object as the parser reads it; undefined where it cannot be named. */
function read(object: unknown, request: Untrusted): Resource | undefined {
  if (!isRecord(object)) return undefined
  const metadata = ownField(object, 'metadata')
  const namespace = ownField(request, 'namespace')
  const nameless = isRecord(metadata) && ownField(metadata, 'name') === undefined
  const named = nameless ? { ...object, metadata: { ...metadata, name: TO_BE_GENERATED } } : object
  const [result] = parseManifest(named, typeof namespace === 'string' ? namespace : '')
  return result?.type === 'resource' ? result.resource : undefined
}

/** Who moves to a place comes after all that are there, however old he is. */
function isNewPlace(after: Resource, before: Resource | undefined): boolean {
  const place = placeOfProxy(after)
  return place !== undefined && (before === undefined || placeOfProxy(before) !== place)
}

function asYoungest(resource: Resource): Resource {
  const { creationTimestamp: _, ...meta } = resource.meta
  return { ...resource, meta }
}

function placeOfProxy(resource: Resource): string | undefined {
  if (resource.kind !== 'ApiProxy') return undefined
  const source = 'problems' in resource ? resource.claim : resource.source
  return source === undefined ? undefined : placeOf(source)
}

function isOurs(request: Untrusted): boolean {
  const kind = ownField(request, 'kind')
  return isRecord(kind) && ownField(kind, 'group') === GROUP
}

function sameSpec(before: Untrusted, after: Untrusted): boolean {
  return JSON.stringify(ownField(before, 'spec')) === JSON.stringify(ownField(after, 'spec'))
}

/** Allowed, with what its author should know. */
function warned(texts: readonly string[]): Verdict {
  return texts.length === 0
    ? ALLOWED
    : { allowed: true, warnings: texts.slice(0, WARNINGS_MAX).map(headerText) }
}
