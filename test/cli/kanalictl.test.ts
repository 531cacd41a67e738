// kanalictl as a user runs it, and that OpenSSL reads what it writes and the reverse: the original's encoding, from both
// sides.

import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseManifest } from '../../src/resources/parse.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

const CLI = path.join(import.meta.dirname, '../../src/cli/kanalictl.ts')

let folder: TempFolder
const file = (name: string) => path.join(folder.path, name)

interface Ran {
  readonly status: number | null
  readonly out: string
  readonly said: string
}

function run(args: readonly string[], input = ''): Ran {
  const ran = spawnSync(process.execPath, [CLI, ...args], { input, encoding: 'utf8' })
  return { status: ran.status, out: ran.stdout, said: ran.stderr }
}

const generate = (...args: string[]) =>
  run(['apikey', 'generate', '--rsa.public_key_file', file('rsa.pub'), '--key.name', 'shop', ...args])
const decrypt = (place: string, ...args: string[]) =>
  run(['apikey', 'decrypt', '--rsa.private_key_file', file('rsa.key'), '--key.in_file', place, ...args])
const dataOf = (manifest: string) =>
  (parse(manifest) as { spec: { revisions: { data: string }[] } }).spec.revisions[0]?.data ?? ''

beforeAll(async () => {
  folder = await tempFolder('kanalictl')
  const made = run([
    'rsa',
    'generate',
    '--rsa.bits=2048',
    `--rsa.private_key_file=${file('rsa.key')}`,
    `--rsa.public_key_file=${file('rsa.pub')}`,
  ])
  expect(made).toMatchObject({ status: 0, out: '' })
})
afterAll(() => folder.remove())

describe('an RSA pair', () => {
  test('is private to its owner, and never written over', () => {
    expect(statSync(file('rsa.key')).mode & 0o777).toBe(0o600)
    expect(readFileSync(file('rsa.key'), 'utf8')).toContain('BEGIN PRIVATE KEY')
    const again = run([
      'rsa',
      'generate',
      `--rsa.private_key_file=${file('rsa.key')}`,
      `--rsa.public_key_file=${file('other.pub')}`,
    ])
    expect(again).toMatchObject({ status: 1, said: expect.stringContaining('is not written over') })
  })

  test('of an odd length is refused', () => {
    expect(run(['rsa', 'generate', '--rsa.bits=100'])).toMatchObject({
      status: 1,
      said: expect.stringContaining('--rsa.bits "100"'),
    })
  })
})

describe('a key that is made', () => {
  test('is shown once, on request, and its ApiKey is one that the gateway reads', () => {
    const { status, out, said } = generate('--key.show')
    expect(status).toBe(0)
    const key = /^shop: ([0-9a-zA-Z]{32})$/m.exec(said)?.[1] ?? ''
    expect(key).not.toBe('')
    expect(out).not.toContain(key)
    const [result] = parseManifest(parse(out), 'default')
    expect(result).toMatchObject({ type: 'resource', resource: { revisions: [{ status: 'Active' }] } })
    expect(decrypt('-').status).toBe(0)
    expect(
      run(['apikey', 'decrypt', '--rsa.private_key_file', file('rsa.key'), '--key.in_file', '-'], out).out,
    ).toBe(`NAME   REVISION   STATUS   KEY\nshop   0          Active   ${key}\n`)
  })

  test('that would be shown to nobody is not made', () => {
    expect(generate()).toMatchObject({ status: 1, out: '', said: expect.stringContaining('--key.show') })
  })

  test('is another each time, of the length that was asked for', () => {
    const keys = [1, 2, 3].map(() => /^shop: (.*)$/m.exec(generate('--key.show', '--key.length=5').said)?.[1])
    expect(new Set(keys).size).toBe(3)
    for (const key of keys) expect(key).toMatch(/^[0-9a-zA-Z]{5}$/)
  })

  test.each(['key.yaml', 'key.yml', 'key.json'])('goes to %s, and never over another', (name) => {
    expect(generate('--key.data=abc', `--key.out_file=${file(name)}`)).toMatchObject({ status: 0, out: '' })
    expect(decrypt(file(name)).out).toContain('abc')
    expect(generate('--key.data=abc', `--key.out_file=${file(name)}`)).toMatchObject({ status: 1 })
  })
})

test.each([
  [['--key.data=not a key'], 'letters and digits alone'],
  [['--key.show', '--key.length=0'], '--key.length "0"'],
  [['--key.show', '--key.length=x'], '--key.length "x"'],
  [['--key.data=abc', '--key.out_file=key.txt'], 'must end in .yaml'],
  [['--key.data=abc', '--output=xml'], '--output "xml"'],
  [['--key.data=abc', '--key.name=Not A Name'], '--key.name'],
  [['--key.data=abc', '--rsa.public_key_file=/nonexistent'], 'it is not there'],
  [['--key.data=abc', `--rsa.public_key_file=${CLI}`], 'holds no PEM public key'],
  [[`--key.data=${'a'.repeat(300)}`], 'does not fit'],
])('%j is refused in one line', (args, says) => {
  const { status, out, said } = generate(...args)
  expect({ status, out }).toEqual({ status: 1, out: '' })
  expect(said).toContain(says)
  expect(said.trimEnd()).not.toContain('\n')
})

