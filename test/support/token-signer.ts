// Makes key pairs and signs tokens with nothing but node:crypto, so that what is verified was not made by the verifier.
// Header and payload are signed as they are given, however wrong.

import { constants, createHmac, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto'

export type SignedAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA'

export interface TokenSigner {
  readonly kid: string
  /** As an issuer publishes it. */
  readonly jwk: Readonly<Record<string, unknown>>
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
  /** `header` is laid over `{ alg, kid, typ }`; an undefined member is left out. */
  token(claims: unknown, header?: Readonly<Record<string, unknown>>): string
  /** The signature of whatever text. */
  signature(input: string): Buffer
}

export function tokenSigner(algorithm: SignedAlgorithm, kid = `${algorithm}-1`): TokenSigner {
  const { publicKey, privateKey } = pairFor(algorithm)
  const signature = (input: string): Buffer => signFor(algorithm, privateKey, Buffer.from(input))
  return {
    kid,
    jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' },
    publicKey,
    privateKey,
    signature,
    token(claims, header = {}) {
      const input = signingInput({ alg: algorithm, kid, typ: 'JWT', ...header }, claims)
      return `${input}.${signature(input).toString('base64url')}`
    },
  }
}

/** A token whose signature is an HMAC under the secret. */
export function macToken(
  secret: string | Buffer,
  claims: unknown,
  header: Readonly<Record<string, unknown>> = {},
): string {
  const input = signingInput({ alg: 'HS256', ...header }, claims)
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

/** The first two parts of a token. A string is taken as it is, anything else written as JSON. */
export function signingInput(header: unknown, claims: unknown): string {
  return [header, claims].map(partOf).join('.')
}

function partOf(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}

function pairFor(algorithm: SignedAlgorithm): { publicKey: KeyObject; privateKey: KeyObject } {
  switch (algorithm) {
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    case 'EdDSA':
      return generateKeyPairSync('ed25519')
    case 'RS256':
    case 'PS256':
      return generateKeyPairSync('rsa', { modulusLength: 2048 })
  }
}

function signFor(algorithm: SignedAlgorithm, key: KeyObject, input: Buffer): Buffer {
  switch (algorithm) {
    case 'ES256':
      return signBytes('sha256', input, { key, dsaEncoding: 'ieee-p1363' })
    case 'EdDSA':
      return signBytes(null, input, key)
    case 'PS256':
      return signBytes('sha256', input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 })
    case 'RS256':
      return signBytes('sha256', input, key)
  }
}
