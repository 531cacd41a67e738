// What the name of a plugin file says.

import { assert, property, stringMatching } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isReservedName, pluginFile } from '../../src/plugins/plugin-file.ts'

function readings(file: string): string[] | undefined {
  return pluginFile(file)?.readings.map(({ name, version }) =>
    version === undefined ? name : `${name} @ ${version}`,
  )
}

describe('the name of a plugin file', () => {
  it.each([
    ['plain.mjs', ['plain']],
    ['my_plugin.mjs', ['my_plugin', 'my @ plugin']],
    ['my_plugin_1.0.0.js', ['my_plugin @ 1.0.0', 'my_plugin_1.0.0', 'my @ plugin_1.0.0']],
    ['p_v2.mjs', ['p @ v2', 'p_v2']],
    ['p_beta.mjs', ['p_beta', 'p @ beta']],
    ['p_1.0_2.mjs', ['p_1.0 @ 2', 'p @ 1.0_2', 'p_1.0_2']],
    ['p__1.mjs', ['p_ @ 1', 'p__1']],
    ['p_.mjs', ['p_']],
    ['1.mjs', ['1']],
  ])('%s is read as %j', (file, expected) => {
    expect(readings(file)).toEqual(expected)
  })

  it.each(['_shared.mjs', '.p.mjs', '..mjs', 'p.ts', 'p', '.mjs', 'p q.mjs', 'p\n.mjs', 'é.mjs', '../p.mjs'])(
    '%j is no plugin',
    (file) => {
      expect(pluginFile(file)).toBeUndefined()
    },
  )

  it('is found by exactly the name and version that it is made of', () => {
    const name = stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,12}$/)
    const version = stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,8}$/)
    assert(
      property(name, version, (name, version) => {
        expect(pluginFile(`${name}_${version}.mjs`)?.readings).toContainEqual({ name, version })
        for (const reading of pluginFile(`${name}_${version}.mjs`)?.readings ?? []) {
          const stem = reading.version === undefined ? reading.name : `${reading.name}_${reading.version}`
          expect(stem).toBe(`${name}_${version}`)
        }
      }),
    )
  })

  it('of a built-in plugin is reserved in any case', () => {
    expect(['apikey', 'apiKey', 'JWT'].every(isReservedName)).toBe(true)
    expect(isReservedName('apikeys')).toBe(false)
  })
})
