// Watches on folders that come, go and are replaced, and the words where there can be no watch.

import { mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { FolderWatch } from '../../src/directory/watch.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'
import { recordingLog } from '../support/watched-directory.ts'

function watching() {
  const log = recordingLog()
  const heard = { count: 0 }
  const watch = new FolderWatch({ changed: () => (heard.count += 1), log })
  const next = () => {
    const before = heard.count
    return () => waitUntil(() => heard.count > before, 'a change')
  }
  return { watch, log, heard, next, [Symbol.dispose]: () => watch.close() }
}

test('a folder that cannot be watched is said once, and leaves the watch blind until the next round', () => {
  using watched = watching()
  watched.watch.begin()
  watched.watch.enter('/nowhere/at/all', '1')
  watched.watch.enter('/nowhere/else', '2')
  expect(watched.watch.blind).toBe(true)
  expect(watched.log.lines).toEqual([
    { level: 'warn', fields: { code: 'ENOENT' }, message: expect.stringContaining('polled for') as string },
  ])
  watched.watch.begin()
  expect(watched.watch.blind).toBe(false)
})

test('a folder made again at the same path is heard of again, even if its identity were the same', async () => {
  await using folder = await tempFolder()
  const inner = path.join(folder.path, 'inner')
  await mkdir(inner)
  using watched = watching()
  const round = () => {
    watched.watch.begin()
    watched.watch.enter(inner, 'same')
    watched.watch.end()
  }
  round()
  const removed = watched.next()
  await rm(inner, { recursive: true })
  await removed()
  await mkdir(inner)
  round()
  const written = watched.next()
  await folder.write('inner/a.yaml', '')
  await written()
})

test('only names that can matter are heard of: no hidden files, but `..data`; in a parent only the one name', async () => {
  await using folder = await tempFolder()
  await mkdir(path.join(folder.path, 'inner'))
  using inner = watching()
  using parent = watching()
  inner.watch.enter(path.join(folder.path, 'inner'), '1')
  parent.watch.enter(folder.path, '1', 'root')
  await folder.write('other', '')
  await folder.write('inner/.swap', '')
  await folder.write('inner/..data', '')
  await waitUntil(() => inner.heard.count > 0, '`..data`')
  const before = parent.heard.count
  await rename(path.join(folder.path, 'other'), path.join(folder.path, 'root'))
  await waitUntil(() => parent.heard.count > 0, 'the root')
  expect(before).toBe(0)
})

test('folders that a round did not enter are let go', async () => {
  await using folder = await tempFolder()
  await mkdir(path.join(folder.path, 'kept'))
  await mkdir(path.join(folder.path, 'left'))
  using watched = watching()
  watched.watch.begin()
  watched.watch.enter(path.join(folder.path, 'kept'), '1')
  watched.watch.enter(path.join(folder.path, 'left'), '2')
  watched.watch.end()
  watched.watch.begin()
  watched.watch.enter(path.join(folder.path, 'kept'), '1')
  watched.watch.end()
  const before = watched.heard.count
  await folder.write('left/a.yaml', '')
  const written = watched.next()
  await folder.write('kept/a.yaml', '')
  await written()
  expect(before).toBe(0)
})
