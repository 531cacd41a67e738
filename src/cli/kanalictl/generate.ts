// `kanalictl apikey generate` and `kanalictl rsa generate`: keys from a secure generator, the clear one shown once.

import { generateKeyPairSync, randomInt } from 'node:crypto'
import { stringify } from 'yaml'
import { encryptKey, keyBytesMax, readPublicKey } from '../../plugins/apikey/key-cipher.ts'
import type { ApiKeyManifest } from '../../resources/crds/crds.ts'
import { DNS_SUBDOMAIN } from '../../resources/text-rules.ts'
import { PIPE, read, Refusal, writeNew } from './files.ts'

export interface GenerateOptions {
  readonly 'key.name': string
  readonly 'key.data'?: string
  readonly 'key.length': string
  readonly 'key.out_file'?: string
  readonly 'key.show'?: boolean
  readonly 'rsa.public_key_file': string
  readonly output: string
}

/** Where the results go. */
export interface Terminal {
  /** For what may be piped on. */
  out(text: string): void
  /** For a person. */
  say(text: string): void
  /** `say` reaches a person. */
  readonly isWatched: boolean
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const KEY = /^[0-9a-zA-Z]+$/
const LENGTH_MAX = 128

export function generateApiKey(options: GenerateOptions, terminal: Terminal): void {
  const { 'key.name': name, 'key.out_file': file, output } = options
  if (!DNS_SUBDOMAIN.holds(name))
    throw new Refusal(`--key.name ${JSON.stringify(name)} ${DNS_SUBDOMAIN.says}`)
  const format = formatOf(file, output)
  const publicKey = readPublicKey(read('--rsa.public_key_file', options['rsa.public_key_file']))
  if ('problem' in publicKey) {
    throw new Refusal(
      `--rsa.public_key_file ${JSON.stringify(options['rsa.public_key_file'])}: ${publicKey.problem}`,
    )
  }
  const given = givenKey(options['key.data'])
  const shows = options['key.show'] === true || terminal.isWatched
  if (given === undefined && !shows) {
    throw new Refusal('the new key would be shown to nobody: run this on a terminal, or add --key.show')
  }
  const key = given ?? randomKey(options['key.length'])
  if (key.length > keyBytesMax(publicKey)) {
    throw new Refusal(
      `a key of ${key.length} characters does not fit: this RSA key takes ${keyBytesMax(publicKey)}`,
    )
  }
  const manifest: ApiKeyManifest = {
    apiVersion: 'kanali.io/v2',
    kind: 'ApiKey',
    metadata: { name },
    spec: { revisions: [{ data: encryptKey(key, publicKey), status: 'Active' }] },
  }
  const text =
    format === 'json' ? `${JSON.stringify(manifest, undefined, 2)}\n` : stringify(manifest, { lineWidth: 0 })
  if (file === undefined) terminal.out(text)
  else writeNew('--key.out_file', file, text, 0o644)
  if (shows) terminal.say(`${name}: ${key}\nThis is the only time that the key is shown.\n`)
}

export interface GenerateRsaOptions {
  readonly 'rsa.private_key_file': string
  readonly 'rsa.public_key_file': string
  readonly 'rsa.bits': string
}

/** PKCS#8 and SPKI; the private one for its owner alone. */
export function generateRsa(options: GenerateRsaOptions, terminal: Terminal): void {
  const bits = Number(options['rsa.bits'])
  if (!Number.isInteger(bits) || bits < 2048 || bits > 8192) {
    throw new Refusal(`--rsa.bits ${JSON.stringify(options['rsa.bits'])}: a whole number from 2048 to 8192`)
  }
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits })
  const privateFile = options['rsa.private_key_file']
  const publicFile = options['rsa.public_key_file']
  writeNew(
    '--rsa.private_key_file',
    privateFile,
    pem(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    0o600,
  )
  writeNew('--rsa.public_key_file', publicFile, pem(publicKey.export({ type: 'spki', format: 'pem' })), 0o644)
  terminal.say(
    `${privateFile} is for the gateway (plugins.apiKey.decryption_key_file), ${publicFile} for whoever makes keys.\n`,
  )
}

function givenKey(data: string | undefined): string | undefined {
  if (data === undefined) return undefined
  const key = data === PIPE ? read('--key.data', PIPE).toString('utf8').trim() : data
  // The value is not repeated: it may be a key.
  if (!KEY.test(key)) throw new Refusal('--key.data: it must have letters and digits alone')
  return key
}

function randomKey(length: string): string {
  const count = Number(length)
  if (!Number.isInteger(count) || count < 1 || count > LENGTH_MAX) {
    throw new Refusal(`--key.length ${JSON.stringify(length)}: a whole number from 1 to ${LENGTH_MAX}`)
  }
  return Array.from({ length: count }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
}

function formatOf(file: string | undefined, output: string): 'yaml' | 'json' {
  const named = file === undefined ? output : /\.(yaml|yml|json)$/.exec(file)?.[1]
  if (named === 'json') return 'json'
  if (named === 'yaml' || named === 'yml') return 'yaml'
  throw new Refusal(
    file === undefined
      ? `--output ${JSON.stringify(output)}: yaml or json`
      : `--key.out_file ${JSON.stringify(file)}: its name must end in .yaml, .yml or .json`,
  )
}

function pem(exported: string | Buffer): string {
  return typeof exported === 'string' ? exported : exported.toString('utf8')
}
