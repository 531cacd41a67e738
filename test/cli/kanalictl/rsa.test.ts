// `kanalictl rsa generate`: who may read the private key, and that no half of a pair is left behind.

import { createPrivateKey, createPublicKey } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kanalictl, kanalictlIn } from '../../support/kanalictl.ts'
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts'

let folder: TempFolder
const file = (name: string) => path.join(folder.path, name)
const command = (privateFile: string, publicFile: string) => [
  'rsa',
  'generate',
  '--rsa.bits=2048',
  `--rsa.private_key_file=${privateFile}`,
  `--rsa.public_key_file=${publicFile}`,
]

beforeAll(async () => void (folder = await tempFolder('kanalictl')))
afterAll(() => folder.remove())

test('a private key is its owner’s alone, whatever the umask, and neither half is ever written over', async () => {
  const made = kanalictlIn('umask 0; exec "$@"', command(file('a.key'), file('a.pub')))
  expect(made).toMatchObject({ status: 0, out: '' })
  expect(statSync(file('a.key')).mode & 0o777).toBe(0o600)
  const privateKey = createPrivateKey(readFileSync(file('a.key')))
  const publicKey = createPublicKey(readFileSync(file('a.pub')))
  expect(createPublicKey(privateKey).equals(publicKey)).toBe(true)
  for (const [key, pub] of [
    ['a.key', 'b.pub'],
    ['b.key', 'a.pub'],
  ] as const) {
    const again = await kanalictl(command(file(key), file(pub)))
    expect(again).toMatchObject({ status: 1, out: '', said: expect.stringContaining('is not written over') })
  }
  expect(readdirSync(folder.path).sort()).toEqual(['a.key', 'a.pub'])
  expect(createPrivateKey(readFileSync(file('a.key'))).equals(privateKey)).toBe(true)
})

test('where the public key cannot be written, no private key is left behind', async () => {
  const { status, said } = await kanalictl(command(file('half.key'), file('nowhere/half.pub')))
  expect(status).toBe(1)
  expect(said).toMatch(/^kanalictl: --rsa\.public_key_file [^\n]*it is not there; nothing is left behind\n$/)
  expect(existsSync(file('half.key'))).toBe(false)
})

test('a private key that does not fit on the disk is not left behind in part', () => {
  const { status, said } = kanalictlIn('ulimit -f 1; exec "$@"', command(file('cut.key'), file('cut.pub')))
  expect({ status, said }).toEqual({
    status: 1,
    said: `kanalictl: --rsa.private_key_file "${file('cut.key')}": it would be larger than files may be here\n`,
  })
  expect(existsSync(file('cut.key'))).toBe(false)
})

test('a private key can go by a pipe and touch no disk, but not to a screen', async () => {
  const { status, out } = await kanalictl(command('-', file('piped.pub')))
  expect(status).toBe(0)
  const publicKey = createPublicKey(readFileSync(file('piped.pub')))
  expect(createPublicKey(createPrivateKey(out)).equals(publicKey)).toBe(true)
  expect(await kanalictl(command('-', file('shown.pub')), { isShown: true })).toMatchObject({
    status: 1,
    out: '',
  })
})

test.each([
  [['--rsa.bits=100'], '--rsa.bits "100"'],
  [['--rsa.bits=9000'], '--rsa.bits "9000"'],
  [['--rsa.public_key_file=-', '--rsa.private_key_file=-'], 'must be two places'],
  [['--rsa.public_key_file=a', '--rsa.private_key_file=./a'], 'must be two places'],
])('%j is refused', async (args, says) => {
  expect(await kanalictl(['rsa', 'generate', ...args])).toMatchObject({
    status: 1,
    said: expect.stringContaining(says),
  })
})
