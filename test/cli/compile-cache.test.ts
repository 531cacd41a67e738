// What a start has compiled is kept for the next one, in the user's own cache; where that cannot be, nobody notices.

import { chmod, mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { runToEnd } from '../support/running-process.ts'
import { tempFolder } from '../support/temp-folder.ts'

const CLI = path.join(import.meta.dirname, '../../src/cli/kanali.ts')

describe('what was compiled', () => {
  test.each(['XDG_CACHE_HOME', 'HOME'])('is kept below %s', async (variable) => {
    await using folder = await tempFolder('cache')
    await version({ XDG_CACHE_HOME: undefined, [variable]: folder.path })
    const below = variable === 'HOME' ? '.cache/kanali' : 'kanali'
    expect(await readdir(path.join(folder.path, below))).not.toEqual([])
  })

  test.each([
    ['a relative XDG_CACHE_HOME is given', { XDG_CACHE_HOME: 'cache' }, '.cache'],
    ['NODE_DISABLE_COMPILE_CACHE is set', { NODE_DISABLE_COMPILE_CACHE: '1' }, undefined],
    ['NODE_COMPILE_CACHE names another folder', { NODE_COMPILE_CACHE: 'node' }, 'node'],
  ])('is kept where it belongs when %s', async (_what, env, kept) => {
    await using folder = await tempFolder('cache')
    await version({ XDG_CACHE_HOME: undefined, HOME: folder.path, ...env }, folder.path)
    expect(await readdir(folder.path)).toEqual(kept === undefined ? [] : [kept])
  })
})

test('is kept nowhere where others may write to the folder', async () => {
  await using folder = await tempFolder('cache')
  const kept = path.join(folder.path, 'kanali')
  await mkdir(kept)
  await chmod(kept, 0o777)
  await version({ XDG_CACHE_HOME: folder.path })
  expect(await readdir(kept)).toEqual([])
})

test.each([
  ['is not there and cannot be made', { XDG_CACHE_HOME: '/proc/none' }],
  ['is a file', { XDG_CACHE_HOME: CLI }],
  ['is the root of a file system that takes none', { XDG_CACHE_HOME: undefined, HOME: '/proc' }],
])('a start goes on without a word where the folder for it %s', async (_what, env) => {
  await version(env)
})

async function version(env: Readonly<Record<string, string | undefined>>, cwd?: string): Promise<void> {
  const clean = { NODE_COMPILE_CACHE: undefined, NODE_DISABLE_COMPILE_CACHE: undefined }
  const options = { env: { ...clean, ...env }, ...(cwd !== undefined && { cwd }) }
  const { exit, stdout, stderr } = await runToEnd(process.execPath, [CLI, 'version'], options)
  expect({ code: exit.code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^kanali \d/)
}
