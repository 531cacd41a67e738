// `kanalictl apikey decrypt`: which files of a place are read, and what is said of those that cannot be.

import { symlinkSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { CIPHER_TEXTS, PRIVATE_KEY_PKCS1 } from '../../support/api-key-vectors.ts'
import { kanalictl } from '../../support/kanalictl.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const [[CLEAR, HEX] = ['', '']] = CIPHER_TEXTS

function apiKey(name: string): string {
  const revisions = [
    { data: Buffer.from(HEX).toString('base64'), status: 'Active' },
    { data: 'YWJj', status: 'Inactive' },
  ]
  return stringify({ apiVersion: 'kanali.io/v2', kind: 'ApiKey', metadata: { name }, spec: { revisions } })
}

test('every manifest of a folder is read, and one bad file costs the others nothing', async () => {
  await using folder = await tempFolder('kanalictl')
  const key = await folder.write('rsa.key', PRIVATE_KEY_PKCS1)
  await folder.write('keys/b.yaml', `${apiKey('b')}---\nkind: Service\n---\n${apiKey('c')}`)
  await folder.write('keys/a.yml', apiKey('a'))
  await folder.write('keys/deep/bad\u001B[2J.yaml', 'kind: [')
  await folder.write('keys/deep/odd.json', '{"kind": "ApiKey", "apiVersion": "kanali.io/v2"}')
  await folder.write('keys/..data/a.yml', apiKey('hidden'))
  await folder.write('keys/notes.txt', 'no manifest')
  symlinkSync('keys', path.join(folder.path, 'link'))
  const args = ['apikey', 'decrypt', `--rsa.private_key_file=${key}`]
  const { status, out, said } = await kanalictl([...args, `--key.in_file=${path.join(folder.path, 'link')}`])
  expect(status).toBe(1)
  expect(out).toBe(
    [
      'NAME   REVISION   STATUS     KEY',
      ...['a', 'b', 'c'].flatMap((name) => [
        `${name}      0          Active     ${CLEAR}`,
        `${name}      1          Inactive   ?`,
      ]),
      '',
    ].join('\n'),
  )
  expect(said).toContain('bad\\u001b[2J.yaml: ')
  expect(said).toContain('odd.json: metadata is required')
  expect(said.match(/is not encrypted for this private key/g)).toHaveLength(3)
})

test('no ApiKey at all is said', async () => {
  await using folder = await tempFolder('kanalictl')
  const key = await folder.write('rsa.key', PRIVATE_KEY_PKCS1)
  const args = ['apikey', 'decrypt', `--rsa.private_key_file=${key}`, '--key.in_file=-']
  expect(await kanalictl(args, { input: 'kind: ConfigMap\n' })).toMatchObject({
    status: 1,
    said: 'kanalictl: there is no ApiKey with a revision\n',
  })
})
