import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readKeySet } from '../../src/snapshot/verification-keys.ts'
import { tokenSigner } from '../support/token-signer.ts'

const rsa = tokenSigner('RS256')
const ec = tokenSigner('ES256')
const ed = tokenSigner('EdDSA')

function read(...keys: unknown[]): Exclude<ReturnType<typeof readKeySet>, string> {
  const content = readKeySet(JSON.stringify({ keys }))
  if (typeof content === 'string') throw new Error(content)
  return content
}

test('a key keeps the members that a check needs, and no other', () => {
  const { keys } = read(
    { ...rsa.jwk, alg: undefined, x5c: ['MIIB'], x5u: 'https://evil.test', jku: 'x' },
    ed.jwk,
  )
  expect(keys).toEqual([
    {
      kid: rsa.kid,
      algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
      members: { kty: 'RSA', n: rsa.jwk['n'], e: 'AQAB' },
    },
    {
      kid: ed.kid,
      algorithms: ['EdDSA', 'Ed25519'],
      members: { kty: 'OKP', crv: 'Ed25519', x: ed.jwk['x'] },
    },
  ])
})

test('an alg narrows what a key is used for, and Ed25519 is EdDSA', () => {
  expect(read(rsa.jwk).keys[0]?.algorithms).toEqual(['RS256'])
  expect(read({ ...ed.jwk, alg: 'Ed25519' }).keys[0]?.algorithms).toEqual(['EdDSA', 'Ed25519'])
  expect(read({ ...rsa.jwk, alg: 'ES256' }).faults).toEqual(['key 1 has an alg that does not fit its type'])
})

test('keys that are not for signatures are left out without a word', () => {
  expect(
    read({ ...rsa.jwk, use: 'enc' }, { ...rsa.jwk, key_ops: ['encrypt'] }, { ...rsa.jwk, key_ops: 'verify' }),
  ).toEqual({
    keys: [],
    faults: [],
  })
  expect(read({ ...rsa.jwk, use: undefined, key_ops: ['verify'] }).keys).toHaveLength(1)
})

describe('a bad key fails alone', () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
  const koblitz = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ format: 'jwk' })

  test.each<[what: string, key: unknown, fault: string]>([
    ['null', null, 'is no object'],
    ['a text', 'key', 'is no object'],
    ['a list', [], 'is no object'],
    ['an empty object', {}, 'has a type (kty) that is not RSA, EC or OKP'],
    [
      'a shared secret',
      { kty: 'oct', k: 'A'.repeat(64) },
      'is a shared secret (kty oct): whoever can read it could make tokens',
    ],
    ['a private RSA key', rsa.privateKey.export({ format: 'jwk' }), 'is a private key: it has leaked'],
    ['a private EC key', ec.privateKey.export({ format: 'jwk' }), 'is a private key: it has leaked'],
    ['a kid that is no text', { ...rsa.jwk, kid: 1 }, 'has a kid that is no text of at most 1024 characters'],
    [
      'a kid without end',
      { ...rsa.jwk, kid: 'x'.repeat(1025) },
      'has a kid that is no text of at most 1024 characters',
    ],
    ['1024 bits', small, 'has a modulus of 1024 bits; allowed: 2048 to 8192'],
    [
      'zeros before few bits',
      { ...rsa.jwk, n: `${'A'.repeat(400)}AQAB` },
      'has a modulus of 17 bits; allowed: 2048 to 8192',
    ],
    [
      'a modulus of zero',
      { ...rsa.jwk, n: 'A'.repeat(344) },
      'has a modulus of 0 bits; allowed: 2048 to 8192',
    ],
    [
      '20,000 bits',
      { ...rsa.jwk, n: '_'.repeat(3334) },
      'has a modulus of 20000 bits; allowed: 2048 to 8192',
    ],
    [
      'the exponent 1',
      { ...rsa.jwk, e: 'AQ' },
      'has a public exponent that is not odd, above 1 and of at most 8 bytes',
    ],
    [
      'an even exponent',
      { ...rsa.jwk, e: 'Ag' },
      'has a public exponent that is not odd, above 1 and of at most 8 bytes',
    ],
    ['numbers that are none', { ...rsa.jwk, n: 12 }, 'has no n and e in base64url'],
    ['another alphabet', { ...rsa.jwk, n: `${String(rsa.jwk['n'])}==` }, 'has no n and e in base64url'],
    ['an unknown curve', koblitz, 'has a curve that is not P-256, P-384, P-521'],
    [
      'a curve from the prototype',
      { ...ec.jwk, crv: '__proto__' },
      'has a curve that is not P-256, P-384, P-521',
    ],
    ['a short point', { ...ec.jwk, y: 'AAAA' }, 'has no x and y of 32 bytes in base64url'],
    ['X25519', { ...ed.jwk, crv: 'X25519' }, 'has a curve that is not Ed25519'],
    ['a short Ed25519 key', { ...ed.jwk, x: 'AAAA' }, 'has no x of 32 bytes in base64url'],
  ])('%s', (_what, key, fault) => {
    const { keys, faults } = read(key, ec.jwk)
    expect(faults).toEqual([`key 1 ${fault}`])
    expect(keys.map(({ kid }) => kid)).toEqual([ec.kid])
  })
})

test('only the first 100 keys are looked at', () => {
  const { keys, faults } = read(...Array.from({ length: 150 }, () => ec.jwk))
  expect(keys).toHaveLength(100)
  expect(faults).toEqual(['only the first 100 of 150 keys are looked at'])
})

test.each(['', 'null', '[]', '{}', '{"keys":{}}', '{"keys":"x"}', '<html>', '['.repeat(100_000)])(
  'what is no key set is told as such: %j',
  (text) => {
    expect(readKeySet(text)).toMatch(/^is not (JSON|a JSON Web Key Set)/)
  },
)

test('whatever is published, reading it throws nothing and shows no value of it', () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('HUNTER2', 'RSA', 'EC', 'OKP', 'oct', 'P-256', 'sig', ['verify']),
  )
  const members = ['kty', 'crv', 'kid', 'alg', 'use', 'key_ops', 'n', 'e', 'x', 'y', 'd', 'k']
  const key = fc.oneof(value, fc.dictionary(fc.constantFrom(...members), value))
  fc.assert(
    fc.property(fc.array(key), (keys) => {
      const content = readKeySet(JSON.stringify({ keys }))
      expect(typeof content).toBe('object')
      if (typeof content === 'object') expect(content.faults.join()).not.toContain('HUNTER2')
    }),
    { numRuns: 500 },
  )
})
