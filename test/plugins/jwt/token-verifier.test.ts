import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { TokenVerifier } from '../../../src/plugins/jwt/token-verifier.ts'
import { Issuer, publishes } from '../../support/issuer.ts'
import {
  AUDIENCE,
  bearer,
  CLAIMS,
  inlineGuard,
  ISSUER,
  jwtGuard,
  keySets,
  NOW_MS,
  NOW_S,
  outcomeOf,
  passed,
  reasonOf,
} from '../../support/jwt-guard.ts'
import { macToken, type SignedAlgorithm, tokenSigner } from '../../support/token-signer.ts'

const signer = tokenSigner('ES256')
const guard = inlineGuard([signer.jwk])
const good = signer.token(CLAIMS)

describe('a good token', () => {
  test.each<SignedAlgorithm>(['RS256', 'PS256', 'ES256', 'EdDSA'])(
    'of %s passes by a key set that was fetched',
    async (algorithm) => {
      const signers = [tokenSigner(algorithm, 'a'), tokenSigner(algorithm, 'b')] as const
      await using issuer = await Issuer.start(publishes(signers.map(({ jwk }) => jwk)))
      const { sets } = keySets()
      sets.retain([issuer.url])
      const byUrl = jwtGuard({ jwksURI: issuer.url })
      for (const each of signers) {
        expect(await outcomeOf(byUrl, bearer(each.token(CLAIMS)), sets)).toBe('pass')
        expect(await outcomeOf(byUrl, bearer(each.token(CLAIMS, { kid: undefined })), sets)).toBe('pass')
      }
      expect(issuer.asked).toBe(1)
      sets.stop()
    },
  )

  test('made by jose passes, and tells issuer, subject, key and end', async () => {
    const token = await new SignJWT({ sub: 'ada' })
      .setProtectedHeader({ alg: 'ES256', kid: signer.kid })
      .setIssuer(ISSUER)
      .setAudience([AUDIENCE, 'other'])
      .setExpirationTime(NOW_S + 60)
      .sign(signer.privateKey)
    const verdict = await new TokenVerifier(keySets().sets).verify(guard, bearer(token), NOW_MS)
    expect(passed(verdict).facts).toEqual({
      issuer: ISSUER,
      subject: 'ada',
      keyId: signer.kid,
      algorithm: 'ES256',
      expiresAtMs: NOW_MS + 60_000,
      claimsLeftOut: [],
    })
  })

  test('shows texts of one line and bounded, whatever its claims hold', async () => {
    const sub = `a\r\nset-cookie: x\u202e${'y'.repeat(500)}`
    const verdict = await new TokenVerifier(keySets().sets).verify(
      guard,
      bearer(signer.token({ ...CLAIMS, sub })),
      NOW_MS,
    )
    const { subject } = passed(verdict).facts
    expect(subject).toMatch(/^a\\u000d\\u000aset-cookie: x\\u202ey+…$/)
    expect(subject).toHaveLength(200)
  })
})

