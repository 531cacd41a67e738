// The digest by which an api key is known once it has been decrypted: HMAC-SHA-256 (RFC 2104) under a key that is derived
// from the gateway's private key (HKDF, RFC 5869). Equal on every replica and after every restart, useless without the
// private key. It is made for every request, so the HMAC is two one-shot hashes: a fifth of what a Hmac object takes.

import { createPublicKey, hash, hkdfSync, type KeyObject } from 'node:crypto'

const INFO = 'kanali api key digest v1'
const BLOCK_BYTES = 64
const HASH_BYTES = 32
const KEY_ID_CHARS = 16
/** Of keys as they come; longer ones were never made, for nothing so long can be encrypted with RSA. */
const KEY_CHARS_MAX = 1024

/** What digests are made with: enough to know keys by, of no use for decrypting one. */
export interface DigestKey {
  /** Of the public half of the private key that it is derived from. */
  readonly keyId: string
  readonly secret: Uint8Array
}

/** Derived anew from a private key: always the same. */
export function digestKeyOf(privateKey: KeyObject): DigestKey {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const secret = privateKey.export({ type: 'pkcs8', format: 'der' })
  return {
    keyId: hash('sha256', spki, 'hex').slice(0, KEY_ID_CHARS),
    secret: Buffer.from(hkdfSync('sha256', secret, '', INFO, HASH_BYTES)),
  }
}

export class KeyDigester {
  /** Of the public half: tells which private key digests were made under. */
  readonly keyId: string
  readonly #inner = Buffer.alloc(BLOCK_BYTES + KEY_CHARS_MAX, 0x36)
  readonly #outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES, 0x5c)

  constructor({ keyId, secret: derived }: DigestKey) {
    this.keyId = keyId
    for (let at = 0; at < HASH_BYTES; at += 1) {
      this.#inner[at] = (derived[at] ?? 0) ^ 0x36
      this.#outer[at] = (derived[at] ?? 0) ^ 0x5c
    }
  }

  /**
   * 43 characters; undefined for a text that is longer than any key.
   * @param key its bytes as Latin-1, as header fields are read
   */
  digest(key: string): string | undefined {
    if (key.length > KEY_CHARS_MAX) return undefined
    const written = this.#inner.write(key, BLOCK_BYTES, 'latin1')
    const content = this.#inner.subarray(0, BLOCK_BYTES + written)
    this.#outer.write(hash('sha256', content, 'latin1'), BLOCK_BYTES, 'latin1')
    this.#inner.fill(0, BLOCK_BYTES, BLOCK_BYTES + written)
    return hash('sha256', this.#outer, 'base64url')
  }
}
