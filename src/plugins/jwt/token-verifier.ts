// Judges the token of a request: found, read, its key found, its signature checked (by jose), its claims held against the
// guard. A token that was found good before is judged without a promise. What is not proven good is refused.

import { quoted } from '../../config/quoted-text.ts'
import { type Failure, failure } from '../../errors/failure.ts'
import type { JwtGuard } from '../../snapshot/compile-jwt.ts'
import { clipped, lineText } from '../../telemetry/visible-text.ts'
import { mapClaims } from './claim-headers.ts'
import { type Claims, claimOf, judgeClaims } from './claims.ts'
import { findToken, type FoundToken } from './find-token.ts'
import { jose } from './jose.ts'
import { KeySet } from './key-set.ts'
import type { KeySets } from './key-sets.ts'
import { readHead, readObject, type TokenHead } from './token-head.ts'
import { cacheKey, VerdictCache } from './verdict-cache.ts'

/** What may be shown of a token that was found good. Texts are of one line and bounded. */
export interface TokenFacts {
  readonly issuer?: string
  /** Says who: to be shown only where an operator wants that. */
  readonly subject?: string
  readonly keyId?: string
  readonly algorithm: string
  readonly expiresAtMs: number
  /** Names of claims of `claimHeaders` whose values cannot be a header. */
  readonly claimsLeftOut: readonly string[]
}

/** Frozen in fact: one object serves every request with that token. */
export interface TokenPass {
  readonly type: 'pass'
  readonly place: FoundToken['place']
  /** Flat list of names and values, for the upstream; see `applyClaims`. */
  readonly headers: readonly string[]
  readonly facts: TokenFacts
}

export type TokenVerdict = TokenPass | { readonly type: 'failure'; readonly failure: Failure }

/** What a signature was found to be; `retry` where newer keys might lead to another answer. */
type Checked = { readonly payload: Uint8Array } | { readonly failure: Failure; readonly retry: boolean }

/** More keys than this are not tried for one token: each costs a check. */
const KEYS_TRIED_MAX = 4
const FACT_CHARACTERS_MAX = 200

export class TokenVerifier {
  readonly #keySets: Pick<KeySets, 'current' | 'refetch'>
  readonly #cache: VerdictCache<TokenPass>

  constructor(keySets: Pick<KeySets, 'current' | 'refetch'>, cacheEntriesMax?: number) {
    this.#keySets = keySets
    this.#cache = new VerdictCache(cacheEntriesMax)
  }

  /**
   * A promise only where a signature has to be checked or keys are on their way; it never rejects.
   * @param raw flat list of names and values as the client sent them
   * @param nowMs milliseconds since the epoch
   */
  verify(guard: JwtGuard, raw: readonly string[], nowMs: number): TokenVerdict | Promise<TokenVerdict> {
    const found = findToken(guard, raw)
    if ('fact' in found) return refused(found)
    const keys = this.#keySets.current(guard.keys)
    if (keys instanceof KeySet) {
      const known = this.#cache.find(cacheKey(found.token, found.place, guard.id, keys.version), nowMs)
      if (known !== undefined) return known
    }
    const head = readHead(found.token, guard)
    if ('fact' in head) return refused(head)
    if (keys instanceof KeySet) return this.#judge(guard, found, head, keys, nowMs)
    if (!(keys instanceof Promise)) return refused(keys)
    return keys.then((loaded) =>
      loaded instanceof KeySet ? this.#judge(guard, found, head, loaded, nowMs) : refused(loaded),
    )
  }

  async #judge(
    guard: JwtGuard,
    found: FoundToken,
    head: TokenHead,
    keys: KeySet,
    nowMs: number,
  ): Promise<TokenVerdict> {
    let used = keys
    let checked = await checkSignature(found.token, head, keys)
    if ('failure' in checked && checked.retry) {
      const newer = await this.#keySets.refetch(guard.keys)
      if (newer instanceof KeySet && newer.version !== keys.version) {
        used = newer
        checked = await checkSignature(found.token, head, newer)
      }
    }
    if ('failure' in checked) return refused(checked.failure)
    const claims = readObject(checked.payload)
    if (claims === undefined) {
      return refused(failure('token_malformed', 'what the token holds is not a JSON object'))
    }
    const lifetime = judgeClaims(guard, claims, nowMs)
    if ('fact' in lifetime) return refused(lifetime)
    const pass = passOf(guard, found, head, claims, lifetime.untilMs)
    this.#cache.keep(cacheKey(found.token, found.place, guard.id, used.version), pass, lifetime)
    return pass
  }
}

async function checkSignature(token: string, { algorithm, kid }: TokenHead, keys: KeySet): Promise<Checked> {
  const candidates = keys.find(algorithm, kid)
  const wanted = kid === undefined ? `the token names no key` : `the token names the key ${quoted(kid)}`
  if (candidates.length === 0) {
    const detail = `${wanted}; none of the ${keys.size} keys of the set fits it and ${algorithm}`
    return { failure: failure('token_key_unknown', detail), retry: true }
  }
  if (candidates.length > KEYS_TRIED_MAX) {
    const detail = `${wanted}; ${candidates.length} keys of the set fit, and at most ${KEYS_TRIED_MAX} are tried`
    return { failure: failure('token_key_unknown', detail), retry: false }
  }
  const { compactVerify } = await jose()
  let tried = 0
  for (const candidate of candidates) {
    const key = await keys.ready(candidate, algorithm)
    if (key === undefined) continue
    tried += 1
    try {
      return await compactVerify(token, key, { algorithms: [algorithm] })
    } catch {
      // Whatever jose does not accept is not proven good, and the next key may be the right one.
    }
  }
  if (tried === 0) {
    const detail = `${wanted}; the key that fits it is none: its numbers are not those of a key for ${algorithm}`
    return { failure: failure('token_key_unknown', detail), retry: true }
  }
  const detail = `${wanted}; the signature fits none of the ${tried} keys that it could be made with`
  // Without a name, a new key of the issuer looks like a wrong signature.
  return { failure: failure('token_signature_invalid', detail), retry: kid === undefined }
}

function passOf(
  guard: JwtGuard,
  { place }: FoundToken,
  { algorithm, kid }: TokenHead,
  claims: Claims,
  expiresAtMs: number,
): TokenPass {
  const { headers, leftOut } = mapClaims(guard, claims)
  const issuer = claimOf(claims, 'iss')
  const subject = claimOf(claims, 'sub')
  const facts = {
    ...(typeof issuer === 'string' && { issuer: factText(issuer) }),
    ...(typeof subject === 'string' && { subject: factText(subject) }),
    ...(kid !== undefined && { keyId: factText(kid) }),
    algorithm,
    expiresAtMs,
    claimsLeftOut: leftOut.map(factText),
  }
  return { type: 'pass', place, headers, facts }
}

function factText(text: string): string {
  return clipped(lineText(text), FACT_CHARACTERS_MAX)
}

function refused(found: Failure): TokenVerdict {
  return { type: 'failure', failure: found }
}
