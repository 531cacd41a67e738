// Files that stop being readable keep their last good objects, say why, and come back.

import { open, rm, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { apiProxy, secret } from '../support/manifests.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { WatchedDirectory, yamlOf } from '../support/watched-directory.ts'

const shop = apiProxy('shop').at('/shop').toEndpoint('http://127.0.0.1:8080')
const cart = apiProxy('cart').at('/cart').toEndpoint('http://127.0.0.1:8080')
const SHOP = 'ApiProxy/default/shop'
const CART = 'ApiProxy/default/cart'

test('a file that stops parsing keeps its objects, names line and column, and is believed again once repaired', async () => {
  await using folder = await tempFolder()
  const file = await folder.write('shop.yaml', yamlOf(shop))
  using watched = await new WatchedDirectory(folder.path).listed()
  const start = watched.events.length
  await writeFile(file, 'kind: ApiProxy\nmetadata: [\nname: shop\n')
  const problem = await watched.untilProblem('Unparsable')
  expect(problem.file).toBe('shop.yaml')
  expect(problem.message).toMatch(/^line 3, column 1: .*near "name: shop"; its last good objects stay$/)
  expect(watched.keys).toEqual([SHOP])
  expect(watched.lines).toContainEqual({
    level: 'warn',
    fields: { file: 'shop.yaml', reason: 'Unparsable' },
    message: problem.message,
  })
  await writeFile(file, yamlOf(cart))
  await watched.untilKeys(CART)
  await watched.until(({ problems }) => problems.length === 0, 'the problem to go')
  expect(watched.since(start)).toEqual(['problems', `deleted ${SHOP}`, `upserted ${CART}`, 'problems'])
})

test('a broken file that is repaired to what it was makes no event but that its problem is gone', async () => {
  await using folder = await tempFolder()
  const file = await folder.write('shop.yaml', yamlOf(shop))
  using watched = await new WatchedDirectory(folder.path).listed()
  const start = watched.events.length
  await writeFile(file, '{')
  await watched.untilProblem('Unparsable')
  await writeFile(file, yamlOf(shop))
  await watched.until(({ problems }) => problems.length === 0, 'the problem to go')
  expect(watched.since(start)).toEqual(['problems', 'problems'])
})

test('a file that never parsed has no objects, and one that is deleted while broken loses its own', async () => {
  await using folder = await tempFolder()
  await folder.write('never.yaml', 'a: [')
  const file = await folder.write('shop.yaml', yamlOf(shop))
  using watched = await new WatchedDirectory(folder.path).listed()
  expect(watched.problems[0]?.message).toContain('none of its objects are known')
  await writeFile(file, 'a: [')
  await watched.until(({ problems }) => problems.length === 2, 'both problems')
  await rm(file)
  await watched.untilKeys()
  expect(watched.problems.map((problem) => problem.file)).toEqual(['never.yaml'])
})

test('a file that holds a Secret, held one, or may be a part of one shows none of its content', async () => {
  const hidden = 'c2VjcmV0LXZhbHVl'
  await using folder = await tempFolder()
  await folder.write('whole.yaml', `kind: Secret\ndata: {\n  tls.key: ${hidden}\n`)
  await folder.write('torn.yaml', `apiVersion: v1\ndata:\n  tls.key: "${hidden}\\q"\n`)
  const held = await folder.write('held.yaml', yamlOf(secret('tls').enabled().stringData('tls.crt', 'x')))
  using watched = await new WatchedDirectory(folder.path).listed()
  await writeFile(held, `a: 1\n b: ${hidden}: ${hidden}\n`)
  await watched.until(({ problems }) => problems.length === 3, 'all three problems')
  expect(
    watched.problems.every(({ message }) =>
      /^line \d+, column \d+: not valid YAML \([a-z ]+\);/.test(message),
    ),
  ).toBe(true)
  expect(JSON.stringify([watched.events, watched.lines])).not.toContain(hidden)
})

test('an emptied file loses its objects only after a second look', async () => {
  await using folder = await tempFolder()
  const file = await folder.write('shop.yaml', yamlOf(shop))
  using watched = await new WatchedDirectory(folder.path).listed()
  await writeFile(file, '')
  await watched.untilKeys()
  expect(watched.problems).toEqual([])
})

test('a file that is cut and then written slowly never loses its objects', async () => {
  await using folder = await tempFolder()
  const file = await folder.write('shop.yaml', yamlOf(shop))
  // Changes are looked at soon, but a doubt is settled late: so the text is there again before the second look.
  const timing = { debounceMs: 5_000, debounceMaxMs: 50 }
  using watched = await new WatchedDirectory(folder.path, { timing }).listed()
  const start = watched.events.length
  const handle = await open(file, 'w')
  // Said by the look that finds the other file empty: so that was seen, and doubted.
  await folder.write('cart.yaml', yamlOf(cart))
  await watched.untilKeys(CART, SHOP)
  await handle.writeFile(yamlOf(shop, apiProxy('more').at('/more').toEndpoint('http://127.0.0.1:1')))
  await handle.close()
  await watched.untilKeys(CART, 'ApiProxy/default/more', SHOP)
  expect(watched.since(start)).toEqual([`upserted ${CART}`, 'upserted ApiProxy/default/more'])
})

test('a file that grows too large, or is no longer UTF-8, keeps its objects', async () => {
  await using folder = await tempFolder()
  const large = await folder.write('large.yaml', yamlOf(shop))
  const bytes = await folder.write('bytes.yaml', yamlOf(cart))
  using watched = await new WatchedDirectory(folder.path).listed()
  await writeFile(large, `${yamlOf(shop)}#${' '.repeat(8 * 1024 * 1024)}`)
  await writeFile(bytes, Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]))
  expect((await watched.untilProblem('TooLarge')).message).toContain('larger than 8388608 bytes')
  await watched.until(
    ({ problems }) => problems.some(({ message }) => message.includes('not UTF-8')),
    'both problems',
  )
  expect(watched.keys).toEqual([CART, SHOP])
})

test('more problems than can be listed are counted', async () => {
  await using folder = await tempFolder()
  await Promise.all(Array.from({ length: 1_005 }, (_, index) => folder.write(`${index}.yaml`, '[')))
  using watched = await new WatchedDirectory(folder.path).listed()
  expect(watched.problems).toHaveLength(1_001)
  expect(watched.problems.at(-1)).toEqual({
    file: '.',
    reason: 'TooManyProblems',
    message: 'and 5 more problems',
  })
})

test('names from outside are escaped wherever they are said', async () => {
  await using folder = await tempFolder()
  await folder.write('a\u001b[31m\nb.yaml', '[')
  using watched = await new WatchedDirectory(folder.path).listed()
  expect(watched.problems[0]?.file).toBe('a\\u001b[31m\\nb.yaml')
})
