import fc from 'fast-check'
import { jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import { type Claims, judgeClaims } from '../../../src/plugins/jwt/claims.ts'
import type { JwtGuard } from '../../../src/snapshot/compile-jwt.ts'
import {
  AUDIENCE,
  bearer,
  CLAIMS,
  inlineGuard,
  ISSUER,
  NOW_MS,
  NOW_S,
  outcomeOf,
} from '../../support/jwt-guard.ts'
import { tokenSigner } from '../../support/token-signer.ts'

const signer = tokenSigner('EdDSA')
const guardOf = (config: Record<string, string> = {}): JwtGuard => inlineGuard([signer.jwk], config)
const guard = guardOf()

/** `pass`, or the reason with its detail. */
function judge(claims: Claims, by: JwtGuard = guard): string {
  const found = judgeClaims(by, claims, NOW_MS)
  return 'fact' in found ? `${found.fact.reason}: ${found.detail}` : 'pass'
}

describe('time', () => {
  test.each([
    ['expired', { exp: NOW_S - 3600 }, 'token_expired: the token ended 3600 s ago'],
    [
      'expired as long ago as clocks may differ',
      { exp: NOW_S - 30 },
      'token_expired: the token ended 30 s ago',
    ],
    ['expired a moment less ago', { exp: NOW_S - 29.999 }, 'pass'],
    ['not yet valid', { nbf: NOW_S + 3600 }, 'token_not_yet_valid: the token begins in 3600 s'],
    ['valid in as long as clocks may differ', { nbf: NOW_S + 30 }, 'pass'],
    ['valid a moment later', { nbf: NOW_S + 30.001 }, 'token_not_yet_valid: the token begins in 31 s'],
    ['issued in the future', { iat: NOW_S + 31 }, 'token_not_yet_valid: the token begins in 31 s'],
    [
      'issued in the future, valid since long',
      { iat: NOW_S + 31, nbf: 0 },
      'token_not_yet_valid: the token begins in 31 s',
    ],
    ['without an issue time', { iat: undefined }, 'pass'],
    [
      'ended before it began',
      { exp: NOW_S - 60, nbf: NOW_S + 60 },
      'token_expired: the token ended 60 s ago',
    ],
    ['of the last century', { exp: -1 }, `token_expired: the token ended ${NOW_S + 1} s ago`],
  ])('%s', (_what, claims, outcome) => {
    expect(judge({ ...CLAIMS, ...claims })).toBe(outcome)
  })

  test('a token without an end is refused', () => {
    const { exp: _exp, ...endless } = CLAIMS
    expect(judge(endless)).toBe('token_claim_missing: there is no claim exp: the token would never end')
  })

  test.each([String(NOW_S + 300), null, true, [NOW_S + 300], {}, Number.POSITIVE_INFINITY])(
    'the time %j is none',
    (time) => {
      for (const name of ['exp', 'nbf', 'iat']) {
        expect(judge({ ...CLAIMS, [name]: time })).toBe(
          `token_malformed: the claim ${name} is not a number of seconds`,
        )
      }
    },
  )

  test('a number beyond all numbers is no time', async () => {
    const endless = `{"iss":"${ISSUER}","aud":"${AUDIENCE}","exp":1e999}`
    expect(await outcomeOf(guard, bearer(signer.token(endless)))).toBe('token_malformed')
  })
})

describe('issuer and audience', () => {
  test.each<[iss: unknown, outcome: string]>([
    [ISSUER.slice(0, -1), `token_issuer_wrong: iss is "https://issuer.test"; expected: "${ISSUER}"`],
    [ISSUER.toUpperCase(), `token_issuer_wrong: iss is "HTTPS://ISSUER.TEST/"; expected: "${ISSUER}"`],
    [`${ISSUER}\n`, `token_issuer_wrong: iss is "https://issuer.test/\\n"; expected: "${ISSUER}"`],
    [undefined, `token_issuer_wrong: iss is absent; expected: "${ISSUER}"`],
    [[ISSUER], `token_issuer_wrong: iss is no text; expected: "${ISSUER}"`],
    [ISSUER, 'pass'],
  ])('the issuer %j', (iss, outcome) => {
    expect(judge({ ...CLAIMS, iss })).toBe(outcome)
  })

  test.each<[aud: unknown, outcome: string]>([
    ['order', 'token_audience_wrong: aud is "order"; expected: "orders" or "stock"'],
    ['orders,stock', 'token_audience_wrong: aud is "orders,stock"; expected: "orders" or "stock"'],
    [['a', 'b'], 'token_audience_wrong: aud is "a", "b"; expected: "orders" or "stock"'],
    [undefined, 'token_audience_wrong: aud is absent; expected: "orders" or "stock"'],
    [[], 'token_audience_wrong: aud is ; expected: "orders" or "stock"'],
    [[['orders']], 'token_audience_wrong: aud is no text; expected: "orders" or "stock"'],
    [{ orders: true }, 'token_audience_wrong: aud is no text; expected: "orders" or "stock"'],
    ['stock', 'pass'],
    [['a', 'orders'], 'pass'],
  ])('the audience %j', (aud, outcome) => {
    expect(judge({ ...CLAIMS, aud }, guardOf({ audience: 'orders,stock' }))).toBe(outcome)
  })

  test('"*" takes any, and the absence of one', () => {
    const any = guardOf({ issuer: '*', audience: '*' })
    expect(judge({ exp: NOW_S + 1 }, any)).toBe('pass')
    expect(judge({ ...CLAIMS, iss: 'x', aud: 'y' }, any)).toBe('pass')
  })
})

describe('claims that are required', () => {
  test.each<[required: string, value: unknown, outcome: string]>([
    ['tier=gold', 'gold', 'pass'],
    ['tier=gold', ['silver', 'gold'], 'pass'],
    ['tier=gold', 'golden', 'token_claim_missing: the claim "tier" is not "gold"'],
    ['tier=gold', undefined, 'token_claim_missing: there is no claim "tier"'],
    ['tier=gold', null, 'token_claim_missing: there is no claim "tier"'],
    ['tier=gold', { gold: true }, 'token_claim_missing: the claim "tier" is not "gold"'],
    ['tier=true', true, 'pass'],
    ['tier=true', 'true', 'pass'],
    ['tier=7', 7, 'pass'],
    ['tier=0.5', 0.5, 'pass'],
    [
      'tier=9007199254740992',
      Number('9007199254740993'),
      'token_claim_missing: the claim "tier" is not "9007199254740992"',
    ],
    ['tier=', '', 'pass'],
    ['tier=', 'x', 'token_claim_missing: the claim "tier" is not ""'],
    ['tier', false, 'pass'],
    ['tier', null, 'token_claim_missing: there is no claim "tier"'],
    ['tier=a,tier=b', ['a', 'b'], 'pass'],
    ['tier=a,tier=b', ['a'], 'token_claim_missing: the claim "tier" is not "b"'],
    ['toString', 'x', 'token_claim_missing: there is no claim "toString"'],
    ['__proto__', 'x', 'token_claim_missing: there is no claim "__proto__"'],
  ])('%s where the claim tier is %j', (required, tier, outcome) => {
    expect(judge({ ...CLAIMS, tier }, guardOf({ requiredClaims: required }))).toBe(outcome)
  })

  test('their values are not shown: they may be about people', () => {
    const found = judge(
      { ...CLAIMS, email: 'ada@secret.test' },
      guardOf({ requiredClaims: 'email=x@y.test' }),
    )
    expect(found).not.toContain('secret')
  })
})

describe('scopes', () => {
  const scoped = guardOf({ scopes: 'orders.read orders.write' })

  test.each<[claims: Claims, outcome: string]>([
    [{ scope: 'orders.read orders.write' }, 'pass'],
    [{ scp: ['orders.write', 'x', 'orders.read'] }, 'pass'],
    [{ scope: 'orders.read', scp: ['orders.write'] }, 'pass'],
    [{ scope: ['orders.read', 'orders.write'] }, 'pass'],
    [{ scp: 'orders.read orders.write' }, 'pass'],
    [{ scope: 'orders.read' }, 'token_scope_missing: it lacks the scope "orders.write"'],
    [{ scope: 'orders.read,orders.write' }, 'token_scope_missing: it lacks the scope "orders.read"'],
    [{ scope: 'Orders.read orders.write' }, 'token_scope_missing: it lacks the scope "orders.read"'],
    [{ scope: { 'orders.read': true } }, 'token_scope_missing: it lacks the scope "orders.read"'],
    [{}, 'token_scope_missing: it lacks the scope "orders.read"'],
  ])('%j', (claims, outcome) => {
    expect(judge({ ...CLAIMS, ...claims }, scoped)).toBe(outcome)
  })
})

test('what the verifier accepts, jose accepts, and the other way round where both know the rule', async () => {
  const time = fc.oneof(fc.integer({ min: NOW_S - 60, max: NOW_S + 60 }), fc.constant(undefined))
  const claims = fc.record({
    iss: fc.constantFrom(ISSUER, 'https://issuer.test', undefined),
    aud: fc.constantFrom<unknown>(AUDIENCE, [AUDIENCE, 'x'], ['x'], 'x', undefined),
    exp: time,
    nbf: time,
  })
  await fc.assert(
    fc.asyncProperty(claims, async (each) => {
      const token = signer.token(each)
      const theirs = await jwtVerify(token, signer.publicKey, {
        issuer: ISSUER,
        audience: AUDIENCE,
        requiredClaims: ['exp'],
        clockTolerance: 30,
        currentDate: new Date(NOW_MS),
      }).then(
        () => true,
        () => false,
      )
      expect((await outcomeOf(guard, bearer(token))) === 'pass').toBe(theirs)
    }),
    { numRuns: 500 },
  )
})
