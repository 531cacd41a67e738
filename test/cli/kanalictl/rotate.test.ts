// `kanalictl apikey rotate`: what it writes into a manifest, and that it leaves everything else as it was.

import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { endAnnotation } from '../../../src/cli/kanalictl/end-dates.ts'
import { PRIVATE_KEY_PKCS1, PUBLIC_KEY } from '../../support/api-key-vectors.ts'
import { kanalictl, type Streams } from '../../support/kanalictl.ts'
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts'

const END = '2999-01-01T00:00:00Z'
const SHOP = `apiVersion: kanali.io/v2
kind: ApiKey
metadata:
  name: shop
spec:
  revisions:
    - data: YWJj
      status: Active
`
const BEFORE = `# Other people's things.
apiVersion: v1
kind: ConfigMap
metadata:   {name:   odd}
data:
    text: >
      folded
      lines
---
# The key of the shop.
`
const AFTER = `# End of the key.
---
kind: 'Service'   # not ours
...
---
`

interface Shop {
  readonly metadata: { readonly annotations?: Record<string, string> }
  readonly spec: { readonly revisions: readonly { readonly data: string; readonly status: string }[] }
}

let folder: TempFolder
const file = (name: string) => path.join(folder.path, name)
const rotate = (args: readonly string[], streams?: Streams) =>
  kanalictl(
    ['apikey', 'rotate', `--rsa.public_key_file=${file('rsa.pub')}`, `--inactive.after=${END}`, ...args],
    streams,
  )
const piped = (input: string, ...args: string[]) =>
  rotate(['--key.in_file=-', '--key.data=new', ...args], { input })
const statuses = (shop: Shop) => shop.spec.revisions.map(({ status }) => status)

async function keysOf(manifest: string): Promise<unknown[]> {
  const args = ['apikey', 'decrypt', '--output=json', '--key.in_file=-']
  const { out } = await kanalictl([...args, `--rsa.private_key_file=${file('rsa.key')}`], { input: manifest })
  return (JSON.parse(out) as { key: unknown }[]).map(({ key }) => key)
}

beforeAll(async () => {
  folder = await tempFolder('kanalictl')
  await folder.write('rsa.pub', PUBLIC_KEY)
  await folder.write('rsa.key', PRIVATE_KEY_PKCS1)
})
afterAll(() => folder.remove())

describe('the old revision', () => {
  test('stays Active until a date that an annotation has, and the new one opens too', async () => {
    const { status, out, said } = await piped(SHOP)
    expect(status).toBe(0)
    const shop = parse(out) as Shop
    expect(statuses(shop)).toEqual(['Active', 'Active'])
    expect(shop.metadata.annotations).toEqual({ [endAnnotation('YWJj')]: END })
    expect(await keysOf(out)).toEqual([null, 'new'])
    expect(said).toContain(`revision 0 stays Active until \`kanalictl apikey expire\` runs after ${END}`)
  })

  test.each([
    ['14d', 14 * 86_400],
    ['1d12h', 129_600],
    ['90s', 90],
  ])('stays Active for %s', async (text, seconds) => {
    const fromMs = Date.now()
    const { out } = await piped(SHOP, `--inactive.after=${text}`)
    const end = Date.parse((parse(out) as Shop).metadata.annotations?.[endAnnotation('YWJj')] ?? '')
    expect(end).toBeGreaterThanOrEqual(fromMs + seconds * 1000)
    expect(end).toBeLessThan(Date.now() + seconds * 1000 + 1000)
  })

  test('is Inactive at once where that is asked for, and needs no annotation', async () => {
    const { out } = await piped((await piped(SHOP)).out, '--inactive.after=now')
    const shop = parse(out) as Shop
    expect(statuses(shop)).toEqual(['Inactive', 'Inactive', 'Active'])
    expect(shop.metadata).toEqual({ name: 'shop' })
  })

  test('keeps an earlier end that it was given before', async () => {
    const once = await piped(SHOP, '--inactive.after=2998-01-01T00:00:00+01:00')
    const { annotations } = (parse((await piped(once.out)).out) as Shop).metadata
    expect(Object.values(annotations ?? {})).toEqual(['2997-12-31T23:00:00Z', END])
    const earlier = await piped(once.out, '--inactive.after=2990-01-01T00:00:00Z')
    expect(Object.values((parse(earlier.out) as Shop).metadata.annotations ?? {})).toEqual([
      '2990-01-01T00:00:00Z',
      '2990-01-01T00:00:00Z',
    ])
  })

  test('that is Inactive already is left alone', async () => {
    const shop = parse((await piped(SHOP.replace('Active', 'Inactive'))).out) as Shop
    expect(statuses(shop)).toEqual(['Inactive', 'Active'])
    expect(shop.metadata.annotations).toBeUndefined()
  })
})

