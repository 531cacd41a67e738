// `kanalictl apikey expire`: the end of revisions whose time has come, and never of the last one that opens.

import { readFileSync, statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { endAnnotation } from '../../../src/cli/kanalictl/end-dates.ts'
import { kanalictl } from '../../support/kanalictl.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const PAST = '2020-01-01T00:00:00Z'
const FUTURE = '2999-01-01T00:00:00Z'
const expire = (input: string, ...args: string[]) =>
  kanalictl(['apikey', 'expire', '--key.in_file=-', ...args], { input })

/** An ApiKey whose revisions have these ends; undefined for none, null for one that is Inactive. */
function apiKey(name: string, ends: readonly (string | undefined | null)[], more: object = {}): string {
  const data = (index: number) => Buffer.from(`${name} ${String(index).padStart(3, '0')}`).toString('base64')
  const annotations = Object.fromEntries(
    ends.flatMap((end, index) => (typeof end === 'string' ? [[endAnnotation(data(index)), end]] : [])),
  )
  const revisions = ends.map((end, index) => ({
    data: data(index),
    status: end === null ? 'Inactive' : 'Active',
  }))
  return stringify({
    apiVersion: 'kanali.io/v2',
    kind: 'ApiKey',
    metadata: { name, annotations: { ...annotations, ...more } },
    spec: { revisions },
  })
}

function seen(text: string): unknown[] {
  return parseAllDocuments(text).map((document) => {
    const { metadata, spec } = document.toJS() as {
      metadata: { annotations?: Record<string, string> }
      spec: { revisions: { status: string }[] }
    }
    return [spec.revisions.map(({ status }) => status), Object.values(metadata.annotations ?? {})]
  })
}

test('a revision is Inactive once its end has come, and its annotation is gone', async () => {
  const source = `# keys\n${apiKey('due', [PAST, undefined])}---\n${apiKey('pending', [FUTURE, undefined], { a: 'b' })}`
  const { status, out, said } = await expire(source)
  expect(status).toBe(0)
  expect(seen(out)).toEqual([
    [['Inactive', 'Active'], []],
    [
      ['Active', 'Active'],
      [FUTURE, 'b'],
    ],
  ])
  expect(out).toContain(`---\n${apiKey('pending', [FUTURE, undefined], { a: 'b' })}`)
  expect((parse(out.split('---')[0] ?? '') as { metadata: object }).metadata).toEqual({ name: 'due' })
  expect(said).toBe(
    'due: revision 0 is Inactive; its end was 2020-01-01T00:00:00Z\n' +
      'pending: revision 0 stays Active until 2999-01-01T00:00:00Z\n',
  )
})

test('what is done is not done again, and what has no ApiKey goes through as it is', async () => {
  const once = await expire(apiKey('due', [PAST, undefined]))
  expect(await expire(once.out)).toEqual({ status: 0, out: once.out, said: '' })
  const other = 'kind:   Service # as it is\n'
  expect(await expire(other)).toEqual({ status: 0, out: other, said: '' })
})

test('the last Active revisions stay, are said, and cost other ApiKeys nothing', async () => {
  const { status, out, said } = await expire(
    `${apiKey('last', [null, PAST, PAST])}---\n${apiKey('due', [PAST, undefined])}`,
  )
  expect(status).toBe(1)
  expect(seen(out)).toEqual([
    [
      ['Inactive', 'Active', 'Active'],
      [PAST, PAST],
    ],
    [['Inactive', 'Active'], []],
  ])
  expect(said).toContain('last: no Active revision would be left')
})

test('annotations of revisions that are gone are taken away', async () => {
  const { out } = await expire(apiKey('shop', [undefined], { [endAnnotation('YWJj')]: FUTURE, a: 'b' }))
  expect(seen(out)).toEqual([[['Active'], ['b']]])
})

test('an ApiKey that cannot be read is said, and stays as it is', async () => {
  const broken = apiKey('broken', [PAST, undefined]).replace('Active', 'active')
  const { status, out, said } = await expire(broken)
  expect({ status, out }).toEqual({ status: 1, out: broken })
  expect(said).toContain('broken: spec.revisions[0].status must be Active or Inactive')
  const odd = apiKey('odd', ['soon', undefined])
  const both = await expire(`${odd}---\n${apiKey('due', [PAST, undefined])}`)
  expect(both.status).toBe(1)
  expect(both.out.startsWith(`${odd}---\n`)).toBe(true)
  expect(both.said).toMatch(
    /^odd: the annotation kanali.io\/inactive-after\.[0-9a-f]{16} is no date.*\ndue: revision 0 is/,
  )
})

test('a file in place is written only where something has changed', async () => {
  await using folder = await tempFolder('kanalictl')
  const file = await folder.write('keys.json', JSON.stringify(parse(apiKey('due', [PAST, undefined]))))
  const args = ['apikey', 'expire', `--key.in_file=${file}`, '--in_place']
  expect((await kanalictl(args)).status).toBe(0)
  expect(seen(readFileSync(file, 'utf8'))).toEqual([[['Inactive', 'Active'], []]])
  const { ino } = statSync(file)
  expect(await kanalictl(args)).toEqual({ status: 0, out: '', said: '' })
  expect(statSync(file).ino).toBe(ino)
})
