// What a guard demands of the claims of a token whose signature was found good. A pure function of guard, claims and time.
// Of the values of claims only issuer, audience, scopes and times are shown: the others may be about people.

import { quoted } from '../../config/quoted-text.ts'
import { failure, type Failure } from '../../errors/failure.ts'
import type { JwtGuard } from '../../snapshot/compile-jwt.ts'
import type { RequiredClaim } from '../../snapshot/jwt-fields.ts'

export type Claims = Readonly<Record<string, unknown>>

/** From when to when the token holds, without the allowance for clocks that differ; milliseconds since the epoch. */
export interface Lifetime {
  readonly fromMs: number
  readonly untilMs: number
}

/** The first demand that is not met, or the lifetime of the token. */
export function judgeClaims(guard: JwtGuard, claims: Claims, nowMs: number): Failure | Lifetime {
  const lifetime = lifetimeOf(claims)
  if ('fact' in lifetime) return lifetime
  return (
    judgeTime(guard, lifetime, nowMs) ??
    judgeIssuer(guard, claims) ??
    judgeAudience(guard, claims) ??
    judgeRequired(guard, claims) ??
    judgeScopes(guard, claims) ??
    lifetime
  )
}

/** What a claim's own value is, or undefined: names from the prototype are no claims. */
export function claimOf(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined
}

/** The one text of a value; undefined where it has none or JSON may have changed it (integers beyond 2^53). */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined
  return Number.isSafeInteger(value) || !Number.isInteger(value) ? String(value) : undefined
}

/** A token without an end is refused: nothing could take it back. */
function lifetimeOf(claims: Claims): Failure | Lifetime {
  for (const name of ['exp', 'nbf', 'iat']) {
    const value = claimOf(claims, name)
    if (value !== undefined && !(typeof value === 'number' && Number.isFinite(value))) {
      return failure('token_malformed', `the claim ${name} is not a number of seconds`)
    }
  }
  const end = claimOf(claims, 'exp')
  if (end === undefined)
    return failure('token_claim_missing', 'there is no claim exp: the token would never end')
  const starts = [claimOf(claims, 'nbf'), claimOf(claims, 'iat')].map((value) => Number(value ?? -Infinity))
  return { fromMs: Math.max(...starts) * 1000, untilMs: Number(end) * 1000 }
}

function judgeTime(
  { clockSkewMs }: JwtGuard,
  { fromMs, untilMs }: Lifetime,
  nowMs: number,
): Failure | undefined {
  if (nowMs >= untilMs + clockSkewMs) {
    return failure('token_expired', `the token ended ${secondsOf(nowMs - untilMs)} s ago`)
  }
  if (nowMs >= fromMs - clockSkewMs) return undefined
  return failure('token_not_yet_valid', `the token begins in ${secondsOf(fromMs - nowMs)} s`)
}

function judgeIssuer({ issuer }: JwtGuard, claims: Claims): Failure | undefined {
  const value = claimOf(claims, 'iss')
  if (issuer === undefined || value === issuer) return undefined
  return failure('token_issuer_wrong', `iss is ${shown(value)}; expected: ${quoted(issuer)}`)
}

function judgeAudience({ audiences }: JwtGuard, claims: Claims): Failure | undefined {
  if (audiences === undefined) return undefined
  const value = claimOf(claims, 'aud')
  const named: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (named.some((one) => typeof one === 'string' && audiences.includes(one))) return undefined
  const expected = audiences.map(quoted).join(' or ')
  return failure(
    'token_audience_wrong',
    `aud is ${named.slice(0, 10).map(shown).join(', ')}; expected: ${expected}`,
  )
}

function judgeRequired({ requiredClaims }: JwtGuard, claims: Claims): Failure | undefined {
  const lacking = requiredClaims.find((required) => !holds(claims, required))
  if (lacking === undefined) return undefined
  const { name, value } = lacking
  const isThere = (claimOf(claims, name) ?? null) !== null
  if (!isThere) return failure('token_claim_missing', `there is no claim ${quoted(name)}`)
  return failure('token_claim_missing', `the claim ${quoted(name)} is not ${quoted(value ?? '')}`)
}

function holds(claims: Claims, { name, value }: RequiredClaim): boolean {
  const found = claimOf(claims, name)
  if (found === undefined || found === null) return false
  if (value === undefined) return true
  return Array.isArray(found) ? found.some((one) => scalarText(one) === value) : scalarText(found) === value
}

/** `scope` is a text of RFC 8693, `scp` a list; some issuers do it the other way round. */
function judgeScopes({ scopes }: JwtGuard, claims: Claims): Failure | undefined {
  if (scopes.length === 0) return undefined
  const granted = new Set([...scopesIn(claimOf(claims, 'scope')), ...scopesIn(claimOf(claims, 'scp'))])
  const lacking = scopes.find((scope) => !granted.has(scope))
  return lacking === undefined
    ? undefined
    : failure('token_scope_missing', `it lacks the scope ${quoted(lacking)}`)
}

function scopesIn(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return typeof value === 'string' ? value.split(' ') : []
}

function shown(value: unknown): string {
  if (value === undefined) return 'absent'
  return typeof value === 'string' ? quoted(value) : 'no text'
}

function secondsOf(ms: number): number {
  return Math.ceil(ms / 1000)
}
