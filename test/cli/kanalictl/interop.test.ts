// The original's encoding, from both sides: data that OpenSSL made, in every dress that it comes in, and OpenSSL reading
// what we write.

import { execFileSync } from 'node:child_process'
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import {
  CERTIFICATE,
  CIPHER_TEXTS,
  HOSTILE_CIPHER_TEXT,
  PRIVATE_KEY_PKCS1,
  PUBLIC_KEY,
} from '../../support/api-key-vectors.ts'
import { describeWithTools } from '../../support/describe-with-tools.ts'
import { kanalictl } from '../../support/kanalictl.ts'
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const PRIVATE_KEY_PKCS8 = createPrivateKey(PRIVATE_KEY_PKCS1).export({ type: 'pkcs8', format: 'pem' })
const [, [CLEAR, HEX] = ['', '']] = CIPHER_TEXTS

let folder: TempFolder
const file = (name: string) => path.join(folder.path, name)
const apiKey = (name: string, ...data: string[]) => ({
  apiVersion: 'kanali.io/v2',
  kind: 'ApiKey',
  metadata: { name },
  spec: { revisions: data.map((text) => ({ data: text, status: 'Active' })) },
})
const decrypt = (input: string, ...args: string[]) =>
  kanalictl(['apikey', 'decrypt', '--rsa.private_key_file', file('pkcs1.key'), '--key.in_file=-', ...args], {
    input,
  })

async function keysOf(input: string, ...args: string[]): Promise<unknown[]> {
  const { out } = await decrypt(input, '--output=json', ...args)
  return (JSON.parse(out) as { key: unknown }[]).map(({ key }) => key)
}

beforeAll(async () => {
  folder = await tempFolder('kanalictl')
  await folder.write('pkcs1.key', PRIVATE_KEY_PKCS1)
  await folder.write('pkcs8.key', PRIVATE_KEY_PKCS8)
  await folder.write('windows.key', `\uFEFF${PRIVATE_KEY_PKCS8.replaceAll('\n', '\r\n')}`)
  await folder.write('rsa.pub', PUBLIC_KEY)
  await folder.write('windows.pub', `\uFEFF${PUBLIC_KEY.replaceAll('\n', '\r\n')}`)
  await folder.write('certificate.pem', CERTIFICATE)
})
afterAll(() => folder.remove())

describe('keys that the original encrypted', () => {
  test.each(['pkcs1.key', 'pkcs8.key', 'windows.key'])('are read with %s', async (key) => {
    const manifest = stringify(apiKey('theirs', ...CIPHER_TEXTS.map(([, hex]) => base64(hex))))
    const args = [`--rsa.private_key_file=${file(key)}`]
    expect(await keysOf(manifest, ...args)).toEqual(CIPHER_TEXTS.map(([clear]) => clear))
    const { status, out } = await decrypt(manifest, ...args)
    expect(status).toBe(0)
    for (const [clear] of CIPHER_TEXTS) expect(out).toContain(clear)
  })

  test.each([
    ['upper-case hex', base64(HEX.toUpperCase())],
    ['hex digits alone, as in its example files', HEX],
    ['a line end after the hex', base64(`${HEX}\n`)],
    ['lines of base64', base64(HEX).replaceAll(/.{76}/g, '$&\n')],
    ['lines of base64, from Windows', `${base64(HEX).replaceAll(/.{64}/g, '$&\r\n')}\r\n`],
  ])('are read with %s', async (_, data) => {
    expect(await keysOf(JSON.stringify(apiKey('theirs', data)))).toEqual([CLEAR])
    expect(await keysOf(stringify(apiKey('theirs', data)).replaceAll('\n', '\r\n'))).toEqual([CLEAR])
  })

  test('are read from a block of YAML', async () => {
    const lines = base64(HEX).match(/.{1,76}/g) ?? []
    const indented = lines.map((line) => `        ${line}\n`).join('')
    const manifest = stringify(apiKey('theirs', 'DATA')).replace(' DATA\n', ` |\n${indented}`)
    expect(await keysOf(manifest)).toEqual([CLEAR])
  })

  test.each([
    ['of another pair', base64('ab'.repeat(256))],
    ['cut short', base64(HEX.slice(2))],
    ['no hex', base64('abc!')],
    ['odd hex', base64(HEX.slice(1))],
  ])('that are %s are told apart, and cost the others nothing', async (_, data) => {
    const { status, out, said } = await decrypt(stringify(apiKey('theirs', data, base64(HEX))))
    expect(status).toBe(1)
    expect(out).toMatch(/0 +Active +\?\n.* 1 +Active +ks/)
    expect(said).toBe('kanalictl: theirs: revision 0 is not encrypted for this private key\n')
  })

  test.each(['table', 'json', 'yaml'])('cannot reach the terminal by a %s', async (output) => {
    const { out } = await decrypt(
      stringify(apiKey('evil', base64(HOSTILE_CIPHER_TEXT))),
      `--output=${output}`,
    )
    expect(out).toMatch(/^[\n\x20-\x7e]+$/)
    if (output !== 'table') expect(parse(out)).toMatchObject([{ key: 'a\u001B[2Jb\u009B' }])
  })
})

