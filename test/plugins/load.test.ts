// Loading a folder of plugins: what each file becomes, and that nothing a file does breaks the start.

import { mkdir, symlink } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadPlugins } from '../../src/plugins/load.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { KeptLog, loadFolder, moduleWith, onlyFact, pluginOptions } from './plugin-folder.ts'

const GOOD = moduleWith('')

describe('a plugin folder', () => {
  it('gives no facts where no location is set', async () => {
    expect(await loadPlugins(undefined, pluginOptions(new KeptLog()))).toMatchObject({ facts: [] })
    expect(await loadPlugins('', pluginOptions(new KeptLog()))).toMatchObject({ facts: [] })
  })

  it('is a problem of the start where it is missing or no folder', async () => {
    await using folder = await tempFolder('plugins')
    const file = await folder.write('file', '')
    for (const location of [path.join(folder.path, 'missing'), file]) {
      const loaded = await loadPlugins(location, pluginOptions(new KeptLog()))
      expect(loaded).toHaveProperty('problem')
      expect('problem' in loaded && loaded.problem).toMatch(
        /^plugins\.location ".*" cannot be read: .*(ENOENT|ENOTDIR)/,
      )
    }
  })

  it('may hold 256 plugin files, and one more is a problem of the start', async () => {
    await using folder = await tempFolder('plugins')
    for (let at = 0; at <= 256; at += 1) await folder.write(`p${at}.mjs`, '')
    expect(await loadPlugins(folder.path, pluginOptions(new KeptLog()))).toEqual({
      problem: `plugins.location "${folder.path}" holds 257 plugin files: 256 are allowed`,
    })
  })

  it('knows which values of its configuration a plugin declares public, of a class and of an object', async () => {
    const methods = 'onRequest() {} onResponse() {}'
    const declared: Readonly<Record<string, string>> = {
      class: `export class Plugin { static publicConfig = ['realm']; ${methods} }`,
      object: `export const Plugin = { publicConfig: ['realm'], onRequest() {}, onResponse() {} }`,
      none: `export class Plugin { ${methods} }`,
      text: `export class Plugin { static publicConfig = 'realm'; ${methods} }`,
      mixed: `export class Plugin { static publicConfig = ['realm', 7]; ${methods} }`,
      many: `export class Plugin { static publicConfig = Array(65).fill('a'); ${methods} }`,
    }
    for (const [name, text] of Object.entries(declared)) {
      const [fact] = (await loadFolder({ 'p.mjs': text })).facts
      const isUnderstood = name === 'class' || name === 'object'
      expect([name, fact?.publicConfig]).toEqual([name, isUnderstood ? ['realm'] : undefined])
    }
  })

  it('takes the files that are named like plugins and leaves all others alone', async () => {
    const others = {
      'README.md': '',
      '_shared.mjs': 'throw 1',
      '.hidden.js': 'throw 1',
      'a b.mjs': 'throw 1',
      'x.ts': '',
    }
    await using folder = await loadFolder({ 'one.mjs': GOOD, 'two.js': GOOD, ...others })
    expect(folder.facts).toEqual([
      { name: 'one', file: 'one.mjs', methods: ['onRequest', 'onResponse'] },
      { name: 'two', file: 'two.js', methods: ['onRequest', 'onResponse'] },
    ])
    expect(folder.log.messages('info')).toEqual(['plugin one.mjs is loaded', 'plugin two.js is loaded'])
  })

  it('says so where it holds no plugin file', async () => {
    await using folder = await loadFolder({ 'README.md': '' })
    expect(folder.log.messages('warn')).toEqual(['plugins.location holds no plugin file'])
  })

  it('gives every reading of a file name, so that the ApiProxy decides which one is meant', async () => {
    await using folder = await loadFolder({ 'my_plugin_1.0.0.mjs': GOOD })
    expect(folder.facts.map(({ name, version }) => ({ name, version }))).toEqual([
      { name: 'my_plugin', version: '1.0.0' },
      { name: 'my_plugin_1.0.0', version: undefined },
      { name: 'my', version: 'plugin_1.0.0' },
    ])
  })

  it('takes the .mjs of two files that have the same name, and says which it left', async () => {
    await using folder = await loadFolder({ 'same.js': 'throw 1', 'same.mjs': GOOD })
    expect(onlyFact(folder)).toMatchObject({ file: 'same.mjs' })
    expect(folder.log.messages('warn')).toEqual([
      'plugin file same.js is not loaded: same.mjs has the same name',
    ])
  })

  it('keeps the names of the built-in plugins for them, in any case', async () => {
    await using folder = await loadFolder({ 'ApiKey.mjs': GOOD, 'jwt_1.0.mjs': GOOD })
    expect(folder.facts).toHaveLength(3)
    for (const fact of folder.facts) expect(fact.failure?.reason).toBe('plugin_load_failed')
    expect(folder.facts[0]?.failure?.detail).toContain('the name ApiKey belongs to a built-in plugin')
  })
})

