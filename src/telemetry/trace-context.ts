// Reads the W3C Trace Context fields of a request (Trace Context Level 1 and 2, sections 3.2 and 3.3), strictly: what is
// not valid begins a new trace. Pure; it must never let a malformed field through to an upstream.

export interface TraceParent {
  /** 32 hex digits, lower case, not all zero. */
  readonly traceId: string
  /** 16 hex digits, lower case, not all zero. */
  readonly spanId: string
  /** Only the bits known to Level 2: 1 sampled, 2 random trace id. */
  readonly flags: number
}

export const FLAG_SAMPLED = 1

const LENGTH = 55
const KNOWN_FLAGS = 3
const TRACESTATE_CHARS_MAX = 512
const TRACESTATE_MEMBERS_MAX = 32
const ZERO_TRACE = '0'.repeat(32)
const ZERO_SPAN = '0'.repeat(16)
// Level 2, section 3.3.1.3.1: a superset of the keys of Level 1.
const KEY = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/**
 * The parent that a `traceparent` field names, or undefined where there is none to trust: wrong length or form, ids of
 * zeros, version ff. A version above 00 is read by its first four fields (section 3.2.4, versioning).
 */
export function parseTraceparent(field: string | undefined): TraceParent | undefined {
  if (field === undefined || field.length < LENGTH) return undefined
  if (field.charCodeAt(2) !== 0x2d || field.charCodeAt(35) !== 0x2d || field.charCodeAt(52) !== 0x2d)
    return undefined
  if (!isLowerHex(field, 0, 2) || !isLowerHex(field, 3, 35)) return undefined
  if (!isLowerHex(field, 36, 52) || !isLowerHex(field, 53, 55)) return undefined
  const version = field.slice(0, 2)
  if (version === 'ff') return undefined
  if (field.length > LENGTH && (version === '00' || field.charCodeAt(LENGTH) !== 0x2d)) return undefined
  // A piece of a string keeps all of it in memory, and of later versions a client chooses the length.
  const own = field.length > LENGTH ? Buffer.from(field.slice(0, LENGTH)).toString() : field
  const traceId = own.slice(3, 35)
  const spanId = own.slice(36, 52)
  if (traceId === ZERO_TRACE || spanId === ZERO_SPAN) return undefined
  return { traceId, spanId, flags: Number.parseInt(field.slice(53, 55), 16) & KNOWN_FLAGS }
}

/** A `traceparent` field of version 00. */
export function formatTraceparent(traceId: string, spanId: string, flags: number): string {
  return `00-${traceId}-${spanId}-${flags < 16 ? '0' : ''}${flags.toString(16)}`
}

/**
 * The `tracestate` field as it may be passed on, without empty members, or the empty string where it has none, breaks
 * the grammar, repeats a key, or is larger than 512 characters or 32 members.
 */
export function validTracestate(field: string | undefined): string {
  if (field === undefined || field.length === 0 || field.length > TRACESTATE_CHARS_MAX) return ''
  const keys = new Set<string>()
  const members: string[] = []
  for (const part of field.split(',')) {
    const member = part.trim()
    if (member === '') continue
    const equals = member.indexOf('=')
    const key = member.slice(0, Math.max(equals, 0))
    if (!KEY.test(key) || !VALUE.test(member.slice(equals + 1)) || keys.has(key)) return ''
    keys.add(key)
    members.push(member)
  }
  return members.length > TRACESTATE_MEMBERS_MAX ? '' : members.join(',')
}

function isLowerHex(text: string, from: number, to: number): boolean {
  for (let index = from; index < to; index++) {
    const unit = text.charCodeAt(index)
    if (!((unit >= 0x30 && unit <= 0x39) || (unit >= 0x61 && unit <= 0x66))) return false
  }
  return true
}
