// The directory source on real folders: what is in them becomes lists, what changes in them becomes events.

import { mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { filter, firstValueFrom, tap } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { directorySource } from '../../src/directory/source.ts'
import { isInvalid, KINDS } from '../../src/resources/resource.ts'
import { Vault } from '../../src/resources/vault.ts'
import { createAuthority } from '../support/certificates.ts'
import { apiProxy, listOf, mockTarget, secret, service } from '../support/manifests.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { recordingLog, WatchedDirectory, yamlOf } from '../support/watched-directory.ts'

const shop = apiProxy('shop').at('/shop').toEndpoint('http://127.0.0.1:8080')
const cart = apiProxy('cart').at('/cart').toEndpoint('http://127.0.0.1:8080')
/** Long enough for all steps of an editor, also where the machine is busy. */
const PATIENT = { timing: { debounceMs: 400, debounceMaxMs: 2_000 } }
const SHOP = 'ApiProxy/default/shop'
const CART = 'ApiProxy/default/cart'

describe('the first look', () => {
  test('an empty directory lists every kind, empty, and no problems', async () => {
    await using folder = await tempFolder()
    using watched = await new WatchedDirectory(folder.path).listed()
    const before = performance.timeOrigin + performance.now()
    const lists = watched.events.filter((event) => event.type === 'listed')
    expect(lists.map((event) => event.kind)).toEqual(KINDS)
    expect(lists.every((event) => event.resources.length === 0)).toBe(true)
    expect(watched.events.at(-1)).toMatchObject({ type: 'problems', source: 'directory', problems: [] })
    expect(
      watched.events.every(({ observedAt }) => observedAt <= before && observedAt > before - 60_000),
    ).toBe(true)
  })

  test('reads YAML and JSON, several documents, lists and nested folders, each object once', async () => {
    await using folder = await tempFolder()
    await folder.write('several.yaml', yamlOf(shop, service('backend').clusterIP('10.0.0.1').port(80)))
    await folder.write('one.json', JSON.stringify(mockTarget('mock').route('/', 200).build()))
    await folder.write(
      'nested/deeper/list.yml',
      yamlOf(listOf(cart.build(), service('other').port(80).build())),
    )
    await folder.write(
      'nested/.hidden.yaml',
      yamlOf(apiProxy('hidden').at('/h').toEndpoint('http://127.0.0.1:1')),
    )
    await folder.write('.git/x.yaml', yamlOf(apiProxy('git').at('/g').toEndpoint('http://127.0.0.1:1')))
    await folder.write('notes.txt', 'not a manifest')
    using watched = await new WatchedDirectory(folder.path).listed()
    expect(watched.keys).toEqual([
      CART,
      SHOP,
      'MockTarget/default/mock',
      'Service/default/backend',
      'Service/default/other',
    ])
    expect(watched.problems).toEqual([])
  })

  test('a bad object is there as an invalid one, one without a name is a problem, others of other kinds are logged', async () => {
    await using folder = await tempFolder()
    await folder.write('bad.yaml', yamlOf(apiProxy('bad').at('/bad').toEndpoint('ftp://nowhere'), shop))
    await folder.write(
      'odd.yaml',
      'kind: ApiProxy\napiVersion: kanali.io/v2\n---\nkind: Deployment\napiVersion: apps/v1\n',
    )
    using watched = await new WatchedDirectory(folder.path).listed()
    const bad = watched.world.get('ApiProxy/default/bad')
    expect(bad !== undefined && isInvalid(bad)).toBe(true)
    expect(watched.keys).toContain(SHOP)
    expect(watched.problems).toEqual([
      {
        file: 'odd.yaml',
        reason: 'Invalid',
        message: expect.stringMatching(/^document 1: metadata/) as string,
      },
    ])
    expect(watched.lines.filter(({ message }) => message.includes('are ignored'))).toEqual([
      expect.objectContaining({ level: 'info', fields: { file: 'odd.yaml', kinds: ['Deployment'] } }),
    ])
  })

  test('a Secret written as text is released, and its bytes are in the vault before the event that speaks of it', async () => {
    await using folder = await tempFolder()
    const { certificate, key } = createAuthority('ours').client()
    const text = secret('tls').enabled().stringData('tls.crt', certificate).stringData('tls.key', key)
    await folder.write('secret.yaml', yamlOf(text))
    const vault = new Vault()
    const known: boolean[] = []
    const source = directorySource({
      directory: folder.path,
      namespace: 'default',
      vault,
      log: recordingLog(),
    })
    await firstValueFrom(
      source.pipe(
        tap((event) => {
          if (event.type !== 'listed' || event.kind !== 'Secret') return
          for (const resource of event.resources) {
            known.push('tls' in resource && vault.get(resource.tls.handle ?? '')?.key?.toString() === key)
          }
        }),
        filter(({ type }) => type === 'problems'),
      ),
    )
    expect(known).toEqual([true])
  })

  test('namespaces come from the object, else from the option', async () => {
    await using folder = await tempFolder()
    await folder.write(
      'a.yaml',
      yamlOf(shop, apiProxy('far').inNamespace('other').at('/f').toEndpoint('http://127.0.0.1:1')),
    )
    using watched = await new WatchedDirectory(folder.path, { namespace: 'team' }).listed()
    expect(watched.keys).toEqual(['ApiProxy/other/far', 'ApiProxy/team/shop'])
  })
})

describe('changes', () => {
  test('a created, edited, renamed and deleted file is followed, with nothing said twice', async () => {
    await using folder = await tempFolder()
    using watched = await new WatchedDirectory(folder.path).listed()
    const start = watched.events.length
    await folder.write('shop.yaml', yamlOf(shop))
    await watched.untilKeys(SHOP)
    await folder.write('shop.yaml', yamlOf(apiProxy('shop').at('/new').toEndpoint('http://127.0.0.1:8080')))
    await watched.until(({ world }) => sourcePath(world.get(SHOP)) === '/new', 'the edit')
    await rename(path.join(folder.path, 'shop.yaml'), path.join(folder.path, 'renamed.yaml'))
    await folder.write('cart.yaml', yamlOf(cart))
    await watched.untilKeys(CART, SHOP)
    await rm(path.join(folder.path, 'renamed.yaml'))
    await watched.untilKeys(CART)
    expect(watched.since(start)).toEqual([
      `upserted ${SHOP}`,
      `upserted ${SHOP}`,
      `upserted ${CART}`,
      `deleted ${SHOP}`,
    ])
  })

  test('an editor that replaces the file by rename, and one that moves it aside first, make one change each', async () => {
    await using folder = await tempFolder()
    const file = await folder.write('shop.yaml', yamlOf(shop))
    using watched = await new WatchedDirectory(folder.path, PATIENT).listed()
    const start = watched.events.length
    await folder.write(
      '.shop.yaml.swp',
      yamlOf(apiProxy('shop').at('/swapped').toEndpoint('http://127.0.0.1:1')),
    )
    await rename(path.join(folder.path, '.shop.yaml.swp'), file)
    await watched.until(({ world }) => sourcePath(world.get(SHOP)) === '/swapped', 'the replaced file')
    await rename(file, `${file}~`)
    await folder.write('shop.yaml', yamlOf(apiProxy('shop').at('/aside').toEndpoint('http://127.0.0.1:1')))
    await watched.until(({ world }) => sourcePath(world.get(SHOP)) === '/aside', 'the rewritten file')
    expect(watched.since(start)).toEqual([`upserted ${SHOP}`, `upserted ${SHOP}`])
  })

  test('touching a file, rewriting it with the same content or other comments makes no event', async () => {
    await using folder = await tempFolder()
    const file = await folder.write('shop.yaml', yamlOf(shop))
    using watched = await new WatchedDirectory(folder.path).listed()
    const start = watched.events.length
    await utimes(file, new Date(), new Date())
    await writeFile(file, `# a comment\n${yamlOf(shop)}`)
    await folder.write('cart.yaml', yamlOf(cart))
    await watched.untilKeys(CART, SHOP)
    expect(watched.since(start)).toEqual([`upserted ${CART}`])
  })

  test('new folders are watched, removed ones take their objects along', async () => {
    await using folder = await tempFolder()
    using watched = await new WatchedDirectory(folder.path).listed()
    await mkdir(path.join(folder.path, 'team/inner'), { recursive: true })
    await folder.write('team/inner/shop.yaml', yamlOf(shop))
    await watched.untilKeys(SHOP)
    await folder.write('team/inner/cart.yaml', yamlOf(cart))
    await watched.untilKeys(CART, SHOP)
    await rm(path.join(folder.path, 'team'), { recursive: true })
    await watched.untilKeys()
    await folder.write('team/inner/shop.yaml', yamlOf(shop))
    await watched.untilKeys(SHOP)
    await folder.write('team/inner/cart.yaml', yamlOf(cart))
    await watched.untilKeys(CART, SHOP)
  })

  test('all changes of one look arrive in one turn, deletions first', async () => {
    await using folder = await tempFolder()
    await folder.write('shop.yaml', yamlOf(shop))
    using watched = await new WatchedDirectory(folder.path, PATIENT).listed()
    const start = watched.events.length
    await Promise.all([
      rename(path.join(folder.path, 'shop.yaml'), path.join(folder.path, 'shop.off')),
      folder.write('cart.yaml', yamlOf(cart, service('backend').port(80))),
    ])
    await watched.untilKeys(CART, 'Service/default/backend')
    expect(watched.since(start)).toEqual([
      `deleted ${SHOP}`,
      `upserted ${CART}`,
      'upserted Service/default/backend',
    ])
  })

  test('a deletion carries the uid of the object that was there', async () => {
    await using folder = await tempFolder()
    const file = await folder.write(
      'shop.yaml',
      yamlOf(apiProxy('shop').uid('u-1').at('/s').toEndpoint('http://127.0.0.1:1')),
    )
    using watched = await new WatchedDirectory(folder.path).listed()
    await rm(file)
    await watched.untilKeys()
    expect(watched.events.at(-1)).toMatchObject({
      type: 'deleted',
      kind: 'ApiProxy',
      namespace: 'default',
      uid: 'u-1',
    })
  })

  test('what no watch reports is found by polling: a link on the way to the root that is swapped', async () => {
    await using folder = await tempFolder()
    await folder.write('first/shop.yaml', yamlOf(shop))
    await folder.write('second/cart.yaml', yamlOf(cart))
    await mkdir(path.join(folder.path, 'links'))
    await mkdir(path.join(folder.path, 'roots'))
    const link = path.join(folder.path, 'links/current')
    const root = path.join(folder.path, 'roots/root')
    await symlink('../first', link)
    await symlink('../links/current', root)
    using watched = await new WatchedDirectory(root, { timing: { pollMs: 20 } }).listed()
    expect(watched.keys).toEqual([SHOP])
    await symlink('../second', `${link}-next`)
    await rename(`${link}-next`, link)
    await watched.untilKeys(CART)
  })

  test('after the subscription ends nothing more is said', async () => {
    await using folder = await tempFolder()
    using stopped = await new WatchedDirectory(folder.path).listed()
    using going = await new WatchedDirectory(folder.path).listed()
    stopped[Symbol.dispose]()
    const said = stopped.events.length
    await folder.write('shop.yaml', yamlOf(shop))
    await going.untilKeys(SHOP)
    expect(stopped.events.length).toBe(said)
  })
})

describe('two files with the same object', () => {
  test('the path that sorts first has it, both are named, and the other takes over when it goes', async () => {
    await using folder = await tempFolder()
    await folder.write('b.yaml', yamlOf(apiProxy('shop').at('/b').toEndpoint('http://127.0.0.1:1')))
    using watched = await new WatchedDirectory(folder.path).listed()
    expect(sourcePath(watched.world.get(SHOP))).toBe('/b')
    const first = await folder.write(
      'a/z.yaml',
      yamlOf(apiProxy('shop').at('/a').toEndpoint('http://127.0.0.1:1')),
    )
    expect(await watched.untilProblem('DuplicateObject')).toMatchObject({
      file: 'b.yaml',
      message: expect.stringContaining('ApiProxy/default/shop is in a/z.yaml too') as string,
    })
    expect(sourcePath(watched.world.get(SHOP))).toBe('/a')
    const start = watched.events.length
    await rm(first)
    await watched.until(({ world }) => sourcePath(world.get(SHOP)) === '/b', 'the other file to take over')
    await watched.until(({ problems }) => problems.length === 0, 'the problem to go')
    expect(watched.since(start)).toEqual([`upserted ${SHOP}`, 'problems'])
  })

  test('twice in one file, the first counts', async () => {
    await using folder = await tempFolder()
    await folder.write(
      'a.yaml',
      yamlOf(shop, apiProxy('shop').at('/second').toEndpoint('http://127.0.0.1:1')),
    )
    using watched = await new WatchedDirectory(folder.path).listed()
    expect(sourcePath(watched.world.get(SHOP))).toBe('/shop')
    expect(watched.problems).toEqual([
      {
        file: 'a.yaml',
        reason: 'DuplicateObject',
        message: expect.stringContaining('more than once') as string,
      },
    ])
  })

  test('the bytes of a Secret that takes over are in the vault, though they were forgotten meanwhile', async () => {
    await using folder = await tempFolder()
    const first = await folder.write(
      'a.yaml',
      yamlOf(secret('tls').enabled().stringData('tls.ca', createAuthority('first').certificate)),
    )
    await folder.write(
      'b.yaml',
      yamlOf(secret('tls').enabled().stringData('tls.ca', createAuthority('second').certificate)),
    )
    using watched = await new WatchedDirectory(folder.path).listed()
    const winner = handleOf(watched)
    watched.vault.retain(new Set([winner]))
    await rm(first)
    await watched.until(() => handleOf(watched) !== winner, 'the other Secret')
    expect(watched.vault.get(handleOf(watched))).toBeDefined()
  })
})

function sourcePath(resource: unknown): string | undefined {
  const source = (resource as { source?: { path?: string } } | undefined)?.source
  return source?.path
}

function handleOf(watched: WatchedDirectory): string {
  const found = watched.world.get('Secret/default/tls')
  return found !== undefined && 'tls' in found ? (found.tls.handle ?? '') : ''
}
