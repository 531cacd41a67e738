import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HeaderFields } from '../../../src/plugins/header-fields.ts'
import { applyClaims, mapClaims } from '../../../src/plugins/jwt/claim-headers.ts'
import { inlineGuard } from '../../support/jwt-guard.ts'
import { tokenSigner } from '../../support/token-signer.ts'

const { jwk } = tokenSigner('ES256')
const guard = inlineGuard([jwk], { claimHeaders: 'sub=x-user,email=x-email' })
const cookies = inlineGuard([jwk], { tokenCookie: 'session' })

function applied(
  raw: readonly string[],
  headers: readonly string[],
  by = guard,
  place: 'header' | 'cookie' = 'header',
): readonly string[] {
  const fields = new HeaderFields(raw)
  applyClaims(by, { headers }, place, fields)
  return fields.headers()
}

describe('the value of a claim', () => {
  test.each<[value: unknown, text: string]>([
    ['ada', 'ada'],
    ['Ada Lovelace <ada@example.test>', 'Ada Lovelace <ada@example.test>'],
    [true, 'true'],
    [7, '7'],
    [-0.5, '-0.5'],
    [['a', 'b', 3], 'a,b,3'],
  ])('%j becomes a header', (sub, text) => {
    expect(mapClaims(guard, { sub })).toEqual({ headers: ['x-user', text], leftOut: [] })
  })

  test.each<[value: unknown]>([
    ['ada\r\nx-admin: true'],
    ['ada\n'],
    ['ada\u0000'],
    ['ada\t1'],
    ['Adélaïde'],
    ['ａｄａ'],
    ['\u0130d'],
    [' ada'],
    ['ada '],
    [''],
    [[]],
    [['a,b']],
    [['a', '']],
    [['a', ['b']]],
    [['a', null]],
    [{ id: 'ada' }],
    [2 ** 53],
    ['x'.repeat(4097)],
  ])('%j is left out, and said', (sub) => {
    expect(mapClaims(guard, { sub, email: 'a@b.test' })).toEqual({
      headers: ['x-email', 'a@b.test'],
      leftOut: ['sub'],
    })
  })

  test('that is absent or null is nothing to say', () => {
    expect(mapClaims(guard, { sub: null })).toEqual({ headers: [], leftOut: [] })
    const names = inlineGuard([jwk], { claimHeaders: 'constructor=x-a,__proto__=x-b' })
    expect(mapClaims(names, {})).toEqual({ headers: [], leftOut: [] })
  })

  test('is never more than visible text on one line, and what a header takes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()), (sub) => {
        const { headers } = mapClaims(guard, { sub })
        expect(headers[1] ?? 'absent').toMatch(/^[!-~](?:[ -~]*[!-~])?$/)
        if (headers.length > 0) expect(applied([], headers)).toEqual(headers)
      }),
    )
  })
})

describe('the request that goes upstream', () => {
  test('has the claims, and nothing of those names that the client sent, in whatever spelling', () => {
    const raw = [
      'Host',
      'a',
      'X-User',
      'root',
      'x_user',
      'root',
      'X.User',
      'root',
      'x-email',
      'r@r',
      'x-users',
      'kept',
    ]
    expect(applied(raw, ['x-user', 'ada'])).toEqual(['Host', 'a', 'x-users', 'kept', 'x-user', 'ada'])
    expect(applied(raw, [])).toEqual(['Host', 'a', 'x-users', 'kept'])
  })

  test('keeps a claim that the client named in Connection', () => {
    const raw = ['Connection', 'close, X-User', 'X-User', 'root']
    expect(applied(raw, ['x-user', 'ada'])).toEqual(['Connection', 'close', 'x-user', 'ada'])
  })

  test('has no token, unless it is to be forwarded', () => {
    const raw = ['Authorization', 'Bearer t', 'Accept', '*/*']
    expect(applied(raw, [])).toEqual(['Accept', '*/*'])
    const forwarding = inlineGuard([jwk], { forwardToken: 'true', tokenCookie: 'session' })
    expect(applied(raw, [], forwarding)).toEqual(raw)
    const own = inlineGuard([jwk], { tokenHeader: 'x-token' })
    expect(applied([...raw, 'X-Token', 't'], [], own)).toEqual(raw)
  })

  test('has no cookie with a token, and every other cookie', () => {
    const raw = ['Cookie', 'a=1; session=t;b=2', 'cookie', 'session=t', 'Cookie', 'flag; c="x"']
    expect(applied(raw, [], cookies, 'cookie')).toEqual(['cookie', 'a=1; b=2', 'cookie', 'flag; c="x"'])
    expect(applied(['Cookie', 'a=1;b=2'], [], cookies, 'cookie')).toEqual(['Cookie', 'a=1;b=2'])
  })

  test('has no cookie that nobody looked at, because the header had the token', () => {
    const raw = ['Authorization', 'Bearer t', 'Cookie', 'session=forged; a=1']
    expect(applied(raw, [], cookies)).toEqual(['cookie', 'a=1'])
    const forwarding = inlineGuard([jwk], { forwardToken: 'true', tokenCookie: 'session' })
    expect(applied(raw, [], forwarding)).toEqual(['Authorization', 'Bearer t', 'cookie', 'a=1'])
    expect(applied(['Cookie', 'session=t'], [], forwarding, 'cookie')).toEqual(['Cookie', 'session=t'])
  })

  test('keeps credentials of another scheme beside a token from a cookie', () => {
    const raw = ['Authorization', 'Basic YTpi', 'Cookie', 'session=t']
    expect(applied(raw, [], cookies, 'cookie')).toEqual(['Authorization', 'Basic YTpi'])
  })
})
