// `kanalictl rsa generate`: the pair that api keys are encrypted and decrypted with. Both halves come to be, or none.

import { generateKeyPair } from 'node:crypto'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { writeNew } from './files.ts'
import { Refusal, whyOf } from './refusal.ts'
import { PIPE, type Terminal } from './terminal.ts'

export interface GenerateRsaOptions {
  readonly 'rsa.private_key_file': string
  readonly 'rsa.public_key_file': string
  readonly 'rsa.bits': string
}

const PRIVATE = '--rsa.private_key_file'
const PUBLIC = '--rsa.public_key_file'
const BITS = { least: 2048, most: 8192 }

/** PKCS#8 and SPKI; the private one for its owner alone. One of them may go to standard output. */
export async function generateRsa(options: GenerateRsaOptions, terminal: Terminal): Promise<void> {
  const bits = bitsOf(options['rsa.bits'])
  const { 'rsa.private_key_file': privateFile, 'rsa.public_key_file': publicFile } = options
  if (path.resolve(privateFile) === path.resolve(publicFile)) {
    throw new Refusal(`${PRIVATE} and ${PUBLIC} must be two places`)
  }
  if (privateFile === PIPE && terminal.isShown) {
    throw new Refusal(`${PRIVATE} -: standard output is a screen; pipe it on, or name a file`)
  }
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: bits,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const halves = [
    { option: PRIVATE, file: privateFile, pem: privateKey, mode: 0o600 },
    { option: PUBLIC, file: publicFile, pem: publicKey, mode: 0o644 },
  ]
  const made: string[] = []
  try {
    for (const { option, file, pem, mode } of halves.filter((half) => half.file !== PIPE)) {
      writeNew(option, file, pem, mode)
      made.push(file)
    }
    for (const { pem } of halves.filter((half) => half.file === PIPE)) await terminal.out(pem)
  } catch (error) {
    throw error instanceof Refusal ? new Refusal(error.message + leftBehind(made), { cause: error }) : error
  }
  await terminal.say(
    `${nameOf(privateFile)} is for the gateway (plugins.apiKey.decryption_key_file), ${nameOf(publicFile)} for whoever makes keys.\n`,
  )
}

/** Takes away the half that nobody can use yet; what to say of it where that fails. */
function leftBehind(files: readonly string[]): string {
  return files
    .map((file) => {
      try {
        rmSync(file)
        return '; nothing is left behind'
      } catch (error) {
        return `; ${JSON.stringify(file)} was written, and could not be removed: ${whyOf(error)}`
      }
    })
    .join('')
}

function nameOf(file: string): string {
  return file === PIPE ? 'standard output' : file
}

function bitsOf(text: string): number {
  const bits = Number(text)
  if (/^\d{4}$/.test(text) && bits >= BITS.least && bits <= BITS.most) return bits
  throw new Refusal(`--rsa.bits ${JSON.stringify(text)}: a whole number from ${BITS.least} to ${BITS.most}`)
}