test('a key can come by a pipe, so that no list of processes shows it', () => {
  const args = [
    'apikey',
    'generate',
    '--key.name=piped',
    '--key.data=-',
    '--output=json',
    '--rsa.public_key_file',
    file('rsa.pub'),
  ]
  const { status, out } = run(args, 'fromThePipe\n')
  expect(status).toBe(0)
  expect(
    run(
      ['apikey', 'decrypt', '--rsa.private_key_file', file('rsa.key'), '--key.in_file=-', '--output=json'],
      out,
    ).out,
  ).toContain('fromThePipe')
})

describe('OpenSSL', () => {
  const OAEP = [
    'rsa_padding_mode:oaep',
    'rsa_oaep_md:sha256',
    `rsa_oaep_label:${Buffer.from('kanali').toString('hex')}`,
  ]
  const options = OAEP.flatMap((option) => ['-pkeyopt', option])

  test('reads what we write', () => {
    const { out } = generate('--key.data=ours')
    const cipher = Buffer.from(Buffer.from(dataOf(out), 'base64').toString(), 'hex')
    const clear = execFileSync('openssl', ['pkeyutl', '-decrypt', '-inkey', file('rsa.key'), ...options], {
      input: cipher,
    })
    expect(clear.toString()).toBe('ours')
  })

  test('writes what we read, with either form of the private key', async () => {
    const cipher = execFileSync(
      'openssl',
      ['pkeyutl', '-encrypt', '-pubin', '-inkey', file('rsa.pub'), ...options],
      { input: 'theirs' },
    )
    const data = Buffer.from(cipher.toString('hex')).toString('base64')
    const spec = {
      revisions: [
        { data, status: 'Inactive' },
        { data: 'YWJj', status: 'Active' },
      ],
    }
    await folder.write(
      'theirs/key.json',
      JSON.stringify({ apiVersion: 'kanali.io/v2', kind: 'ApiKey', metadata: { name: 'theirs' }, spec }),
    )
    await folder.write('theirs/deep/bad.yaml', 'kind: [')
    await folder.write('theirs/notes.txt', 'no manifest')
    execFileSync('openssl', ['rsa', '-traditional', '-in', file('rsa.key'), '-out', file('pkcs1.key')], {
      stdio: 'ignore',
    })
    expect(readFileSync(file('pkcs1.key'), 'utf8')).toContain('BEGIN RSA PRIVATE KEY')
    for (const key of ['rsa.key', 'pkcs1.key']) {
      const args = ['apikey', 'decrypt', '--rsa.private_key_file', file(key), '--key.in_file', file('theirs')]
      const { status, out, said } = run(args)
      expect(out).toBe(
        'NAME     REVISION   STATUS     KEY\ntheirs   0          Inactive   theirs\ntheirs   1          Active     ?\n',
      )
      expect(status).toBe(1)
      expect(said).toContain('theirs: revision 1 is not encrypted for this private key')
      expect(said).toContain('bad.yaml')
    }
  })

  test('and whoever else encrypts cannot reach the terminal', async () => {
    const cipher = execFileSync(
      'openssl',
      ['pkeyutl', '-encrypt', '-pubin', '-inkey', file('rsa.pub'), ...options],
      { input: 'a\u001B[2Jb' },
    )
    const data = Buffer.from(cipher.toString('hex')).toString('base64')
    const manifest = {
      apiVersion: 'kanali.io/v2',
      kind: 'ApiKey',
      metadata: { name: 'evil' },
      spec: { revisions: [{ data, status: 'Active' }] },
    }
    const evil = await folder.write('evil.json', JSON.stringify(manifest))
    const { out } = decrypt(evil)
    expect(out).not.toContain('\u001B')
    expect(out).toContain('evil')
  })
})

test('an encrypted or foreign private key is refused in one line', () => {
  execFileSync(
    'openssl',
    ['rsa', '-in', file('rsa.key'), '-aes128', '-passout', 'pass:x', '-out', file('locked.key')],
    { stdio: 'ignore' },
  )
  execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', file('ed.key')])
  for (const [key, says] of [
    ['locked.key', 'no passphrase'],
    ['ed.key', 'must be RSA'],
  ] as const) {
    const args = ['apikey', 'decrypt', '--rsa.private_key_file', file(key), '--key.in_file', file('theirs')]
    expect(run(args)).toMatchObject({ status: 1, out: '', said: expect.stringContaining(says) })
  }
})

test('a wrong command or a missing option is told apart: status 2', () => {
  expect(run(['apikey', 'generate']).status).toBe(2)
  expect(run(['nothing']).status).toBe(2)
  expect(run(['--help'])).toMatchObject({ status: 0, out: expect.stringContaining('apikey') })
})