test.each(['rsa.pub', 'windows.pub', 'certificate.pem'])('a key is encrypted with %s', async (key) => {
  const args = ['--key.name=ours', '--key.data=ours', `--rsa.public_key_file=${file(key)}`]
  const { out } = await kanalictl(['apikey', 'generate', ...args])
  expect(await keysOf(out)).toEqual(['ours'])
})

test('an encrypted or foreign private key is refused in one line', async () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const encryption = { cipher: 'aes-128-cbc', passphrase: 'x' } as const
  const rsa = createPrivateKey(PRIVATE_KEY_PKCS1)
  const pem = { format: 'pem' } as const
  for (const [content, says] of [
    [rsa.export({ type: 'pkcs8', ...pem, ...encryption }), 'no passphrase'],
    [rsa.export({ type: 'pkcs1', ...pem, ...encryption }), 'no passphrase'],
    [privateKey.export({ type: 'pkcs8', ...pem }), 'must be RSA'],
    [PUBLIC_KEY, 'holds no PEM private key'],
  ] as const) {
    const refused = await folder.write('refused.key', content)
    const ran = await decrypt(stringify(apiKey('theirs', base64(HEX))), `--rsa.private_key_file=${refused}`)
    expect(ran).toMatchObject({ status: 1, out: '', said: expect.stringContaining(says) })
    expect(ran.said).toMatch(/^kanalictl: [^\n]+\n$/)
  }
})

describeWithTools(['openssl'], 'OpenSSL', (openssl = '') => {
  const options = [
    'rsa_padding_mode:oaep',
    'rsa_oaep_md:sha256',
    `rsa_oaep_label:${Buffer.from('kanali').toString('hex')}`,
  ]
  const pkeyutl = (args: readonly string[], input: string | Buffer) =>
    execFileSync(openssl, ['pkeyutl', ...args, ...options.flatMap((option) => ['-pkeyopt', option])], {
      input,
    })

  test('reads what we write, with a pair that we made', async () => {
    const pair = [`--rsa.private_key_file=${file('our.key')}`, `--rsa.public_key_file=${file('our.pub')}`]
    await kanalictl(['rsa', 'generate', '--rsa.bits=2048', ...pair])
    const { out } = await kanalictl(['apikey', 'generate', '--key.name=a', '--key.data=ours', pair[1] ?? ''])
    const { data } = (parse(out) as ReturnType<typeof apiKey>).spec.revisions[0] ?? { data: '' }
    const cipher = Buffer.from(Buffer.from(data, 'base64').toString(), 'hex')
    expect(pkeyutl(['-decrypt', '-inkey', file('our.key')], cipher).toString()).toBe('ours')
    expect(readFileSync(file('our.key'), 'utf8')).toContain('BEGIN PRIVATE KEY')
  })

  test('writes what we read', async () => {
    const cipher = pkeyutl(['-encrypt', '-pubin', '-inkey', file('rsa.pub')], 'theirs')
    expect(await keysOf(stringify(apiKey('theirs', base64(cipher.toString('hex')))))).toEqual(['theirs'])
  })
})
