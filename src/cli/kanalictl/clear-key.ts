// A clear key: given or made by a secure generator, encrypted, and shown once. It is in no message but the one that
// shows it.

import { type KeyObject, randomInt } from 'node:crypto'
import { encryptKey, keyBytesMax, readPublicKey } from '../../plugins/apikey/key-cipher.ts'
import { read } from './files.ts'
import { Refusal } from './refusal.ts'
import { PIPE, type Terminal } from './terminal.ts'

export interface KeyOptions {
  readonly 'key.data'?: string
  readonly 'key.length': string
  readonly 'key.show'?: boolean
  readonly 'rsa.public_key_file': string
}

export interface NewKey {
  /** As it stands in an ApiKey. */
  readonly data: string
  /** Shows the clear key, where it is to be shown: call it once the ApiKey is where it belongs. */
  show(name: string): Promise<void>
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const KEY = /^[0-9a-zA-Z]+$/
const LENGTH_MAX = 128

export async function newKey(options: KeyOptions, terminal: Terminal): Promise<NewKey> {
  const publicKey = await publicKeyOf(options['rsa.public_key_file'], terminal)
  const given = await givenKey(options['key.data'], terminal)
  // Whoever gave a key has it; and on a screen it may be seen by others.
  const shows = options['key.show'] === true || (given === undefined && terminal.isWatched)
  if (given === undefined && !shows) {
    throw new Refusal('the new key would be shown to nobody: run this on a terminal, or add --key.show')
  }
  const key = given ?? randomKey(options['key.length'])
  if (key.length > keyBytesMax(publicKey)) {
    throw new Refusal(
      `a key of ${key.length} characters does not fit: this RSA key takes ${keyBytesMax(publicKey)}`,
    )
  }
  return {
    data: encryptKey(key, publicKey),
    show: async (name) => {
      if (shows) await terminal.say(`${name}: ${key}\nThis is the only time that the key is shown.\n`)
    },
  }
}

async function publicKeyOf(file: string, terminal: Terminal): Promise<KeyObject> {
  const publicKey = readPublicKey(await read('--rsa.public_key_file', file, terminal))
  if (!('problem' in publicKey)) return publicKey
  throw new Refusal(`--rsa.public_key_file ${JSON.stringify(file)}: ${publicKey.problem}`)
}

async function givenKey(data: string | undefined, terminal: Terminal): Promise<string | undefined> {
  if (data === undefined) return undefined
  const key = data === PIPE ? (await read('--key.data', PIPE, terminal)).toString('utf8').trim() : data
  // The value is not repeated: it may be a key.
  if (!KEY.test(key)) throw new Refusal('--key.data: it must have letters and digits alone')
  return key
}

function randomKey(length: string): string {
  const count = Number(length)
  if (!/^\d{1,3}$/.test(length) || count < 1 || count > LENGTH_MAX) {
    throw new Refusal(`--key.length ${JSON.stringify(length)}: a whole number from 1 to ${LENGTH_MAX}`)
  }
  return Array.from({ length: count }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
}
