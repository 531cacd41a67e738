// The first look of a gateway that serves nothing yet reads small files at once: what is found is the same, others have their
// turn meanwhile, and a disk that is slow is waited for as ever.

import { execFile } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { Pace } from '../../src/directory/pace.ts'
import { readFile, readSmallFile } from '../../src/directory/read-file.ts'
import { apiProxy, secret } from '../support/manifests.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { WatchedDirectory, yamlOf } from '../support/watched-directory.ts'

const SMALL = 64 * 1024

test('a small regular file is read at once as it would be otherwise, and nothing else is', async () => {
  await using folder = await tempFolder()
  const ordinary = {
    'plain.yaml': 'a: 1\n',
    'empty.yaml': '',
    'marked.yaml': '\ufeffa: 1\n',
    'largest.yaml': 'x'.repeat(SMALL),
    'latin.yaml': Buffer.from([0x61, 0xe4, 0x0a]),
    'after-latin.yaml': 'a: ü\n',
  }
  for (const [name, content] of Object.entries(ordinary)) {
    const file = await folder.write(name, content)
    expect(readSmallFile(file), name).toEqual(await readFile(file, undefined))
  }
  const pipe = path.join(folder.path, 'pipe.yaml')
  await promisify(execFile)('mkfifo', [pipe])
  const link = path.join(folder.path, 'link.yaml')
  await symlink(await folder.write('large.yaml', 'x'.repeat(SMALL + 1)), link)
  // The size of files in /proc is 0, whatever they hold.
  const others = [
    pipe,
    link,
    folder.path,
    `${pipe}.gone`,
    '/proc/self/status',
    path.join(folder.path, 'large.yaml'),
  ]
  for (const file of others) expect(readSmallFile(file), file).toBeUndefined()
})

test('reading at once goes on while it is quick, is not judged by a first file that was slow, and ends for good', () => {
  let now = 0
  const pace = new Pace(() => now)
  const take = (ms: number, files = 1): void => {
    for (let file = 0; file < files; file += 1) pace.timed(() => (now += ms))
  }
  take(19)
  expect(pace.isQuick).toBe(true)
  take(0.01, 10_000)
  expect(pace.isQuick).toBe(true)
  take(0.5, 10_000)
  expect(pace.isQuick).toBe(false)
  const asleep = new Pace(() => now)
  asleep.timed(() => (now += 21))
  expect(asleep.isQuick).toBe(false)
})

test('a tree of every sort of file is the same world, with the same problems, whichever way it was read', async () => {
  await using folder = await tempFolder()
  await writeEverySort(folder.path, (name, content) => folder.write(name, content))
  using waiting = await new WatchedDirectory(folder.path).listed()
  using atOnce = await new WatchedDirectory(folder.path, { isWaitedFor: true }).listed()
  const said = ({ events }: WatchedDirectory) => events.map((event) => ({ ...event, observedAt: 0 }))
  expect(said(atOnce)).toEqual(said(waiting))
  expect(atOnce.problems.map(({ reason }) => reason).toSorted()).toEqual([
    'DuplicateObject',
    'Invalid',
    'Unparsable',
    'Unparsable',
    'Unreadable',
    'Unreadable',
  ])
  expect(atOnce.keys).toContain('ApiProxy/default/mounted')
})

test('what changes after a first look that was read at once is seen', async () => {
  await using folder = await tempFolder()
  const file = await folder.write('a.yaml', yamlOf(proxy('a')))
  using watched = await new WatchedDirectory(folder.path, { isWaitedFor: true }).listed()
  await writeFile(file, yamlOf(proxy('b')))
  await watched.untilKeys('ApiProxy/default/b')
  await writeFile(file, '')
  await watched.untilKeys()
})

test('thousands of files are read in slices, between which others have their turn', async () => {
  await using folder = await tempFolder()
  const names = Array.from({ length: 3_000 }, (_, index) => `p${index}`)
  await Promise.all(names.map((name) => folder.write(`${name}.yaml`, yamlOf(proxy(name)))))
  using watched = new WatchedDirectory(folder.path, { isWaitedFor: true })
  let turns = 0
  const counting = setInterval(() => (turns += 1), 1)
  await watched.listed()
  clearInterval(counting)
  expect(watched.keys).toHaveLength(3_000)
  expect(turns).toBeGreaterThan(3)
})

test('a first look that is given up while it is under way says nothing', async () => {
  await using folder = await tempFolder()
  const names = Array.from({ length: 500 }, (_, index) => `p${index}`)
  await Promise.all(names.map((name) => folder.write(`${name}.yaml`, yamlOf(proxy(name)))))
  const watched = new WatchedDirectory(folder.path, { isWaitedFor: true })
  watched[Symbol.dispose]()
  using other = await new WatchedDirectory(folder.path, { isWaitedFor: true }).listed()
  expect(other.keys).toHaveLength(500)
  expect(watched.events).toEqual([])
})

function proxy(name: string): ReturnType<typeof apiProxy> {
  return apiProxy(name).at(`/${name}`).toEndpoint('http://127.0.0.1:1')
}

/** As a mounted ConfigMap has them, broken ones, others than regular, and one that is too large to be read at once. */
async function writeEverySort(
  root: string,
  write: (name: string, content: string | Uint8Array) => Promise<string>,
): Promise<void> {
  await write('a.yaml', yamlOf(proxy('a'), proxy('b')))
  await write('again.yaml', yamlOf(proxy('a')))
  await write('sub/c.json', JSON.stringify(proxy('c').build()))
  await write('secret.yaml', yamlOf(secret('held')))
  await write('large.yaml', `${yamlOf(proxy('large'))}${'# more\n'.repeat(SMALL / 4)}`)
  await write('broken.yaml', 'kind: ApiProxy\nmetadata: [\n')
  await write('latin.yaml', Buffer.from([0xe4, 0x0a]))
  await write('nameless.yaml', 'kind: ApiProxy\n')
  await write('empty.yaml', '')
  await write('..2026/mounted.yaml', yamlOf(proxy('mounted')))
  await symlink('..2026', path.join(root, '..data'))
  await symlink('..data/mounted.yaml', path.join(root, 'mounted.yaml'))
  await symlink('nowhere', path.join(root, 'lost.yaml'))
  await mkdir(path.join(root, 'folder.yaml'))
  await promisify(execFile)('mkfifo', [path.join(root, 'pipe.yaml')])
}