describe('a manifest with more in it', () => {
  test.each([
    ['', SHOP],
    ['in the style of kubectl', SHOP.replace('    - data', '  - data').replace('      status', '    status')],
    ['with comments', SHOP.replace('spec:', 'spec: # of the key').replace('    - ', '    # first\n    - ')],
    ['moved to the right', SHOP.replaceAll(/^/gm, '  ').replace(/ +$/, '')],
    [
      'in a flow',
      `{apiVersion: kanali.io/v2, kind: ApiKey, metadata: {name: shop, annotations: {}},
  spec: {revisions: [{data: YWJj, status: Active}]}}\n`,
    ],
  ])('stays as it was around the ApiKey %s', async (_, shop) => {
    for (const lines of ['\n', '\r\n']) {
      const source = (BEFORE + shop + AFTER).replaceAll('\n', lines)
      const { status, out } = await piped(source)
      expect(status).toBe(0)
      expect(out.startsWith(BEFORE.replaceAll('\n', lines))).toBe(true)
      expect(out.endsWith(AFTER.replaceAll('\n', lines))).toBe(true)
      expect(out.split('\n').every((line) => line.endsWith('\r') === (lines === '\r\n') || line === '')).toBe(
        true,
      )
      for (const comment of shop.match(/#.*/g) ?? []) expect(out).toContain(comment)
      expect(await keysOf(out)).toEqual([null, 'new'])
    }
  })

  test('gets two lines more and one annotation, no other change', async () => {
    const { out } = await piped(BEFORE + SHOP + AFTER)
    const old = new Set((BEFORE + SHOP + AFTER).split('\n'))
    const added = out.split('\n').filter((line) => !old.has(line))
    expect(added).toEqual([
      '  annotations:',
      `    ${endAnnotation('YWJj')}: "${END}"`,
      expect.stringMatching(/^ {4}- data: [A-Za-z0-9+/=]+$/),
    ])
  })

  test('of several ApiKeys changes the one that is named', async () => {
    const source = `${SHOP}---\n${SHOP.replace('shop', 'other')}`
    expect(await piped(source)).toMatchObject({
      status: 1,
      said: expect.stringContaining('it holds shop, other; say which with --key.name'),
    })
    const { out } = await piped(source, '--key.name=other')
    expect(out.startsWith(`${SHOP}---\n`)).toBe(true)
    expect(parseAllDocuments(out).map((document) => statuses(document.toJS() as Shop).length)).toEqual([1, 2])
  })

  test('is a list, as kubectl prints it', async () => {
    const items = [SHOP, SHOP.replace('shop', 'other')].map((text) => parse(text) as Shop)
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, undefined, 4)
    const { out } = await piped(list, '--key.name=other')
    expect(out).toMatch(/^\{\n {4}"apiVersion"/)
    const rotated = JSON.parse(out) as { items: Shop[] }
    expect(rotated.items.map((shop) => statuses(shop).length)).toEqual([1, 2])
    expect(rotated.items[0]).toEqual(items[0])
  })

  test('goes out in the form that is asked for', async () => {
    const { out } = await piped(BEFORE + SHOP + AFTER, '--output=json')
    expect(JSON.parse(out)).toMatchObject({
      kind: 'List',
      items: [{ kind: 'ConfigMap' }, {}, { kind: 'Service' }],
    })
    expect(await keysOf(out)).toEqual([null, 'new'])
    const alone = await piped(SHOP, '--output=json')
    expect(JSON.parse(alone.out)).toMatchObject({ kind: 'ApiKey' })
    const back = await piped(alone.out, '--output=yaml', '--inactive.after=now')
    expect(statuses(parse(back.out) as Shop)).toEqual(['Inactive', 'Inactive', 'Active'])
  })
})

describe('a file', () => {
  test('is left alone without --in_place, and replaced with it, mode and link kept', async () => {
    const key = await folder.write('in-place/key.yaml', SHOP)
    chmodSync(key, 0o640)
    symlinkSync('key.yaml', file('in-place/link.yaml'))
    const args = [`--key.in_file=${file('in-place/link.yaml')}`, '--key.data=new']
    const { out } = await rotate(args)
    expect(readFileSync(key, 'utf8')).toBe(SHOP)
    expect(await keysOf(out)).toEqual([null, 'new'])
    expect(await rotate([...args, '--in_place'])).toMatchObject({ status: 0, out: '' })
    expect(await keysOf(readFileSync(key, 'utf8'))).toEqual([null, 'new'])
    expect(statSync(key).mode & 0o777).toBe(0o640)
    expect(lstatSync(file('in-place/link.yaml')).isSymbolicLink()).toBe(true)
    expect(readdirSync(file('in-place'))).toEqual(['key.yaml', 'link.yaml'])
  })

  test('that is there is never written over as an output', async () => {
    const key = await folder.write('out/key.yaml', SHOP)
    const args = [`--key.in_file=${key}`, '--key.data=new']
    expect(await rotate([...args, `--key.out_file=${key}`])).toMatchObject({ status: 1, out: '' })
    expect(readFileSync(key, 'utf8')).toBe(SHOP)
    expect(await rotate([...args, `--key.out_file=${file('out/new.json')}`])).toMatchObject({
      status: 0,
      out: '',
    })
    expect(await keysOf(readFileSync(file('out/new.json'), 'utf8'))).toEqual([null, 'new'])
  })
})

test('a new key is made and shown where none is given', async () => {
  const { out, said } = await rotate(['--key.in_file=-'], { input: SHOP, isWatched: true })
  const key = /^shop: ([0-9a-zA-Z]{32})$/m.exec(said)?.[1]
  expect(await keysOf(out)).toEqual([null, key])
  expect(await rotate(['--key.in_file=-'], { input: SHOP })).toMatchObject({ status: 1, out: '' })
})

test('an ApiKey has 64 revisions at most', async () => {
  const revision = '    - data: YWJj\n      status: Inactive\n'
  expect((await piped(SHOP + revision.repeat(62))).status).toBe(0)
  expect(await piped(SHOP + revision.repeat(63))).toMatchObject({
    status: 1,
    out: '',
    said: expect.stringContaining('shop has 64 revisions, and 64 are the most'),
  })
})

test.each([
  ['an old date', SHOP, ['--inactive.after=2020-01-01T00:00:00Z'], 'that is over'],
  ['no time at all', SHOP, ['--inactive.after=0s'], 'that is over'],
  ['a day without its time', SHOP, ['--inactive.after=2999-01-01'], 'a date such as'],
  ['more than ten years', SHOP, ['--inactive.after=3651d'], '3650d at most'],
  ['nothing', '', [], 'it holds no ApiKey'],
  ['another name', SHOP, ['--key.name=other'], 'it holds no ApiKey "other"'],
  ['the name twice', `${SHOP}---\n${SHOP}`, ['--key.name=shop'], 'it holds shop 2 times'],
  ['a broken ApiKey', SHOP.replace('Active', 'active'), [], 'must be Active or Inactive'],
  ['no YAML', `${SHOP}: [`, [], '--key.in_file "-": '],
  ['standard input', SHOP, ['--in_place'], 'standard input has no place'],
  [
    'an odd annotation',
    SHOP.replace('name: shop', `name: shop\n  annotations: {${endAnnotation('YWJj')}: soon}`),
    [],
    'is no date',
  ],
  [
    'aliases',
    SHOP.replace('revisions:', 'revisions: &all').replace('spec:', 'spec: &spec'),
    ['--inactive.after=now'],
    '',
  ],
  [
    'merges',
    `base: &base\n  spec:\n    revisions: [{data: YWJj, status: Active}]\n${SHOP.replace(/spec:[^]*/, '<<: *base\n')}`,
    [],
    'written with anchors',
  ],
])('%s: refused in one line, or done right', async (_, input, args, says) => {
  const { status, out, said } = await piped(input, ...args)
  if (says === '') {
    expect(await keysOf(out)).toEqual([null, 'new'])
    return
  }
  expect({ status, out }).toEqual({ status: 1, out: '' })
  expect(said).toContain(says)
  expect(said).toMatch(/^kanalictl: [^\n]+\n$/)
})

test('a file of another form is not changed in place', async () => {
  const key = await folder.write('form.yaml', SHOP)
  writeFileSync(key, SHOP)
  const ran = await rotate([`--key.in_file=${key}`, '--key.data=new', '--in_place', '--output=json'])
  expect(ran).toMatchObject({ status: 1, said: expect.stringContaining('the file is yaml, and stays so') })
})
