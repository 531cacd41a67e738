// Trees with links: ConfigMaps as the kubelet mounts them, loops, escapes; and roots that go away and come back.

import { chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkDirectory } from '../../src/directory/check-directory.ts'
import { apiProxy } from '../support/manifests.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { WatchedDirectory, yamlOf } from '../support/watched-directory.ts'

const proxy = (name: string, at: string) => yamlOf(apiProxy(name).at(at).toEndpoint('http://127.0.0.1:1'))

/** A mounted ConfigMap, made and updated in the kubelet's own order of steps (AtomicWriter). */
class MountedConfigMap {
  readonly #root: string
  #version = 0

  constructor(root: string) {
    this.#root = root
  }

  async update(files: Readonly<Record<string, string>>): Promise<void> {
    const at = (name: string): string => path.join(this.#root, name)
    const old = `..2026_${this.#version}`
    this.#version += 1
    const folder = `..2026_${this.#version}`
    await mkdir(at(folder), { recursive: true })
    for (const [name, content] of Object.entries(files)) await writeFile(at(`${folder}/${name}`), content)
    await symlink(folder, at('..data_tmp'))
    await rename(at('..data_tmp'), at('..data'))
    for (const name of Object.keys(files)) {
      await symlink(`..data/${name}`, at(name)).catch(() => undefined)
    }
    await rm(at(old), { recursive: true, force: true })
  }
}

describe('a mounted ConfigMap', () => {
  test('counts each file once and follows the swap of `..data`, again and again', async () => {
    await using folder = await tempFolder()
    const mount = new MountedConfigMap(path.join(folder.path, 'mount'))
    await mount.update({ 'shop.yaml': proxy('shop', '/one') })
    using watched = await new WatchedDirectory(folder.path).listed()
    expect(watched.keys).toEqual(['ApiProxy/default/shop'])
    expect(watched.problems).toEqual([])
    for (const at of ['/two', '/three']) {
      const start = watched.events.length
      await mount.update({ 'shop.yaml': proxy('shop', at) })
      await watched.until(({ world }) => JSON.stringify([...world.values()]).includes(`"path":"${at}"`), at)
      expect(watched.since(start)).toEqual(['upserted ApiProxy/default/shop'])
    }
  })

  test('is a root as well, and takes new keys in', async () => {
    await using folder = await tempFolder()
    const mount = new MountedConfigMap(folder.path)
    await mount.update({ 'shop.yaml': proxy('shop', '/one') })
    using watched = await new WatchedDirectory(folder.path).listed()
    await mount.update({ 'shop.yaml': proxy('shop', '/one'), 'cart.yaml': proxy('cart', '/cart') })
    await watched.untilKeys('ApiProxy/default/cart', 'ApiProxy/default/shop')
  })
})

describe('links', () => {
  test('in a loop end, and what two links lead to counts once', async () => {
    await using folder = await tempFolder()
    await folder.write('team/shop.yaml', proxy('shop', '/shop'))
    await symlink('..', path.join(folder.path, 'team/up'))
    await symlink('team', path.join(folder.path, 'again'))
    await symlink('loop', path.join(folder.path, 'loop'))
    await symlink('team/shop.yaml', path.join(folder.path, 'z.yaml'))
    using watched = await new WatchedDirectory(folder.path).listed()
    expect(watched.keys).toEqual(['ApiProxy/default/shop'])
    expect(watched.problems).toEqual([])
  })

  test('out of the directory are not followed, and that is said; so are links to nowhere', async () => {
    await using outside = await tempFolder()
    await outside.write('secret.yaml', proxy('outside', '/outside'))
    await using folder = await tempFolder()
    await symlink(path.join(outside.path, 'secret.yaml'), path.join(folder.path, 'file.yaml'))
    await symlink(outside.path, path.join(folder.path, 'tree'))
    await symlink('missing', path.join(folder.path, 'gone.yaml'))
    using watched = await new WatchedDirectory(folder.path).listed()
    expect(watched.keys).toEqual([])
    expect(watched.problems.map(({ file, reason }) => `${file} ${reason}`)).toEqual([
      'file.yaml OutsideDirectory',
      'gone.yaml Unreadable',
      'tree OutsideDirectory',
    ])
  })
})

describe('the root', () => {
  test('removed and made again is stale meanwhile, keeps its objects, and is watched anew', async () => {
    await using folder = await tempFolder()
    const root = path.join(folder.path, 'root')
    await folder.write('root/shop.yaml', proxy('shop', '/shop'))
    using watched = await new WatchedDirectory(root).listed()
    await rename(root, path.join(folder.path, 'elsewhere'))
    await watched.until(({ staleSince }) => staleSince !== undefined, 'staleness')
    expect(watched.keys).toEqual(['ApiProxy/default/shop'])
    await folder.write('root/cart.yaml', proxy('cart', '/cart'))
    await watched.untilKeys('ApiProxy/default/cart')
    expect(watched.staleSince).toBeUndefined()
    await folder.write('root/more.yaml', proxy('more', '/more'))
    await watched.untilKeys('ApiProxy/default/cart', 'ApiProxy/default/more')
    expect(watched.events.filter(({ type }) => type === 'stale')).toHaveLength(2)
    expect(watched.lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
  })

  test('that comes only after the start is listed then', async () => {
    await using folder = await tempFolder()
    using watched = new WatchedDirectory(path.join(folder.path, 'late'))
    await watched.until(({ staleSince }) => staleSince !== undefined, 'staleness')
    expect(watched.events.map(({ type }) => type)).toEqual(['stale'])
    await folder.write('late/shop.yaml', proxy('shop', '/shop'))
    await watched.untilKeys('ApiProxy/default/shop')
    expect(watched.events.filter(({ type }) => type === 'listed')).toHaveLength(7)
  })

  test('that cannot be a source ends the start with one line', async () => {
    await using folder = await tempFolder()
    const file = await folder.write('file.yaml', '')
    expect(await checkDirectory(folder.path)).toBeUndefined()
    expect(await checkDirectory(file)).toBe(`source.directory "${file}" is not a directory`)
    expect(await checkDirectory(`${folder.path}/none\n`)).toBe(
      `source.directory "${folder.path}/none\\n" does not exist`,
    )
    expect(await checkDirectory(`${file}/x`)).toBe(`source.directory "${file}/x" cannot be read (ENOTDIR)`)
  })
})

test('a folder that cannot be read any more keeps what was known of it', async () => {
  await using folder = await tempFolder()
  await folder.write('team/shop.yaml', proxy('shop', '/shop'))
  await chmod(folder.path, 0o777)
  using watched = await new WatchedDirectory(folder.path).listed()
  await chmod(path.join(folder.path, 'team'), 0)
  using _user = ordinaryUser()
  await folder.write('cart.yaml', proxy('cart', '/cart'))
  const problem = await watched.untilProblem('Unreadable')
  expect(problem).toEqual({
    file: 'team',
    reason: 'Unreadable',
    message: 'the folder cannot be read (EACCES): its objects stay as they were',
  })
  await watched.untilKeys('ApiProxy/default/cart', 'ApiProxy/default/shop')
})

/** The superuser may read everything: where a test runs as root, it acts as `nobody` until this is disposed. */
function ordinaryUser(): Disposable {
  const nobody = 65_534
  if (process.geteuid?.() !== 0) return { [Symbol.dispose]: () => undefined }
  process.seteuid?.(nobody)
  return { [Symbol.dispose]: () => process.seteuid?.(0) }
}
