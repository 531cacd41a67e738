// An RSA pair for one test file, the private half in a file, and ApiKeys that are encrypted with it.

import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { encryptKey } from '../../src/plugins/apikey/key-cipher.ts'
import { apiKey } from './manifests.ts'
import { tempFolder } from './temp-folder.ts'

export interface KeyPair extends AsyncDisposable {
  /** For `plugins.apiKey.decryption_key_file`. */
  readonly file: string
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
  /** What stands in a revision for that key. */
  encrypted(key: string): string
  /** A manifest with one active revision. */
  apiKey(name: string, key: string): ReturnType<typeof apiKey>
  /** Puts another private key into the file. */
  replaceBy(privateKey: KeyObject, type?: 'pkcs1' | 'pkcs8'): Promise<void>
}

export async function keyPair(): Promise<KeyPair> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const folder = await tempFolder('keys')
  const write = (key: KeyObject, type: 'pkcs1' | 'pkcs8') =>
    folder.write('rsa.key', key.export({ type, format: 'pem' }))
  const file = await write(privateKey, 'pkcs8')
  const encrypted = (key: string) => encryptKey(key, publicKey)
  return {
    file,
    publicKey,
    privateKey,
    encrypted,
    apiKey: (name, key) => apiKey(name).revision(encrypted(key)),
    async replaceBy(key, type = 'pkcs8') {
      await write(key, type)
    },
    [Symbol.asyncDispose]: () => folder.remove(),
  }
}
