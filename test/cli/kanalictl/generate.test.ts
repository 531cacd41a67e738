// `kanalictl apikey generate`: what is made, where it goes, and who sees the clear key.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseManifest } from '../../../src/resources/parse.ts'
import { PRIVATE_KEY_PKCS1, PUBLIC_KEY } from '../../support/api-key-vectors.ts'
import { kanalictl, KANALICTL, type Streams } from '../../support/kanalictl.ts'
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts'

let folder: TempFolder
const file = (name: string) => path.join(folder.path, name)
const generate = (args: readonly string[], streams?: Streams) =>
  kanalictl(
    ['apikey', 'generate', '--rsa.public_key_file', file('rsa.pub'), '--key.name=shop', ...args],
    streams,
  )
const decrypt = (place: string, input = '') =>
  kanalictl(['apikey', 'decrypt', '--rsa.private_key_file', file('rsa.key'), '--key.in_file', place], {
    input,
  })
const keyIn = (said: string) => /^shop: (.*)$/m.exec(said)?.[1] ?? ''

beforeAll(async () => {
  folder = await tempFolder('kanalictl')
  await folder.write('rsa.pub', PUBLIC_KEY)
  await folder.write('rsa.key', PRIVATE_KEY_PKCS1)
})
afterAll(() => folder.remove())

describe('a key that is made', () => {
  test('is shown once, and its ApiKey is one that the gateway reads', async () => {
    const { status, out, said } = await generate(['--key.show'])
    expect(status).toBe(0)
    expect(keyIn(said)).toMatch(/^[0-9a-zA-Z]{32}$/)
    expect(said.split(keyIn(said))).toHaveLength(2)
    expect(out).not.toContain(keyIn(said))
    const [result] = parseManifest(parse(out), 'default')
    expect(result).toMatchObject({ type: 'resource', resource: { revisions: [{ status: 'Active' }] } })
    expect((await decrypt('-', out)).out).toBe(
      `NAME   REVISION   STATUS   KEY\nshop   0          Active   ${keyIn(said)}\n`,
    )
  })

  test('is shown on a terminal without being asked for', async () => {
    expect(keyIn((await generate([], { isWatched: true })).said)).not.toBe('')
  })

  test('that would be shown to nobody is not made', async () => {
    expect(await generate([])).toMatchObject({
      status: 1,
      out: '',
      said: expect.stringContaining('--key.show'),
    })
  })

  test('is another each time, of the length that was asked for', async () => {
    const ran = await Promise.all([1, 2, 3].map(() => generate(['--key.show', '--key.length=5'])))
    const keys = ran.map(({ said }) => keyIn(said))
    expect(new Set(keys).size).toBe(3)
    for (const key of keys) expect(key).toMatch(/^[0-9a-zA-Z]{5}$/)
  })

  test.each(['key.yaml', 'key.yml', 'key.json'])('goes to %s, and never over another', async (name) => {
    const args = ['--key.data=abc', `--key.out_file=${file(name)}`]
    expect(await generate(args)).toEqual({ status: 0, out: '', said: '' })
    expect((await decrypt(file(name))).out).toContain('abc')
    const before = readFileSync(file(name))
    expect(await generate(args)).toMatchObject({
      status: 1,
      said: expect.stringContaining('is not written over'),
    })
    expect(readFileSync(file(name))).toEqual(before)
  })
})

describe('a key that is given', () => {
  test('can come by a pipe, and is not shown, not even on a terminal', async () => {
    const { status, out, said } = await generate(['--key.data=-', '--output=json'], {
      input: 'fromThePipe\r\n',
      isWatched: true,
    })
    expect({ status, said }).toEqual({ status: 0, said: '' })
    expect(JSON.parse(out)).toMatchObject({ kind: 'ApiKey' })
    expect((await decrypt('-', out)).out).toContain('fromThePipe')
  })

  test('is shown where that is asked for', async () => {
    expect(keyIn((await generate(['--key.data=abc', '--key.show'])).said)).toBe('abc')
  })

  test('of the greatest length fits, and no longer one', async () => {
    expect((await generate([`--key.data=${'a'.repeat(190)}`])).status).toBe(0)
    expect(await generate([`--key.data=${'a'.repeat(191)}`])).toMatchObject({
      status: 1,
      said: expect.stringContaining('this RSA key takes 190'),
    })
  })
})

test('the public key can come by a pipe too', async () => {
  expect(await generate(['--key.data=abc', '--rsa.public_key_file=-'], { input: PUBLIC_KEY })).toMatchObject({
    status: 0,
    said: '',
  })
})

test.each([
  [['--key.data=not a key'], 'letters and digits alone'],
  [['--key.show', '--key.length=0'], '--key.length "0"'],
  [['--key.show', '--key.length=129'], '--key.length "129"'],
  [['--key.show', '--key.length=1e1'], '--key.length "1e1"'],
  [['--key.data=abc', '--key.out_file=key.txt'], 'must end in .yaml'],
  [['--key.data=abc', '--key.out_file=key.yaml', '--output=json'], 'contradict'],
  [['--key.data=abc', '--output=xml'], '--output "xml"'],
  [['--key.data=abc', '--key.name=Not A Name'], '--key.name'],
  [['--key.data=abc', '--rsa.public_key_file=/nonexistent'], 'it is not there'],
  [['--key.data=abc', '--rsa.public_key_file=/'], 'it is a folder'],
  [['--key.data=abc', `--rsa.public_key_file=${KANALICTL}`], 'holds no PEM public key'],
])('%j is refused in one line', async (args, says) => {
  const { status, out, said } = await generate(args)
  expect({ status, out }).toEqual({ status: 1, out: '' })
  expect(said).toContain(says)
  expect(said).toMatch(/^kanalictl: [^\n]+\n$/)
})

test.each([
  [['apikey', 'generate']],
  [['apikey']],
  [['nothing']],
  [
    [
      'apikey',
      'rotate',
      '--key.in_file=a',
      '--rsa.public_key_file=b',
      '--inactive.after=1d',
      '--in_place',
      '--key.out_file=c',
    ],
  ],
  [[]],
])('%j is a wrong command line: status 2', async (args) => {
  expect(await kanalictl(args)).toMatchObject({
    status: 2,
    out: '',
    said: expect.stringMatching(/kanalictl/),
  })
})

test('the help of every command is had on standard output', async () => {
  const lines = [
    [],
    ['apikey'],
    ...['generate', 'rotate', 'expire', 'decrypt'].map((name) => ['apikey', name]),
  ]
  for (const line of [...lines, ['rsa'], ['rsa', 'generate']]) {
    const { status, out, said } = await kanalictl([...line, '--help'])
    expect({ status, said }).toEqual({ status: 0, said: '' })
    expect(out).toContain(['Usage: kanalictl', ...line].join(' '))
  }
  expect((await kanalictl(['version'])).out).toContain('kanali ')
})
