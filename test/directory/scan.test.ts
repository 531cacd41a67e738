// The bounds of a look at a tree, each with what is said where it is reached.

import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { FileSet } from '../../src/directory/file-set.ts'
import { SCAN_LIMITS, type ScanLimits, scanTree } from '../../src/directory/scan.ts'
import { apiProxy } from '../support/manifests.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { recordingLog, yamlOf } from '../support/watched-directory.ts'

const going = (): boolean => false

async function scan(root: string, limits: Partial<ScanLimits> = {}) {
  const entered: string[] = []
  const result = await scanTree(root, { ...SCAN_LIMITS, ...limits }, (folder) => entered.push(folder))
  if (result.type !== 'scanned') throw new Error(result.why)
  return {
    files: result.files.map((file) => file.path),
    problems: result.problems.map(({ reason }) => reason),
    entered,
  }
}

test('files come sorted by path, whatever their folders', async () => {
  await using folder = await tempFolder()
  for (const name of ['b.yaml', 'a/x.yaml', 'a.yaml', 'a-b/y.json', 'B.YML']) await folder.write(name, '')
  expect((await scan(folder.path)).files).toEqual(['B.YML', 'a-b/y.json', 'a.yaml', 'a/x.yaml', 'b.yaml'])
})

test('every folder is entered before it is read, hidden ones are not', async () => {
  await using folder = await tempFolder()
  await mkdir(path.join(folder.path, 'a/b'), { recursive: true })
  await mkdir(path.join(folder.path, '.hidden'))
  expect((await scan(folder.path)).entered).toEqual(['', '/a', '/a/b'].map((part) => `${folder.path}${part}`))
})

test('more files, folders, entries or levels than allowed are left out, and that is said once', async () => {
  await using folder = await tempFolder()
  for (const name of ['a.yaml', 'b.yaml', 'c.yaml', 'd/e.yaml', 'd/f/g.yaml']) await folder.write(name, '')
  expect(await scan(folder.path, { filesMax: 2 })).toMatchObject({
    files: ['a.yaml', 'b.yaml'],
    problems: ['TooManyFiles'],
  })
  expect(await scan(folder.path, { foldersMax: 1 })).toMatchObject({ problems: ['TooManyFolders'] })
  expect(await scan(folder.path, { entriesMax: 3 })).toMatchObject({ problems: ['TooManyEntries'] })
  expect(await scan(folder.path, { depthMax: 1 })).toMatchObject({
    files: ['a.yaml', 'b.yaml', 'c.yaml', 'd/e.yaml'],
    problems: ['TooDeep'],
  })
})

test("a folder with a manifest's name is a folder, and a root that is none is unreadable", async () => {
  await using folder = await tempFolder()
  const file = await folder.write('odd.yaml/inner.yaml', '')
  expect((await scan(folder.path)).files).toEqual(['odd.yaml/inner.yaml'])
  expect(await scanTree(file, SCAN_LIMITS, () => undefined)).toEqual({ type: 'unreadable', why: 'ENOTDIR' })
})

test('files of unreadable folders stay, within the bound on all files', async () => {
  await using folder = await tempFolder()
  const listed = []
  for (const name of ['a/1', 'a/2', 'b/3']) {
    const realPath = await folder.write(
      `${name}.yaml`,
      yamlOf(
        apiProxy(`p${name.slice(2)}`)
          .at('/p')
          .toEndpoint('http://127.0.0.1:1'),
      ),
    )
    listed.push({ path: `${name}.yaml`, realPath })
  }
  const files = new FileSet({ namespace: 'default', log: recordingLog(), filesMax: 2 })
  await files.read({ type: 'scanned', files: listed.slice(0, 2), unreadable: [], problems: [] }, going)
  await files.read({ type: 'scanned', files: listed.slice(2), unreadable: ['a/'], problems: [] }, going)
  expect([...files.index.winners.keys()]).toEqual(['ApiProxy/default/p1', 'ApiProxy/default/p2'])
  await files.read({ type: 'scanned', files: listed.slice(2), unreadable: [], problems: [] }, going)
  expect([...files.index.winners.keys()]).toEqual(['ApiProxy/default/p3'])
})
