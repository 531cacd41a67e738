// A file is replaced whole or not at all.

import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { replaceFile, writeNew } from '../../../src/cli/kanalictl/files.ts'
import { Refusal } from '../../../src/cli/kanalictl/refusal.ts'
import { PUBLIC_KEY } from '../../support/api-key-vectors.ts'
import { kanalictlIn } from '../../support/kanalictl.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const SHOP = 'apiVersion: kanali.io/v2\nkind: ApiKey\nmetadata: {name: shop}\nspec: {revisions: []}\n'

test('a file that somebody else has changed meanwhile is left to them', async () => {
  await using folder = await tempFolder('kanalictl')
  const file = await folder.write('a.yaml', 'theirs')
  expect(() => replaceFile('--key.in_file', file, Buffer.from('before'), 'ours')).toThrow(Refusal)
  expect(readFileSync(file, 'utf8')).toBe('theirs')
  expect(readdirSync(folder.path)).toEqual(['a.yaml'])
  chmodSync(file, 0o600)
  replaceFile('--key.in_file', file, Buffer.from('theirs'), 'ours')
  expect(readFileSync(file, 'utf8')).toBe('ours')
})

test('a file that does not fit on the disk stays as it was', async () => {
  await using folder = await tempFolder('kanalictl')
  const file = await folder.write('a.yaml', SHOP)
  const key = await folder.write('rsa.pub', PUBLIC_KEY)
  const args = [
    'apikey',
    'rotate',
    `--rsa.public_key_file=${key}`,
    '--inactive.after=now',
    '--key.show',
    '--in_place',
  ]
  const { status, said } = kanalictlIn('ulimit -f 1; exec "$@"', [...args, `--key.in_file=${file}`])
  expect({ status, said }).toEqual({
    status: 1,
    said: `kanalictl: --key.in_file "${file}": it would be larger than files may be here\n`,
  })
  expect(readFileSync(file, 'utf8')).toBe(SHOP)
  expect(readdirSync(folder.path).sort()).toEqual(['a.yaml', 'rsa.pub'])
})

test('what the system says is said in words of ours, without names as they stand', async () => {
  await using folder = await tempFolder('kanalictl')
  const refused = (name: string) => () => writeNew('--key.out_file', path.join(folder.path, name), '', 0o644)
  expect(refused('no/\u001B[2J')).toThrow(`--key.out_file "${folder.path}/no/\\u001b[2J": it is not there`)
  expect(refused('a'.repeat(300))).toThrow('the name is too long')
  expect(refused('a\0b')).toThrow('it cannot be used (ERR_INVALID_ARG_VALUE)')
})