describe('a token that comes again', () => {
  test('is judged at once, without a promise, with the same verdict', async () => {
    const verifier = new TokenVerifier(keySets().sets)
    const first = verifier.verify(guard, bearer(good), NOW_MS)
    expect(first).toBeInstanceOf(Promise)
    expect(verifier.verify(guard, bearer(good), NOW_MS)).toBeInstanceOf(Promise)
    const verdict = await first
    expect(verifier.verify(guard, bearer(good), NOW_MS)).toBe(verdict)
  })

  test('is refused when its time has come, also within an instant', async () => {
    const verifier = new TokenVerifier(keySets().sets)
    const strict = inlineGuard([signer.jwk], { clockSkew: '0s' })
    await verifier.verify(strict, bearer(good), NOW_MS)
    const end = NOW_MS + 300_000
    expect(reasonOf(await verifier.verify(strict, bearer(good), end - 1))).toBe('pass')
    expect(reasonOf(await verifier.verify(strict, bearer(good), end))).toBe('token_expired')
    expect(reasonOf(await verifier.verify(strict, bearer(good), NOW_MS - 11_000))).toBe('token_not_yet_valid')
  })

  test('is judged anew by another guard and from another place', async () => {
    const verifier = new TokenVerifier(keySets().sets)
    await verifier.verify(guard, bearer(good), NOW_MS)
    const other = inlineGuard([signer.jwk], { scopes: 'orders.read', tokenCookie: 'session' })
    expect(reasonOf(await verifier.verify(other, bearer(good), NOW_MS))).toBe('token_scope_missing')
    const cookies = inlineGuard([signer.jwk], { tokenCookie: 'session' })
    const byHeader = await verifier.verify(cookies, bearer(good), NOW_MS)
    const byCookie = await verifier.verify(cookies, ['Cookie', `session=${good}`], NOW_MS)
    expect([passed(byHeader).place, passed(byCookie).place]).toEqual(['header', 'cookie'])
  })

  test('is forgotten when more tokens came than are remembered, and judged again', async () => {
    const verifier = new TokenVerifier(keySets().sets, 2)
    const tokens = ['1', '2', '3'].map((jti) => signer.token({ ...CLAIMS, jti }))
    for (const token of tokens) await verifier.verify(guard, bearer(token), NOW_MS)
    const kinds = tokens.toReversed().map((token) => verifier.verify(guard, bearer(token), NOW_MS))
    expect(kinds.map((kind) => kind instanceof Promise)).toEqual([false, false, true])
    expect(reasonOf(await (kinds[2] ?? Promise.reject(new Error('absent'))))).toBe('pass')
  })
})

describe('where the token is looked for', () => {
  const cookies = inlineGuard([signer.jwk], { tokenCookie: 'session' })

  test.each([
    ['no header at all', []],
    ['another scheme', ['Authorization', 'Basic YTpi']],
    ['the scheme alone', ['Authorization', 'Bearer']],
    ['the token without a scheme', ['Authorization', good]],
    ['a scheme that only begins like Bearer', ['Authorization', `Bearer-x ${good}`]],
    ['a cookie of another name', ['Cookie', `Session=${good}; sessions=${good}`]],
    ['an empty cookie', ['Cookie', 'session=']],
  ])('%s is a missing token', async (_what, raw) => {
    expect(await outcomeOf(cookies, raw)).toBe('token_missing')
  })

  test('a missing token is told by where it was looked for, and nothing of what was there', () => {
    const verdict = new TokenVerifier(keySets().sets).verify(
      cookies,
      ['authorization', 'Basic c2VjcmV0'],
      NOW_MS,
    )
    expect(verdict).toMatchObject({
      failure: {
        detail:
          'the header authorization holds no token; looked for authorization with the scheme Bearer or a cookie session',
      },
    })
  })

  test('the scheme is compared without case', async () => {
    expect(await outcomeOf(guard, ['authorization', `bEARER  ${good}`])).toBe('pass')
  })

  test('another header carries the bare token', async () => {
    const own = inlineGuard([signer.jwk], { tokenHeader: 'X-Token' })
    expect(await outcomeOf(own, ['x-token', good])).toBe('pass')
    expect(await outcomeOf(own, ['x-token', `Bearer ${good}`])).toBe('token_malformed')
    expect(await outcomeOf(own, bearer(good))).toBe('token_missing')
  })

  test('a cookie is taken from among others where the header has no token, and never beside one', async () => {
    const cookie = ['Cookie', `a=b; session=${good}`, 'cookie', 'c=d']
    expect(await outcomeOf(cookies, cookie)).toBe('pass')
    expect(await outcomeOf(cookies, ['Authorization', 'Basic YTpi', ...cookie])).toBe('pass')
    expect(await outcomeOf(cookies, ['Authorization', 'Bearer wrong', ...cookie])).toBe('token_malformed')
  })
})

test('requests that come before the first key set wait for it, and share one fetch', async () => {
  await using issuer = await Issuer.start(publishes([signer.jwk]))
  const { sets } = keySets()
  sets.retain([issuer.url])
  const byUrl = jwtGuard({ jwksURI: issuer.url })
  const verifier = new TokenVerifier(sets)
  const verdicts = await Promise.all(
    Array.from({ length: 20 }, async () => verifier.verify(byUrl, bearer(good), NOW_MS)),
  )
  expect(verdicts.map(reasonOf)).toEqual(Array.from({ length: 20 }, () => 'pass'))
  expect(issuer.asked).toBe(1)
  sets.stop()
})