describe('a plugin file', () => {
  it.each([
    ['throws at its top level', 'throw new RangeError("no\\nluck")', 'RangeError: no\\u000aluck'],
    ['throws null', 'throw null', 'a value that is no Error: null'],
    ['does not parse', 'export const Plugin = {', 'its import failed: '],
    ['imports what is not there', 'import "./missing.mjs"', 'missing.mjs'],
    [
      'has a class whose constructor throws',
      'export class Plugin { constructor() { throw new Error("no") } }',
      'no',
    ],
    ['exports a function that is no class', 'export const Plugin = () => ({})', 'TypeError'],
    ['has a method that cannot be read', 'export const Plugin = { get onRequest() { throw 7 } }', '7'],
  ])('that %s is plugin_load_failed', async (_, source, detail) => {
    await using folder = await loadFolder({ 'bad.mjs': source, 'good.mjs': GOOD })
    const [bad, good] = folder.facts
    expect(bad?.failure?.reason).toBe('plugin_load_failed')
    expect(bad?.failure?.detail).toContain(detail)
    expect(bad?.failure?.detail).not.toContain('\n')
    expect(good).not.toHaveProperty('failure')
  })

  it('whose import never settles is plugin_load_failed after the deadline', async () => {
    await using folder = await loadFolder(
      { 'bad.mjs': 'await new Promise(() => {})' },
      { loadDeadlineMs: 20 },
    )
    expect(onlyFact(folder).failure).toEqual({
      reason: 'plugin_load_failed',
      detail: 'its import did not settle within 20 ms',
    })
    expect(folder.log.messages('error')).toEqual([
      'plugin bad.mjs cannot be used: its import did not settle within 20 ms',
    ])
  })

  it('without an export of the name Plugin is plugin_export_missing, and the detail lists its exports', async () => {
    await using folder = await loadFolder({
      'a.mjs': 'export default {}; export const plugin = 1',
      'b.mjs': '',
    })
    expect(folder.facts.map((fact) => fact.failure)).toEqual([
      { reason: 'plugin_export_missing', detail: 'the module exports default, plugin, but not Plugin' },
      { reason: 'plugin_export_missing', detail: 'the module has no exports' },
    ])
  })

  it.each([
    ['{ onRequest() {} }', 'Plugin lacks the method onResponse', ['onRequest']],
    ['{ onResponse() {}, onRequest: 1 }', 'Plugin lacks the method onRequest', ['onResponse']],
    ['class { static onRequest() {} }', 'Plugin lacks the methods onRequest and onResponse', []],
    ['null', 'Plugin is null, neither an object nor a class', []],
    ['"text"', 'Plugin is of type string, neither an object nor a class', []],
  ])('that exports %s is plugin_interface_incomplete', async (exported, detail, methods) => {
    await using folder = await loadFolder({ 'bad.mjs': `export const Plugin = ${exported}` })
    expect(onlyFact(folder)).toMatchObject({
      methods,
      failure: { reason: 'plugin_interface_incomplete', detail },
    })
  })

  it('may export a class, of which one instance is made', async () => {
    const source = 'export class Plugin { onRequest() {} onResponse() {} }'
    await using folder = await loadFolder({ 'good.mjs': source })
    expect(onlyFact(folder)).toEqual({ name: 'good', file: 'good.mjs', methods: ['onRequest', 'onResponse'] })
  })

  it('may be a link inside the folder, as in a mounted ConfigMap, but not one that leads out of it', async () => {
    await using outside = await tempFolder('outside')
    await using folder = await tempFolder('plugins')
    await folder.write('..2026/inside.mjs', GOOD)
    await symlink('..2026', path.join(folder.path, '..data'))
    await symlink('..data/inside.mjs', path.join(folder.path, 'inside.mjs'))
    await symlink(await outside.write('out.mjs', GOOD), path.join(folder.path, 'out.mjs'))
    await symlink('nowhere', path.join(folder.path, 'broken.mjs'))
    await mkdir(path.join(folder.path, 'folder.mjs'))
    const loaded = await loadPlugins(folder.path, pluginOptions(new KeptLog()))
    if ('problem' in loaded) throw new Error(loaded.problem)
    await loaded.host.stop()
    const failures = Object.fromEntries(loaded.facts.map(({ file, failure }) => [file, failure?.detail]))
    expect(failures).toEqual({
      'broken.mjs': expect.stringMatching(/^it cannot be opened: .*ENOENT/),
      'folder.mjs': 'it is not a regular file',
      'inside.mjs': undefined,
      'out.mjs': 'it is a link that leads out of plugins.location',
    })
  })
})
