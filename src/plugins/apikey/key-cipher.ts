// The form in which an api key stands in an ApiKey: base64(hex(RSA-OAEP(SHA-256, label "kanali", key))), as the original
// writes it. Its own example files hold the hex digits alone: both are read. Nothing here logs or keeps a key.
// Source: RFC 8017 section 7.1; OpenSSL and Go use one hash for both.

import { constants, createPrivateKey, createPublicKey, type KeyObject, publicEncrypt } from 'node:crypto'

const LABEL = Buffer.from('kanali')
const HASH = 'sha256'
const HASH_BYTES = 32
const HEX = /^(?:[0-9a-fA-F]{2})+$/

/** The longest key that fits, in bytes. */
export function keyBytesMax(key: KeyObject): number {
  const modulusBytes = Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8)
  return Math.max(0, modulusBytes - 2 * HASH_BYTES - 2)
}

/** An RSA public key as PEM (SPKI or PKCS#1), or that of a certificate; why not, in words of ours. */
export function readPublicKey(pem: Buffer | string): KeyObject | { readonly problem: string } {
  return readKey(() => createPublicKey(withoutMark(pem)), 'holds no PEM public key that can be read')
}

/** An RSA private key as PEM, PKCS#1 or PKCS#8, without a passphrase; why not, in words of ours. */
export function readPrivateKey(pem: Buffer | string): KeyObject | { readonly problem: string } {
  if (pem.includes('ENCRYPTED'))
    return { problem: 'the private key is encrypted; it must have no passphrase' }
  return readKey(() => createPrivateKey(withoutMark(pem)), 'holds no PEM private key that can be read')
}

export function encryptKey(text: string, publicKey: KeyObject): string {
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: HASH, oaepLabel: LABEL }
  const cipher = publicEncrypt({ key: publicKey, ...padding }, Buffer.from(text))
  return Buffer.from(cipher.toString('hex')).toString('base64')
}

/** Decrypts off the event loop. */
export class KeyDecrypter {
  readonly #key: Promise<CryptoKey>

  constructor(privateKey: KeyObject) {
    const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' })
    const algorithm = { name: 'RSA-OAEP', hash: 'SHA-256' }
    this.#key = crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['decrypt'])
  }

  /** Undefined where the data was not encrypted for this key, or is no such data at all. */
  async decrypt(data: string): Promise<string | undefined> {
    const cipher = cipherIn(data)
    if (cipher === undefined) return undefined
    try {
      const algorithm = { name: 'RSA-OAEP', label: LABEL }
      const clear = await crypto.subtle.decrypt(algorithm, await this.#key, cipher)
      return Buffer.from(clear).toString('utf8')
    } catch {
      return undefined
    }
  }
}

/** In base64 or alone: no text is both, since hex digits in base64 begin with one of M to O, Q, R, Y and Z. */
function cipherIn(data: string): Buffer<ArrayBuffer> | undefined {
  const text = data.replaceAll(/\s/g, '')
  const hex = HEX.test(text) ? text : Buffer.from(text, 'base64').toString('latin1').replaceAll(/\s/g, '')
  return HEX.test(hex) ? Buffer.from(hex, 'hex') : undefined
}

/** Editors of Windows put a byte order mark before the PEM, and OpenSSL then sees none. */
function withoutMark(pem: Buffer | string): string {
  return pem.toString('utf8').replace(/^\uFEFF/, '')
}

/** What OpenSSL says is not passed on: it is not ours to promise what it holds. */
function readKey(make: () => KeyObject, otherwise: string): KeyObject | { readonly problem: string } {
  try {
    const key = make()
    if (key.asymmetricKeyType === 'rsa') return key
    return { problem: `the key is of the type ${key.asymmetricKeyType}; it must be RSA` }
  } catch {
    return { problem: otherwise }
  }
}
