// The response fields that tell a client what is left: `ratelimit-policy` and `ratelimit` of
// draft-ietf-httpapi-ratelimit-headers-11 (structured fields of RFC 9651), and `retry-after` of RFC 9110. Nothing but
// numbers and fixed names goes into them: no key, no binding, and not why a store failed.

import type { LimitVerdict } from './limiter.ts'

/** The largest integer of a structured field. */
const INTEGER_MAX = 999_999_999_999_999

/** Flat name, value list, names in lower case; empty where there is nothing to tell. For good answers and for code 14. */
export function limitFields({ rate, quota, retryAfterSeconds }: LimitVerdict): string[] {
  const policies: string[] = []
  const left: string[] = []
  if (rate !== undefined) {
    // Where both say when to come back, they must say the same.
    const reset = retryAfterSeconds ?? rate.resetSeconds
    policies.push(`"rate";q=${whole(rate.limit)};w=${rate.windowSeconds}`)
    left.push(`"rate";r=${whole(rate.remaining)};t=${whole(reset)}`)
  }
  if (quota !== undefined) {
    policies.push(`"quota";q=${whole(quota.limit)}`)
    left.push(`"quota";r=${whole(quota.remaining)}`)
  }
  const fields: string[] = []
  if (retryAfterSeconds !== undefined) fields.push('retry-after', String(whole(retryAfterSeconds)))
  if (policies.length > 0) fields.push('ratelimit-policy', policies.join(', '), 'ratelimit', left.join(', '))
  return fields
}

function whole(value: number): number {
  return Math.min(INTEGER_MAX, Math.max(0, Math.ceil(value)))
}
