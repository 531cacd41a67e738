// The law of the verifier: of a good token, every other text is refused. The verifier takes only the one canonical text
// of each part, so that not even a change that decodes to the same bytes passes.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TokenVerifier } from '../../../src/plugins/jwt/token-verifier.ts'
import { bearer, CLAIMS, inlineGuard, keySets, NOW_MS, reasonOf } from '../../support/jwt-guard.ts'
import { type SignedAlgorithm, tokenSigner } from '../../support/token-signer.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const CHARACTERS = Array.from(`${ALPHABET}.=+/ ,;\t"%~\u0080\u00ff`)

test.each<SignedAlgorithm>(['RS256', 'PS256', 'ES256', 'EdDSA'])(
  'no character of a token of %s can be changed, taken out or put in',
  async (algorithm) => {
    const signer = tokenSigner(algorithm)
    const guard = inlineGuard([signer.jwk])
    const token = signer.token(CLAIMS)
    // One verifier that knows the good token: what it remembers must not help the others.
    const verifier = new TokenVerifier(keySets().sets)
    expect(reasonOf(await verifier.verify(guard, bearer(token), NOW_MS))).toBe('pass')
    const mutation = fc.record({
      at: fc.integer({ min: 0, max: token.length - 1 }),
      removed: fc.integer({ min: 0, max: 3 }),
      inserted: fc.array(fc.constantFrom(...CHARACTERS), { maxLength: 3 }),
    })
    await fc.assert(
      fc.asyncProperty(mutation, async ({ at, removed, inserted }) => {
        const mutated = token.slice(0, at) + inserted.join('') + token.slice(at + removed)
        // Any number of spaces stands between the scheme and the token (RFC 6750 section 2.1): they are not of the token.
        fc.pre(mutated.replace(/^ +/, '') !== token)
        const reason = reasonOf(await verifier.verify(guard, bearer(mutated), NOW_MS))
        expect(reason).not.toBe('pass')
      }),
      { numRuns: 1500 },
    )
  },
)

test('every single character of a token, replaced by each of the alphabet, is refused', async () => {
  const signer = tokenSigner('EdDSA', 'k')
  const guard = inlineGuard([signer.jwk])
  const token = signer.token(CLAIMS)
  const verifier = new TokenVerifier(keySets().sets)
  const passes: string[] = []
  for (let at = 0; at < token.length; at += 1) {
    const others = Array.from(ALPHABET).filter((character) => character !== token[at])
    const verdicts = await Promise.all(
      others.map(async (character) => {
        const mutated = token.slice(0, at) + character + token.slice(at + 1)
        return verifier.verify(guard, bearer(mutated), NOW_MS)
      }),
    )
    if (verdicts.some(({ type }) => type === 'pass')) passes.push(`character ${at}`)
  }
  expect(passes).toEqual([])
})
