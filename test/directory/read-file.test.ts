// Reading one file: what is no regular file never blocks, nothing larger than the bound is held, unchanged is told.

import { execFile } from 'node:child_process'
import { symlink, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { readFile } from '../../src/directory/read-file.ts'
import { tempFolder } from '../support/temp-folder.ts'

test("a named pipe, a folder and a link in a file's place are refused at once", async () => {
  await using folder = await tempFolder()
  const pipe = path.join(folder.path, 'pipe.yaml')
  const link = path.join(folder.path, 'link.yaml')
  await promisify(execFile)('mkfifo', [pipe])
  await symlink(pipe, link)
  expect(await readFile(pipe, undefined)).toMatchObject({
    type: 'failed',
    message: 'it is not a regular file',
  })
  expect(await readFile(folder.path, undefined)).toMatchObject({
    type: 'failed',
    message: 'it is not a regular file',
  })
  expect(await readFile(link, undefined)).toMatchObject({
    type: 'failed',
    message: 'the file cannot be read (ELOOP)',
  })
  expect(await readFile(`${pipe}.gone`, undefined)).toEqual({ type: 'gone' })
})

test('a file at the bound is read, one byte more is too large, also where the size does not say so', async () => {
  await using folder = await tempFolder()
  const file = await folder.write('a.yaml', 'x'.repeat(10))
  expect(await readFile(file, undefined, 10)).toMatchObject({ type: 'text', text: 'xxxxxxxxxx' })
  expect(await readFile(file, undefined, 9)).toMatchObject({ type: 'failed', reason: 'TooLarge' })
  // The size of files in /proc is 0, whatever they hold.
  expect(await readFile('/proc/self/status', undefined, 9)).toMatchObject({
    type: 'failed',
    reason: 'TooLarge',
  })
  expect(await readFile('/proc/self/status', undefined)).toMatchObject({ type: 'text' })
})

test('unchanged is what has the same bytes, and what has the same stamp once that is old enough to be trusted', async () => {
  await using folder = await tempFolder()
  const file = await folder.write('a.yaml', 'a: 1')
  const first = await readFile(file, undefined)
  if (first.type !== 'text') throw new Error(first.type)
  expect(first.seen.stamp).toBeUndefined()
  await utimes(file, new Date(0), new Date(0))
  expect(await readFile(file, first.seen)).toMatchObject({ type: 'unchanged' })
  await writeFile(file, 'a: 2')
  expect(await readFile(file, first.seen)).toMatchObject({ type: 'text', text: 'a: 2' })
})
