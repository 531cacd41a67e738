// kanalictl in processes of its own: real pipes, a full disk, a reader that has gone.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PRIVATE_KEY_PKCS1, PUBLIC_KEY } from '../../support/api-key-vectors.ts'
import { kanalictlIn, kanalictlProcess } from '../../support/kanalictl.ts'
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts'

let folder: TempFolder
const file = (name: string) => path.join(folder.path, name)
const generate = (...args: string[]) => [
  'apikey',
  'generate',
  `--rsa.public_key_file=${file('rsa.pub')}`,
  '--key.name=shop',
  ...args,
]

beforeAll(async () => {
  folder = await tempFolder('kanalictl')
  await folder.write('rsa.pub', PUBLIC_KEY)
  await folder.write('rsa.key', PRIVATE_KEY_PKCS1)
})
afterAll(() => folder.remove())

test('commands are joined by pipes, from a key on standard input to its clear text', () => {
  const script = `set -e; kanalictl() { "$node" "$cli" "$@"; }
    printf 'fromThePipe\\n' | kanalictl apikey generate --key.name=shop --key.data=- --rsa.public_key_file=rsa.pub |
    kanalictl apikey rotate --key.in_file=- --key.data=second --inactive.after=1d --rsa.public_key_file=rsa.pub --output=json |
    kanalictl apikey expire --key.in_file=- --output=yaml |
    kanalictl apikey decrypt --key.in_file=- --rsa.private_key_file=rsa.key`
  const { status, out } = kanalictlIn(`node=$1 cli=$2; ${script}`, [], { cwd: folder.path })
  expect(status).toBe(0)
  expect(out).toBe(
    'NAME   REVISION   STATUS   KEY\nshop   0          Active   fromThePipe\nshop   1          Active   second\n',
  )
})

test('standard input is had once', () => {
  const { status, said } = kanalictlProcess(generate('--key.data=-', '--rsa.public_key_file=-'), {
    input: PUBLIC_KEY,
  })
  expect({ status, said }).toEqual({
    status: 1,
    said: 'kanalictl: --key.data -: standard input is read for --rsa.public_key_file already\n',
  })
})

test('on a full disk the clear key is not shown, since its ApiKey is nowhere', () => {
  const { status, said } = kanalictlIn('exec "$@" >/dev/full', generate('--key.show'))
  expect({ status, said }).toEqual({ status: 1, said: 'kanalictl: standard output: no space is left\n' })
})

test('a reader that has gone ends it with one line', () => {
  const script = `mkfifo gone; : <gone & exec 3>gone; wait; "$@" >&3`
  const { status, said } = kanalictlIn(script, generate('--key.show'), { cwd: folder.path })
  expect({ status, said }).toEqual({
    status: 1,
    said: 'kanalictl: standard output: it was closed before everything was written\n',
  })
})

test('where nobody can be told, the status tells', () => {
  expect(kanalictlIn('exec "$@" 2>/dev/full', generate('--key.data=not a key'))).toEqual({
    status: 1,
    out: '',
    said: '',
  })
  const { status } = kanalictlIn(
    'exec "$@" 2>/dev/full',
    generate('--key.show', `--key.out_file=${file('a.yaml')}`),
  )
  expect(status).toBe(1)
  expect(readFileSync(file('a.yaml'), 'utf8')).toContain('kind: ApiKey')
})

test('what has no end is not read to it', () => {
  const { status, said } = kanalictlProcess([
    'apikey',
    'decrypt',
    '--key.in_file=/dev/zero',
    `--rsa.private_key_file=${file('rsa.key')}`,
  ])
  expect(status).toBe(1)
  expect(said).toContain('it has more than 67108864 bytes')
  const piped = kanalictlIn('"$@" </dev/zero', generate('--key.data=-'))
  expect(piped).toMatchObject({ status: 1, said: expect.stringContaining('it has more than 67108864 bytes') })
})
