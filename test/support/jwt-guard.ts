// Guards of the plugin `jwt` for tests, and what became of a request that one of them judged.

import { KeySets, type KeySetsOptions } from '../../src/plugins/jwt/key-sets.ts'
import type { KeySetFact } from '../../src/plugins/jwt/remote-key-set.ts'
import { type TokenPass, TokenVerifier, type TokenVerdict } from '../../src/plugins/jwt/token-verifier.ts'
import { compileJwt, type JwtGuard } from '../../src/snapshot/compile-jwt.ts'

export const ISSUER = 'https://issuer.test/'
export const AUDIENCE = 'orders'
/** Seconds and milliseconds of the one moment at which tests judge. */
export const NOW_S = 1_800_000_000
export const NOW_MS = NOW_S * 1000

/** Claims that every guard of `jwtGuard` accepts at that moment. */
export const CLAIMS = { iss: ISSUER, aud: AUDIENCE, sub: 'ada', exp: NOW_S + 300, iat: NOW_S - 10 }

/** A guard that must compile. Fields given undefined are left out. */
export function jwtGuard(config: Readonly<Record<string, string | undefined>>): JwtGuard {
  const given = Object.entries({ issuer: ISSUER, audience: AUDIENCE, ...config })
  const compiled = compileJwt(
    Object.fromEntries(given.filter((field): field is [string, string] => field[1] !== undefined)),
  )
  if (compiled.guard === undefined) throw new Error(compiled.failure.detail)
  return compiled.guard
}

/** A guard with its keys inline. */
export function inlineGuard(
  keys: readonly unknown[],
  config: Readonly<Record<string, string>> = {},
): JwtGuard {
  return jwtGuard({ jwks: JSON.stringify({ keys }), ...config })
}

/** Key sets that may ask anybody; `facts` gets what became of each fetch. */
export function keySets(options: Partial<KeySetsOptions> = {}): { sets: KeySets; facts: KeySetFact[] } {
  const facts: KeySetFact[] = []
  const sets = new KeySets({
    fetchTimeoutMs: 5000,
    staleLimitMs: 3_600_000,
    judge: { refusal: () => undefined },
    onFetched: (fact) => facts.push(fact),
    ...options,
  })
  return { sets, facts }
}

export function bearer(token: string): string[] {
  return ['Host', 'localhost', 'Authorization', `Bearer ${token}`]
}

/** One judgement by a verifier that has seen nothing before. */
export async function judged(
  guard: JwtGuard,
  raw: readonly string[],
  sets: KeySets = keySets().sets,
): Promise<TokenVerdict> {
  return new TokenVerifier(sets).verify(guard, raw, NOW_MS)
}

/** `pass`, or the reason. */
export async function outcomeOf(guard: JwtGuard, raw: readonly string[], sets?: KeySets): Promise<string> {
  return reasonOf(await judged(guard, raw, sets))
}

export function reasonOf(verdict: TokenVerdict): string {
  return verdict.type === 'pass' ? 'pass' : verdict.failure.fact.reason
}

export function passed(verdict: TokenVerdict): TokenPass {
  if (verdict.type !== 'pass') throw new Error(`refused: ${verdict.failure.detail}`)
  return verdict
}
