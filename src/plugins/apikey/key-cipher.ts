// The form in which an api key stands in an ApiKey: base64(hex(RSA-OAEP(SHA-256, label "kanali", key))), as the original
// writes it. Nothing here logs or keeps a key. Source: RFC 8017 section 7.1; OpenSSL and Go use one hash for both.

import { constants, createPrivateKey, createPublicKey, type KeyObject, publicEncrypt } from 'node:crypto'

const LABEL = Buffer.from('kanali')
const HASH = 'sha256'
const HASH_BYTES = 32

/** The longest key that fits, in bytes. */
export function keyBytesMax(key: KeyObject): number {
  return (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8 - 2 * HASH_BYTES - 2
}

/** An RSA public key as PEM (SPKI or PKCS#1), or that of a certificate; why not, in words of ours. */
export function readPublicKey(pem: Buffer | string): KeyObject | { readonly problem: string } {
  return readKey(() => createPublicKey(pem), 'holds no PEM public key that can be read')
}

/** An RSA private key as PEM, PKCS#1 or PKCS#8, without a passphrase; why not, in words of ours. */
export function readPrivateKey(pem: Buffer | string): KeyObject | { readonly problem: string } {
  if (pem.includes('ENCRYPTED'))
    return { problem: 'the private key is encrypted; it must have no passphrase' }
  return readKey(() => createPrivateKey(pem), 'holds no PEM private key that can be read')
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
    const hex = Buffer.from(data, 'base64').toString('latin1')
    if (!/^(?:[0-9a-fA-F]{2})+$/.test(hex)) return undefined
    try {
      const algorithm = { name: 'RSA-OAEP', label: LABEL }
      const clear = await crypto.subtle.decrypt(algorithm, await this.#key, Buffer.from(hex, 'hex'))
      return Buffer.from(clear).toString('utf8')
    } catch {
      return undefined
    }
  }
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
