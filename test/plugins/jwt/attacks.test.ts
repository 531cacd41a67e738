// What attackers of JSON Web Tokens do (RFC 8725 and the history of its libraries), each against a guard that accepts
// every asymmetric algorithm and has keys of each type.

import { createPublicKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { TokenVerifier } from '../../../src/plugins/jwt/token-verifier.ts'
import { fails, Issuer } from '../../support/issuer.ts'
import {
  bearer,
  CLAIMS,
  inlineGuard,
  jwtGuard,
  keySets,
  NOW_MS,
  outcomeOf,
  reasonOf,
} from '../../support/jwt-guard.ts'
import { macToken, signingInput, tokenSigner } from '../../support/token-signer.ts'

const rsa = tokenSigner('RS256', 'rsa')
const pss = tokenSigner('PS256', 'pss')
const ec = tokenSigner('ES256', 'ec')
const ed = tokenSigner('EdDSA', 'ed')
const guard = inlineGuard([rsa, pss, ec, ed].map(({ jwk }) => jwk))

async function outcome(token: string): Promise<string> {
  return outcomeOf(guard, bearer(token))
}

test('without an attack, the tokens used here pass', async () => {
  for (const signer of [rsa, pss, ec, ed]) expect(await outcome(signer.token(CLAIMS))).toBe('pass')
})

describe('the algorithm', () => {
  test.each(['none', 'None', 'NONE', 'nOnE', 'none ', ' none', '\u0000none', 'ｎｏｎｅ'])(
    'none, spelt %j, is refused with a signature, without one and with an empty one',
    async (alg) => {
      const input = signingInput({ alg }, CLAIMS)
      const signature = rsa.signature(input).toString('base64url')
      expect(await outcome(`${input}.${signature}`)).toBe('token_algorithm_denied')
      expect(await outcome(`${input}.`)).toBe('token_malformed')
      expect(await outcome(input)).toBe('token_malformed')
    },
  )

  test('none cannot be configured', () => {
    const config = { jwks: '{"keys":[]}', algorithms: 'none' }
    expect(() => jwtGuard(config)).toThrow(/config\.algorithms/)
  })

  test.each(['HS256', 'HS384', 'HS512'])('%s with a public key as the secret is refused', async (alg) => {
    const spki = rsa.publicKey.export({ type: 'spki', format: 'pem' })
    const pkcs1 = rsa.publicKey.export({ type: 'pkcs1', format: 'pem' })
    const der = rsa.publicKey.export({ type: 'spki', format: 'der' })
    const secrets = [spki, pkcs1, der, spki.trim(), JSON.stringify(rsa.jwk), String(rsa.jwk['n'])]
    for (const secret of secrets) {
      expect(await outcome(macToken(secret, CLAIMS, { alg, kid: 'rsa' }))).toBe('token_algorithm_denied')
    }
  })

  test('a guard that accepts HS256 cannot be configured: no text of a public key ever becomes a secret', () => {
    expect(() => jwtGuard({ jwks: JSON.stringify({ keys: [rsa.jwk] }), algorithms: 'RS256,HS256' })).toThrow(
      /config\.algorithms/,
    )
  })

  test.each([
    ['a key for another algorithm of its type', rsa.token(CLAIMS, { alg: 'PS256' })],
    ['a key of another type', ec.token(CLAIMS, { alg: 'EdDSA' })],
    ['a key of another curve', ec.token(CLAIMS, { alg: 'ES384' })],
  ])('%s is not used', async (_what, token) => {
    expect(await outcome(token)).toBe('token_key_unknown')
  })

  test.each([
    ['a list', ['RS256']],
    ['an object', { toString: 'RS256' }],
    ['null', null],
    ['a number', 256],
    ['absent', undefined],
  ])('%s is no algorithm', async (_what, alg) => {
    expect(await outcome(rsa.token(CLAIMS, { alg }))).toBe('token_malformed')
  })

  test.each(['', 'rs256', 'RS256 ', 'RS1', 'ES256K', '__proto__', 'constructor', 'A256GCM', 'dir'])(
    '%j is not accepted',
    async (alg) => {
      expect(await outcome(rsa.token(CLAIMS, { alg }))).toBe('token_algorithm_denied')
    },
  )
})

describe('the name of the key', () => {
  test.each([
    ['a path', '../../../../dev/null'],
    ['a path with a null byte', '/etc/passwd\u0000.pem'],
    ['SQL', "x' UNION SELECT 'secret' -- "],
    ['a command', '|| curl evil.test #'],
    ['an address', 'http://127.0.0.1:1/keys'],
    ['a prototype name', '__proto__'],
    ['another prototype name', 'constructor'],
    ['a method', 'toString'],
    ['nothing', ''],
    ['10,000 characters', 'k'.repeat(10_000)],
    ['terminal escapes', '\u001b[31m\r\nx: y'],
  ])('that is %s is only an unknown name, and is shown escaped and cut', async (_what, kid) => {
    const verdict = await new TokenVerifier(keySets().sets).verify(
      guard,
      bearer(rsa.token(CLAIMS, { kid })),
      NOW_MS,
    )
    expect(reasonOf(verdict)).toBe('token_key_unknown')
    const detail = verdict.type === 'failure' ? verdict.failure.detail : ''
    expect(detail).toMatch(/^[ -~]{1,300}$/)
  })

  test.each([[42], [null], [['rsa']], [{ rsa: true }], [true]])('that is %j is no name', async (kid) => {
    expect(await outcome(rsa.token(CLAIMS, { kid }))).toBe('token_malformed')
  })
})

describe('a key that the token brings along', () => {
  const own = tokenSigner('RS256', 'rsa')

  test('in jwk is not used', async () => {
    expect(await outcome(own.token(CLAIMS, { jwk: own.jwk }))).toBe('token_signature_invalid')
    expect(await outcome(own.token(CLAIMS, { jwk: own.jwk, kid: undefined }))).toBe('token_signature_invalid')
    expect(await outcome(own.token(CLAIMS, { jwk: own.jwk, kid: 'new' }))).toBe('token_key_unknown')
  })

  test('by jku or x5u is not fetched, and x5c not looked at', async () => {
    await using evil = await Issuer.start(fails())
    const pointers = { jku: evil.url, x5u: evil.url, x5c: ['MIIB'], x5t: 'AAAA' }
    expect(await outcome(own.token(CLAIMS, pointers))).toBe('token_signature_invalid')
    expect(await outcome(own.token(CLAIMS, { ...pointers, kid: evil.url }))).toBe('token_key_unknown')
    expect(evil.asked).toBe(0)
  })

  test('by jku does not harm a token that is good without it', async () => {
    expect(await outcome(rsa.token(CLAIMS, { jku: 'https://evil.test/', jwk: own.jwk }))).toBe('pass')
  })
})

describe('the head', () => {
  test.each([
    ['an extension that must be understood', { crit: ['exp'], exp: 1 }],
    ['an unencoded payload', { crit: ['b64'], b64: false }],
    ['an empty crit', { crit: [] }],
    ['a crit that is no list', { crit: null }],
  ])('with %s is refused', async (_what, header) => {
    expect(await outcome(rsa.token(CLAIMS, header))).toBe('token_malformed')
  })

  test.each([
    ['no JSON', 'alg=none'],
    ['a list', '["RS256"]'],
    ['null', 'null'],
    ['a text', '"RS256"'],
    ['two objects', '{"alg":"RS256"}{}'],
  ])('that is %s is refused', async (_what, head) => {
    const input = signingInput(head, CLAIMS)
    expect(await outcome(`${input}.${rsa.signature(input).toString('base64url')}`)).toBe('token_malformed')
  })

  test('with alg twice counts as the last one, for us and for the signature alike', async () => {
    const input = signingInput('{"alg":"none","alg":"RS256","kid":"rsa"}', CLAIMS)
    expect(await outcome(`${input}.${rsa.signature(input).toString('base64url')}`)).toBe('pass')
    const turned = signingInput('{"alg":"RS256","alg":"none","kid":"rsa"}', CLAIMS)
    expect(await outcome(`${turned}.${rsa.signature(turned).toString('base64url')}`)).toBe(
      'token_algorithm_denied',
    )
  })
})

describe('the signature', () => {
  const token = ec.token(CLAIMS)
  const input = token.slice(0, token.lastIndexOf('.'))
  const signed = (signature: Buffer): string => `${input}.${signature.toString('base64url')}`
  const raw = ec.signature(input)

  test.each([
    ['all zero, which once passed (CVE-2022-21449)', Buffer.alloc(64)],
    ['all ones', Buffer.alloc(64, 0xff)],
    ['zero in r', Buffer.concat([Buffer.alloc(32), raw.subarray(32)])],
    ['zero in s', Buffer.concat([raw.subarray(0, 32), Buffer.alloc(32)])],
    ['cut by a byte', raw.subarray(0, 63)],
    ['a byte too long', Buffer.concat([raw, Buffer.alloc(1)])],
    ['there twice', Buffer.concat([raw, raw])],
    ['of one byte', Buffer.alloc(1)],
  ])('of ES256 %s is invalid', async (_what, signature) => {
    expect(await outcome(signed(signature))).toBe('token_signature_invalid')
  })

  test('of ES256 in DER is invalid', async () => {
    const { sign } = await import('node:crypto')
    const der = sign('sha256', Buffer.from(input), { key: ec.privateKey, dsaEncoding: 'der' })
    expect(await outcome(signed(der))).toBe('token_signature_invalid')
  })

  test.each([rsa, pss, ed])('cut, extended or zero is invalid for $kid', async (signer) => {
    const whole = signer.token(CLAIMS)
    const start = whole.slice(0, whole.lastIndexOf('.'))
    const bytes = signer.signature(start)
    for (const wrong of [bytes.subarray(1), Buffer.concat([bytes, bytes]), Buffer.alloc(bytes.length)]) {
      expect(await outcome(`${start}.${wrong.toString('base64url')}`)).toBe('token_signature_invalid')
    }
  })

  test('of another token is invalid', async () => {
    const admin = signingInput({ alg: 'ES256', kid: 'ec' }, { ...CLAIMS, sub: 'admin' })
    expect(await outcome(`${admin}.${raw.toString('base64url')}`)).toBe('token_signature_invalid')
  })

  test('of another issuer with the same name of the key is invalid', async () => {
    expect(await outcome(tokenSigner('ES256', 'ec').token(CLAIMS))).toBe('token_signature_invalid')
  })
})

describe('the form', () => {
  const token = rsa.token(CLAIMS)
  const [head = '', payload = '', signature = ''] = token.split('.')

  test.each([
    ['two words behind Bearer', ['Authorization', `Bearer Bearer ${token}`]],
    ['two tokens', ['Authorization', `Bearer ${token}, Bearer ${token}`]],
    ['a tab behind Bearer', ['Authorization', `Bearer\t${token}`]],
    ['a comma behind Bearer', ['Authorization', `Bearer,${token}`]],
    ['whitespace inside', ['Authorization', `Bearer ${head}. ${payload}.${signature}`]],
    ['whitespace behind', ['Authorization', `Bearer ${token} `]],
    ['a no-break space behind', ['Authorization', `Bearer ${token}\u00a0`]],
    ['quotes', ['Authorization', `Bearer "${token}"`]],
    ['two headers', ['Authorization', `Bearer ${token}`, 'authorization', `Bearer ${token}`]],
    ['two headers of different schemes', ['Authorization', `Bearer ${token}`, 'AUTHORIZATION', 'Basic YTpi']],
    ['padding', ['Authorization', `Bearer ${head}.${payload}.${signature}==`]],
    ['the other alphabet', ['Authorization', `Bearer ${head}.${payload}.${signature.slice(0, -1)}+`]],
    ['an empty part in front', ['Authorization', `Bearer .${token}`]],
    ['an empty payload', ['Authorization', `Bearer ${head}..${signature}`]],
    ['four parts', ['Authorization', `Bearer ${token}.${signature}`]],
    ['five parts (encrypted)', ['Authorization', `Bearer ${head}.a.b.c.d`]],
    ['JSON instead', ['Authorization', `Bearer ${JSON.stringify({ payload, signature })}`]],
    ['dots only', ['Authorization', 'Bearer ..']],
  ])('%s is malformed', async (_what, raw) => {
    expect(await outcomeOf(guard, raw)).toBe('token_malformed')
  })

  test('two cookies of the name are malformed, in one field and in two', async () => {
    const cookies = inlineGuard([rsa.jwk], { tokenCookie: 'session' })
    expect(await outcomeOf(cookies, ['Cookie', `session=${token}; session=${token}`])).toBe('token_malformed')
    expect(await outcomeOf(cookies, ['Cookie', `session=${token}`, 'cookie', 'session=x'])).toBe(
      'token_malformed',
    )
    expect(await outcomeOf(cookies, ['Cookie', `session="${token}"`])).toBe('token_malformed')
  })

  test('more than 16 KiB is refused unread, exactly 16 KiB is read', async () => {
    const filled = (length: number): string => rsa.token({ ...CLAIMS, filler: 'x'.repeat(length) })
    const spare = 16_384 - filled(0).length
    const longest = filled(Math.floor((spare * 3) / 4) - 4)
    expect(longest.length).toBeGreaterThan(16_370)
    expect(longest.length).toBeLessThanOrEqual(16_384)
    expect(await outcome(longest)).toBe('pass')
    expect(await outcome(`${longest}${'A'.repeat(16_385 - longest.length)}`)).toBe('token_too_large')
    expect(await outcome('.'.repeat(1_000_000))).toBe('token_too_large')
  })

  test('a payload that is signed and no JSON object is malformed', async () => {
    for (const payload of ['null', '[]', '"x"', '{', '\u0000', '{"a":1}{"b":2}']) {
      expect(await outcome(rsa.token(payload))).toBe('token_malformed')
    }
    const input = `${head}.${Buffer.from([0x22, 0xff, 0xfe, 0x22]).toString('base64url')}`
    expect(await outcome(`${input}.${rsa.signature(input).toString('base64url')}`)).toBe('token_malformed')
  })

  test('no refusal shows the token or a part of it', async () => {
    const bad = [
      `${token}x`,
      `${head}.${payload}.${ec.signature('x').toString('base64url')}`,
      `Bearer ${token}`,
    ]
    for (const each of bad) {
      const verdict = await new TokenVerifier(keySets().sets).verify(guard, bearer(each), NOW_MS)
      const said = verdict.type === 'failure' ? JSON.stringify(verdict.failure) : ''
      expect(said).not.toBe('')
      for (const part of [head, payload, signature]) expect(said).not.toContain(part)
    }
  })
})

test('a key of less than 2048 bits, or with the exponent 1, cannot be configured', () => {
  const weak = createPublicKey({ key: { ...rsa.jwk, n: 'AQAB'.repeat(42) }, format: 'jwk' }).export({
    format: 'jwk',
  })
  expect(() => inlineGuard([weak])).toThrow(/bits/)
  expect(() => inlineGuard([{ ...rsa.jwk, e: 'AQ' }])).toThrow(/exponent/)
})
